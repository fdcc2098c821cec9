"""The cipher suites that kubelets take part in."""

from kubecheck.checks import (
    EACH_NODE,
    NODES,
    TLS13,
    CannotTell,
    Facts,
    Node,
    NotApplicable,
    Policy,
    Site,
    TlsAnswer,
    TlsHello,
    canonical,
    check,
    known_suite,
    weak_suites,
)

SET_THEM = (
    "on the node: set tlsCipherSuites in the kubelet's configuration file, and restart the kubelet",
    "kubectl get --raw /api/v1/nodes/NODE/proxy/configz",
)


def promised(policy: Policy) -> tuple[str, ...]:
    """The suites of TLS 1.2 that policy lists. Raises NotApplicable without a list, CannotTell for others."""
    named = policy.certificates.kubelet_tls_cipher_suites
    if not named:
        raise NotApplicable("policy lists no suites (certificates.kubelet_tls_cipher_suites)")
    unknown = [name for name in named if not known_suite(name) and name not in TLS13]
    if unknown:
        raise CannotTell(
            f"policy's certificates.kubelet_tls_cipher_suites names {', '.join(unknown)}, which is no"
            " suite of TLS 1.2: the names are the IANA's"
        )
    # Go does not let anybody choose those of TLS 1.3, so nothing can be promised of them.
    wanted = tuple(name for name in named if name not in TLS13)
    if not wanted:
        raise CannotTell(
            "policy's certificates.kubelet_tls_cipher_suites names suites of TLS 1.3 alone, which no kubelet"
            " can turn off: those of TLS 1.2 are wanted"
        )
    return wanted


def weak_hello(here: Site) -> TlsHello:
    """To the kubelet of this node, with weak suites alone."""
    offered = weak_suites(besides=promised(here.policy))
    if not offered:
        raise NotApplicable("policy allows every weak suite")
    return TlsHello(here.node.address, here.node.kubelet_port, offered)


@check(
    title="Each kubelet refuses weak cipher suites",
    at=NODES,
    asks=weak_hello,
    runbook=("R17",),
    remedy=SET_THEM,
)
def test_kubelet_refuses_weak_suites(answer: TlsAnswer) -> None:
    """A handshake that offers only suites without forward secrecy or authenticated encryption is refused.

    It is a real handshake with the kubelet that runs: a configuration file that nobody has read
    yet does not count. TLS 1.3 has no weak suites, and none of them can be turned off.
    Source: https://kubernetes.io/docs/reference/command-line-tools-reference/kubelet/ (--tls-cipher-suites)
    """
    answer.must_refuse()


@check(
    title="Each kubelet accepts a promised cipher suite",
    at=NODES,
    asks=lambda here: TlsHello(here.node.address, here.node.kubelet_port, promised(here.policy)),
    runbook=("R17",),
    remedy=(
        *SET_THEM,
        "a serving certificate with an elliptic key needs ECDSA suites: see kubelet-server-current.pem",
    ),
)
def test_kubelet_accepts_promised_suite(answer: TlsAnswer) -> None:
    """A handshake that offers what policy lists comes about, so that the refusal of others means something.

    A kubelet that speaks TLS 1.3 only has no use for any of them, and passes.
    Source: https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/ (tlsCipherSuites)
    """
    if answer.alert != "protocol_version":
        answer.must_accept()


@check(
    title="Each kubelet is configured with the promised cipher suites",
    at=EACH_NODE,
    runbook=("R17",),
    remedy=SET_THEM,
)
def test_kubelet_suites_configured(facts: Facts, node: Node, policy: Policy) -> None:
    """The kubelet's effective configuration lists suites, and none of TLS 1.2 that policy does not.

    Those of TLS 1.3 may stand in either list: Go has them on in any case.
    Source: https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/ (tlsCipherSuites)
    """
    wanted = promised(policy)
    found = facts.kubelets[node.name].value.config.get("tlsCipherSuites") or []
    expected = f"expected are {', '.join(wanted)}"
    assert found, (
        f"the kubelet of {node.name} lists no tlsCipherSuites, so it takes Go's defaults; {expected}"
    )
    allowed = TLS13 | set(map(canonical, wanted))
    more = [name for name in found if canonical(name) not in allowed]
    assert not more, f"the kubelet of {node.name} also accepts {', '.join(more)}; {expected}"
