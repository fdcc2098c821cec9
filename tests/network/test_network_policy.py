"""NetworkPolicies, where the policy says that the CNI enforces them."""

from collections.abc import Mapping

from kubecheck.checks import (
    GUARDED_PORT,
    HTTP_PORT,
    PODS,
    CannotTell,
    Denied,
    DeniedAnswer,
    HttpAnswer,
    HttpGet,
    NotApplicable,
    Site,
    check,
    for_each,
)

ALLOWED = " at the allowed port"


def both_ports(here: Site) -> dict[str, Denied | HttpGet | CannotTell]:
    """The forbidden port of every other node's pod, and beside it one that is allowed."""
    if not here.policy.network.network_policy:
        raise NotApplicable(
            "the policy does not say that NetworkPolicies are enforced (network.network_policy)"
        )
    guard = f"{here.fleet.namespace}/guard"
    if guard in here.fleet.refused:
        raise CannotTell(f"NetworkPolicy {guard} could not be made: {here.fleet.refused[guard]}")
    asked: dict[str, Denied | HttpGet | CannotTell] = {}
    asked |= here.pods_to_ask(lambda address: Denied(address, GUARDED_PORT))
    asked |= {
        f"{name}{ALLOWED}": question
        for name, question in here.pods_to_ask(lambda address: HttpGet(address, HTTP_PORT)).items()
    }
    # A pod reaches itself whatever a policy says.
    return {name: question for name, question in asked.items() if name.split()[0] != here.vantage.node}


@check(
    title="A NetworkPolicy made now is enforced",
    at=PODS,
    asks=both_ports,
    remedy=(
        "does the CNI enforce NetworkPolicies? flannel does not; Calico, Cilium and others do",
        "kubectl -n kube-system get pods -o wide, and look at the log of the CNI's pod on the node",
    ),
)
def test_network_policy_is_enforced(
    answers: Mapping[str, DeniedAnswer | HttpAnswer | CannotTell],
) -> None:
    """Pods of other nodes answer at the ports that a NetworkPolicy allows, and at no other.

    A CNI that ignores them accepts every NetworkPolicy in silence. Only pods that answer at an allowed
    port are judged: an address that nobody reaches proves nothing.
    Source: https://kubernetes.io/docs/concepts/services-networking/network-policies/#prerequisites
    """
    if not answers:
        raise NotApplicable("there is no other node whose pod could be asked")
    judged = {
        name: answer
        for name, answer in answers.items()
        if not isinstance(answer, HttpAnswer)
        and isinstance(allowed := answers.get(f"{name}{ALLOWED}"), HttpAnswer)
        and allowed.answered
    }
    if not judged:
        raise CannotTell("no pod of another node answered at an allowed port either; see network.pod_to_pod")
    for_each(judged, lambda _, answer: answer.must_not_connect())
