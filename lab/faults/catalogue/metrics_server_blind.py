"""metrics-server cannot reach one node's kubelet; everybody else can."""

from lab.faults import addons, objects, rules, victims, wellbeing
from lab.faults.fault import Fault, Victims
from lab.faults.waiting import until
from lab.handle import Lab

NAME = "metrics-server-blind"


def inject(lab: Lab, its: Victims) -> None:
    """Drop what metrics-server's pods send to the kubelet, before it gets another source address."""
    address = str(lab.address_of(its["node"]))
    for pod in objects.read(lab, addons.METRICS_PODS)["items"]:
        rule = ("-s", pod["status"]["podIP"], "-d", address, "-p", "tcp", "--dport", "10250", "-j", "DROP")
        rules.put(lab, NAME, pod["spec"]["nodeName"], "raw", "PREROUTING", *rule)
    until(lambda: its["node"] not in wellbeing.measured(lab), f"metrics-server has lost {its['node']}")


def heal(lab: Lab, _victims: Victims) -> None:
    """Let it through again."""
    rules.take_out(lab, NAME)
    addons.until_measured(lab)


FAULT = Fault(
    name=NAME,
    breaks="A firewall between metrics-server and one node drops what it sends to the kubelet.",
    choose=victims.any_node,
    inject=inject,
    heal=heal,
    causes=("metrics-not-scraped",),
    blames=("Node/{node}",),
    red=("addons.node_has_metrics@api:{node}", "addons.pods_have_metrics@api"),
)
