"""The address in front of the API servers dead, and all of them alive."""

from datetime import UTC, datetime
from random import Random

from lab import gateway
from lab.faults import leaders, wellbeing
from lab.faults.fault import Fault, Victims
from lab.faults.waiting import until
from lab.handle import Lab
from lab.settings import VIP_PORT

NAME = "vip-down"
NODE_LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
# A node's Lease lasts 40 seconds, and whoever judges it allows for clocks that differ a little.
SILENT_SECONDS = 46.0


def choose(lab: Lab, random: Random) -> dict[str, str]:
    """The address, and the master whose API server is to be gone through instead."""
    return {"vip": f"{lab.settings.vip}:{VIP_PORT}", "through": random.choice(lab.masters)}


def inject(lab: Lab, victims: Victims) -> None:
    """Stop the load balancer, and wait until the silence of all who go that way is noticed."""
    lab.stop(gateway.NAME, gateway.VIP_PROXY)
    until(lambda: _all_silent(lab, victims["through"]), "no kubelet is heard of any more")


def heal(lab: Lab, _victims: Victims) -> None:
    """Start it, and with it those that ended when they could not renew their Leases, as systemd would."""
    lab.start(gateway.NAME, gateway.VIP_PROXY)
    until(lab.api().ready, "an API server is ready behind the VIP")
    for component in (leaders.CONTROLLER_MANAGER, leaders.SCHEDULER):
        leaders.start(lab, component)
    wellbeing.until_well(lab)
    wellbeing.until_kubelets_follow(lab)


def _all_silent(lab: Lab, through: str) -> bool:
    leases = (lab.api(through).get(NODE_LEASES) or {"items": []})["items"]
    now = datetime.now(UTC)
    ages = [(now - datetime.fromisoformat(one["spec"]["renewTime"])).total_seconds() for one in leases]
    return bool(ages) and min(ages) > SILENT_SECONDS


FAULT = Fault(
    name=NAME,
    breaks="The load balancer that carries the VIP is stopped; every API server lives.",
    choose=choose,
    inject=inject,
    heal=heal,
    causes=("vip-down",),
    blames=("Address/{vip}",),
    red=(
        "controlplane.vip_reachable@node:*",
        "certs.front_certificate@node:*",
        # All kubelets, schedulers and controller-managers go that way: nothing new comes about.
        "controlplane.node_lease_fresh@api:*",
        "controlplane.leaders_at_work@api",
        "certs.new_node_gets_certificate",
        "certs.root_ca_everywhere@api",
        "network.probe_pod_runs",
        "network.deployment_becomes_ready",
        # A kubelet asks there whether metrics-server may read from it.
        "addons.node_has_metrics@api:*",
        "addons.node_metrics_fresh@api:*",
        "addons.pods_have_metrics@api",
    ),
)
