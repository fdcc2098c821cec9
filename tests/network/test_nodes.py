"""Nodes are reached: from every other node, and from pods, over TCP and by ping."""

from collections.abc import Mapping

from kubecheck.checks import (
    NODES,
    PODS,
    CannotTell,
    CountLost,
    Facts,
    LossAnswer,
    NotApplicable,
    Ping,
    PingAnswer,
    Policy,
    Site,
    TcpAnswer,
    TcpConnect,
    check,
    for_each,
)

FIND_THE_WAY = (
    "on both nodes: ip route get ADDRESS; ip neigh, and while asking again: tcpdump -ni any host ADDRESS",
    "on the node that is asked: iptables-save | grep -iE 'drop|reject', or nft list ruleset",
)


def kubelets(here: Site) -> dict[str, TcpConnect | CannotTell]:
    """The kubelet's port of every node that this one asks: it is open on all of them."""
    return here.node_addresses_to_ask(lambda address, node: TcpConnect(address, node.kubelet_port))


def pings(here: Site) -> dict[str, Ping | CannotTell]:
    """A ping to every node that this one asks, where the policy wants nodes to answer."""
    if not here.policy.network.ping:
        raise NotApplicable("the policy does not ask for ping (network.ping); TCP is judged in any case")
    return here.node_addresses_to_ask(lambda address, _: Ping(address))


def must_be_reached(name: str, answer: TcpAnswer, facts: Facts) -> None:
    """The connection stands; where the kubelet is known to be away, the kernel's refusal is enough."""
    node = facts.node(name.partition(" ")[0])
    if not node.ready and answer.got == "connection refused":
        return
    answer.must_connect()


def must_reply(answer: PingAnswer) -> None:
    """A reply came, or this pod may not ask."""
    if not answer.permitted:
        raise NotApplicable(f"{answer.told('an ICMP echo reply')}; this pod may not ping, so TCP decides")
    answer.must_reply()


@check(
    title="Every node reaches every node over TCP",
    at=NODES,
    asks=kubelets,
    runbook=("R11",),
    remedy=FIND_THE_WAY,
)
def test_node_to_node(answers: Mapping[str, TcpAnswer | CannotTell], facts: Facts) -> None:
    """From the node itself, each node's address accepts connections on the kubelet's port.

    Overlays, kube-proxy's NodePorts and metrics collectors go from node to node.
    Source: https://kubernetes.io/docs/reference/networking/ports-and-protocols/
    """
    for_each(answers, lambda name, answer: must_be_reached(name, answer, facts))


@check(
    title="Every node answers the ping of every node",
    at=NODES,
    asks=pings,
    runbook=("R11",),
    remedy=("on the node that is asked: sysctl net.ipv4.icmp_echo_ignore_all", *FIND_THE_WAY),
)
def test_node_to_node_by_ping(answers: Mapping[str, PingAnswer | CannotTell]) -> None:
    """From the node itself, each node's address answers an ICMP echo request.

    Source: RFC 1122, section 3.2.2.6: every host must answer.
    """
    for_each(answers, lambda _, answer: must_reply(answer))


def many_pings(here: Site) -> dict[str, CountLost | CannotTell]:
    """Many pings to every other node that this one asks, where the policy wants nodes to answer."""
    if not here.policy.network.ping:
        raise NotApplicable("the policy does not ask for ping (network.ping), by which loss is counted")
    asked = here.node_addresses_to_ask(lambda address, _: CountLost(address))
    others = {name: what for name, what in asked.items() if name.split()[0] != here.vantage.node}
    if not others:
        raise NotApplicable("there is no other node")
    return others


def must_lose_few(answer: LossAnswer, policy: Policy) -> None:
    """The loss is within policy; where no answer comes at all, the check of pings says so."""
    if not answer.permitted or not answer.supported:
        raise NotApplicable(f"{answer.told('replies')}; this busybox cannot count loss")
    if answer.sent and not answer.received:
        raise NotApplicable(f"{answer.told('replies')}; network.node_to_node_by_ping judges that")
    answer.must_lose_at_most(policy.network.max_loss_percent)


@check(
    title="Hardly a packet between nodes is lost",
    at=NODES,
    asks=many_pings,
    runbook=("R11",),
    remedy=(
        "on both nodes: ip -s link, and ethtool -S DEVICE: errors, drops and overruns that grow",
        "on both nodes: nstat -az | grep -i -e drop -e retrans; tc -s qdisc",
        "replace the cable, port or card; look at the switch's counters",
    ),
)
def test_no_packet_loss(answers: Mapping[str, LossAnswer | CannotTell], policy: Policy) -> None:
    """Of thirty echo requests to each other node no more are lost than policy allows.

    TCP hides loss as slowness; name lookups, which mostly go over UDP, wait five seconds for each packet.
    Source: resolv.conf(5), option timeout.
    """
    for_each(answers, lambda _, answer: must_lose_few(answer, policy))


@check(
    title="Every pod reaches every node over TCP",
    at=PODS,
    asks=kubelets,
    runbook=("R12",),
    remedy=(
        "on the pod's node: iptables-save -t nat | grep -i masquerade, or nft list ruleset | grep masq",
        *FIND_THE_WAY,
    ),
)
def test_pod_to_node(answers: Mapping[str, TcpAnswer | CannotTell], facts: Facts) -> None:
    """From a pod on each node, each node's address accepts connections on the kubelet's port.

    metrics-server asks kubelets from a pod, and monitoring asks what runs on the nodes.
    Source: https://kubernetes.io/docs/concepts/services-networking/#the-kubernetes-network-model
    """
    for_each(answers, lambda name, answer: must_be_reached(name, answer, facts))


@check(
    title="Every node answers the ping of every pod",
    at=PODS,
    asks=pings,
    runbook=("R12",),
    remedy=("on the node that is asked: sysctl net.ipv4.icmp_echo_ignore_all", *FIND_THE_WAY),
)
def test_pod_to_node_by_ping(answers: Mapping[str, PingAnswer | CannotTell]) -> None:
    """From a pod on each node, each node's address answers an ICMP echo request.

    Source: RFC 1122, section 3.2.2.6: every host must answer.
    """
    for_each(answers, lambda _, answer: must_reply(answer))
