"""Kubelets: their effective configuration, as each of them says itself."""

from collections.abc import Mapping

from kubecheck.checks import (
    EACH_NODE,
    KUBECTL,
    NODES,
    AnonymousGet,
    CannotTell,
    Facts,
    Node,
    NotApplicable,
    Policy,
    RequestAnswer,
    Site,
    TcpAnswer,
    TcpConnect,
    check,
    deviations,
    drift,
    for_each,
)

READ_ONLY_PORT = 10255

LOOK = (
    "kubectl get --raw /api/v1/nodes/NODE/proxy/configz",
    "on the node: look into the kubelet's --config file, and restart the kubelet after a change",
)


@check(
    title="Each kubelet's effective configuration is as promised",
    at=EACH_NODE,
    runbook=("R19",),
    remedy=(
        *LOOK,
        "if the file says so and configz does not, the field is misspelt, or a flag overrides it",
        "rotateServerCertificates is no field: it is serverTLSBootstrap, or --rotate-server-certificates",
    ),
)
def test_kubelet_configuration(facts: Facts, node: Node, policy: Policy) -> None:
    """Every field that policy names has the value that policy names, in what the kubelet really runs with.

    Source: https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/
    """
    expected = policy.kubelet.expect
    if not expected:
        raise NotApplicable("policy demands nothing of the kubelets' configuration (kubelet.expect)")
    found = deviations(facts.kubelets[node.name].value.config, expected)
    assert not found, f"the kubelet of {node.name}: {'; '.join(found)}"


@check(
    title="No kubelet's configuration drifts from the others",
    at=EACH_NODE,
    runbook=("R19",),
    remedy=(
        *LOOK,
        "fields that are meant to differ between nodes belong into policy, kubelet.may_differ",
    ),
)
def test_kubelet_drift(facts: Facts, node: Node, policy: Policy) -> None:
    """The node's kubelet agrees with most kubelets of its version, except where they may differ.

    A node that was changed by hand, or missed a change, behaves differently from all others when it
    matters. Where there is no majority, all are told.
    Source: https://kubernetes.io/docs/tasks/administer-cluster/kubelet-config-file/
    """
    if not policy.kubelet.drift:
        raise NotApplicable("policy lets the kubelets differ (kubelet.drift)")
    own = facts.kubelets[node.name].value.config
    alike = {
        other.name: facts.kubelets[other.name].found
        for other in facts.nodes
        if other.kubelet_version == node.kubelet_version and other.os == node.os
    }
    configs = {name: kubelet.config for name, kubelet in alike.items() if kubelet} | {node.name: own}
    if len(configs) < 2:
        raise NotApplicable(f"no other kubelet of version {node.kubelet_version} was read to compare with")
    found = [field for field in drift(configs, policy.kubelet.may_differ) if node.name in field.blamed]
    told = "; ".join(field.told(node.name) for field in found)
    assert not found, f"the kubelet of {node.name} differs from others of {node.kubelet_version}: {told}"


@check(
    title="Each kubelet lets in nobody without credentials",
    at=EACH_NODE,
    remedy=(
        *LOOK,
        "set authentication.anonymous.enabled: false, authorization.mode: Webhook, readOnlyPort: 0",
    ),
)
def test_kubelet_asks_for_credentials(facts: Facts, node: Node) -> None:
    """Anonymous requests are off, requests are authorized by the API server, the read-only port is closed.

    Whoever reaches an open kubelet reads all pods of the node, and runs commands in them.
    Source: https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/
    """
    config = facts.kubelets[node.name].value.config
    wrong = deviations(
        config,
        {
            "authentication": {"anonymous": {"enabled": False}},
            "authorization": {"mode": "Webhook"},
            "readOnlyPort": 0,
        },
    )
    assert not wrong, f"the kubelet of {node.name}: {'; '.join(wrong)}"


def anonymous_get(here: Site) -> AnonymousGet:
    """The node's kubelet, asked for its pods from a pod on the node."""
    probe, node = here.probe, here.node
    probe.must_run()
    return AnonymousGet(probe.namespace, probe.name, node.address, node.kubelet_port, "/pods")


@check(
    title="No pod gets anything from its node's kubelet without credentials",
    at=KUBECTL,
    asks=anonymous_get,
    remedy=(
        *LOOK,
        "set authentication.anonymous.enabled: false and authorization.mode: Webhook",
    ),
)
def test_kubelet_refuses_anonymous(answer: RequestAnswer) -> None:
    """A real request from a pod, with no credentials, is answered 401 or 403.

    Source: https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/
    """
    answer.must_be_refused()


def read_only_ports(here: Site) -> dict[str, TcpConnect | CannotTell]:
    """The port on every node, at its address of each family."""
    return here.node_addresses_to_ask(lambda address, _: TcpConnect(address, READ_ONLY_PORT))


@check(
    title="No node's read-only kubelet port is open",
    at=NODES,
    asks=read_only_ports,
    remedy=(
        *LOOK,
        "set readOnlyPort: 0; on the node, see who listens there: ss -ltnp sport = :10255",
    ),
)
def test_read_only_port_closed(answers: Mapping[str, TcpAnswer | CannotTell]) -> None:
    """Nothing accepts connections on 10255, where a kubelet would show its pods to whoever asks.

    Source: https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/, readOnlyPort
    """
    for_each(answers, lambda _, answer: answer.must(not answer.connected, "no connection"))
