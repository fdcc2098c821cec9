"""Large transfers: data in full packets crosses the network, not only handshakes and short answers."""

from collections.abc import Mapping

from kubecheck.checks import (
    HTTP_PORT,
    LARGE,
    LARGE_PATH,
    NODES,
    PODS,
    CannotTell,
    Download,
    DownloadAnswer,
    Site,
    check,
    for_each,
)

COMPARE_MTU = (
    "on both nodes: ip -d link, and compare the MTU of pods' devices, overlay and the network below it",
    "an overlay's MTU is smaller: by 50 for VXLAN, 60 for WireGuard (80 over IPv6), 20 for IP in IP",
    "from the node: ping -M do -s 1422 OTHER-NODE, and smaller, to find what passes",
    "on the way: look for a firewall that drops ICMP 'fragmentation needed'",
)


def large_of_pods(here: Site) -> dict[str, Download | CannotTell]:
    """The large file from the probe pod of every node that this one asks."""
    return here.pods_to_ask(lambda address: Download(address, HTTP_PORT, LARGE_PATH, LARGE))


@check(
    title="Large transfers from a pod on every node arrive whole",
    at=NODES | PODS,
    asks=large_of_pods,
    runbook=("R13",),
    remedy=COMPARE_MTU,
)
def test_large_transfer(answers: Mapping[str, DownloadAnswer | CannotTell]) -> None:
    """128 KiB from the pod on each node arrive, to the last byte.

    With an MTU that is too big for the way, full packets vanish: ping, handshakes and short answers
    pass, and whatever is longer hangs. Each pair of nodes is asked in both directions.
    Source: RFC 2923, section 2.1 (black hole detection).
    """
    for_each(answers, lambda _, answer: answer.must_be_complete())


def large_of_services(here: Site) -> dict[str, Download | CannotTell]:
    """The same through the Service of each of these pods; in a large cluster only some nodes have one."""
    fleet = here.fleet
    # That a pod reaches itself is a check of its own.
    others = [name for name in here.nodes_to_ask() if (here.vantage.kind, here.vantage.node) != ("pod", name)]
    names = {name: f"{fleet.namespace}/{fleet.probe('pod', name).name}" for name in others}
    own = {name: service for name, service in names.items() if service in {*fleet.services, *fleet.refused}}
    asked: dict[str, Download | CannotTell] = {}
    for name, service in (own or {"any node": f"{fleet.namespace}/probe"}).items():
        problem = fleet.probe("pod", name).problem if own else ""
        if problem:
            asked[name] = CannotTell(f"its probe pod does not run: {problem}")
        else:
            asked[name] = Download(fleet.service(service), 80, LARGE_PATH, LARGE, settles=True)
    return asked


@check(
    title="Large transfers through a Service in front of each pod arrive whole",
    at=NODES | PODS,
    asks=large_of_services,
    runbook=("R13",),
    remedy=COMPARE_MTU,
)
def test_large_transfer_through_service(answers: Mapping[str, DownloadAnswer | CannotTell]) -> None:
    """128 KiB from the pod on each node arrive through a ClusterIP of this run, to the last byte.

    Translation of addresses may cost a packet's room, or lose the ICMP errors that tell its size.
    Source: RFC 2923, section 2.1 (black hole detection).
    """
    for_each(answers, lambda _, answer: answer.must_be_complete())
