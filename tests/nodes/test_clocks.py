"""Clocks: the nodes' against each other and against the API server's."""

from collections.abc import Mapping

from kubecheck.checks import (
    FLEET,
    CannotTell,
    ClockAnswer,
    PodClock,
    Policy,
    ServerClock,
    Site,
    check,
    for_each,
    middle,
)

SERVER = "the API server"


def clocks(here: Site) -> dict[str, PodClock | ServerClock | CannotTell]:
    """Every node's clock, and the API server's."""
    asked: dict[str, PodClock | ServerClock | CannotTell] = {SERVER: ServerClock()}
    for probe in here.fleet.pod_probes:
        try:
            probe.must_run()
            asked[probe.node] = PodClock(probe.namespace, probe.name)
        except CannotTell as reason:
            asked[probe.node] = reason
    return asked


@check(
    title="The clocks of all nodes and of the API server agree",
    at=FLEET,
    asks=clocks,
    remedy=(
        "on the node: timedatectl; chronyc tracking",
        "start an NTP service (chrony, systemd-timesyncd) on every node, and point all to the same servers",
    ),
)
def test_clocks_agree(answers: Mapping[str, ClockAnswer | CannotTell], policy: Policy) -> None:
    """No clock is further from the middle of all of them than policy allows.

    A clock that is wrong makes certificates and tokens not yet or no longer valid, lets leases
    run out early, and puts logs out of order; etcd complains from one second on.
    Clocks are read to a second and compared to where kubecheck's own time was meanwhile, so the
    inexactness, a slow exec's time for instance, is counted in the node's favour.
    Source: etcd, rafthttp: "prober found high clock drift"
    """
    read: dict[str, tuple[float, float] | CannotTell] = {}
    for name, answer in answers.items():
        try:
            if isinstance(answer, CannotTell):
                raise answer
            read[name] = answer.offset()
        except CannotTell as reason:
            read[name] = reason
    known = {name: offset for name, offset in read.items() if not isinstance(offset, CannotTell)}
    if len(known) < 2:
        raise CannotTell(f"{len(known)} of {len(read)} clocks could be read: there is nothing to compare")
    reference = middle(known, prefer=SERVER)

    def judge(name: str, offset: tuple[float, float]) -> None:
        ahead, inexact = offset[0] - known[reference][0], offset[1] + known[reference][1]
        assert abs(ahead) - inexact <= policy.nodes.max_clock_skew_seconds, (
            f"the clock of {name} is {abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'} that of"
            f" {reference}, the middle of {len(known)} clocks (read to ±{inexact:.1f} s); allowed are"
            f" {policy.nodes.max_clock_skew_seconds:g} s"
        )

    for_each(read, judge)
