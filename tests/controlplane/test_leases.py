"""Leases: leaders that lead, and kubelets that report."""

from kubecheck.checks import (
    API,
    CLOCK_MARGIN,
    EACH_NODE,
    CannotTell,
    Facts,
    Lease,
    Node,
    NotApplicable,
    Policy,
    check,
    for_each,
)

LEADERS = ("kube-scheduler", "kube-controller-manager")
CERTAINLY_NOT_READY = 120.0  # seconds without a heartbeat, by any --node-monitor-grace-period in use

LOOK = (
    "kubectl -n kube-system get leases",
    "on the master that held it: journalctl -u COMPONENT --since -10min, or kubectl -n kube-system get pods",
)


def must_be_fresh(facts: Facts, lease: Lease, what: str) -> None:
    """The lease was renewed within its own duration. Raises CannotTell when its holder's clock is ahead."""
    age = facts.leases.value.age(lease)
    if age < -CLOCK_MARGIN:
        raise CannotTell(
            f"{what} ({lease.holder}) was renewed {-age:.0f} s in the API server's future:"
            " their clocks disagree"
        )
    assert lease.holder and age <= lease.seconds + CLOCK_MARGIN, (
        f"{what} (holder {lease.holder or 'none'}) was renewed {age:.0f} s ago, at {lease.renewed};"
        f" expected every few seconds, it lasts {lease.seconds} s; its holder is gone, or its clock is behind"
    )


@check(
    title="The scheduler and the controller-manager have leaders at work",
    at=API,
    runbook=("R22",),
    remedy=LOOK,
)
def test_leaders_at_work(facts: Facts, policy: Policy) -> None:
    """A leader holds each of their Leases and has just renewed it.

    Without a leading scheduler new pods stay Pending; without a controller-manager nothing is replaced,
    approved, given endpoints or a pod CIDR; both look healthy until something changes.
    Source: https://kubernetes.io/docs/concepts/architecture/leases/#leader-election
    """
    leases = facts.leases.value
    if not policy.control_plane.leader_election:
        raise NotApplicable(
            "policy says that they run without leader election (control_plane.leader_election)"
        )

    def judge(name: str, lease: Lease | None) -> None:
        assert lease, (
            f"there is no Lease kube-system/{name}: it has never led, or runs with --leader-elect=false"
        )
        must_be_fresh(facts, lease, f"Lease kube-system/{name}")

    for_each({name: leases.system.get(name) for name in LEADERS}, judge)


@check(
    title="Each kubelet renews its node's Lease",
    at=EACH_NODE,
    runbook=("R20",),
    remedy=(
        "kubectl -n kube-node-lease get leases",
        "on the node: systemctl status kubelet; journalctl -u kubelet",
    ),
)
def test_node_lease_fresh(facts: Facts, node: Node) -> None:
    """The node's heartbeat is younger than its Lease lasts; some 40 s without one make a node NotReady.

    Source: https://kubernetes.io/docs/concepts/architecture/leases/#node-heart-beats
    """
    lease = facts.leases.value.nodes.get(node.name)
    if lease is None:
        raise AssertionError(
            f"there is no Lease kube-node-lease/{node.name}: its kubelet has never reported by one"
        )
    age = facts.leases.value.age(lease)
    if node.ready and age > CERTAINLY_NOT_READY:
        raise CannotTell(
            f"Lease kube-node-lease/{node.name} says it was renewed {age:.0f} s ago, and the node is Ready"
            " all the same: the node's clock is behind the API server's"
        )
    must_be_fresh(facts, lease, f"Lease kube-node-lease/{node.name}")
