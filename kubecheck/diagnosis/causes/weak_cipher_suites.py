"""Kubelets take part in weak cipher suites."""

from collections.abc import Iterator

from kubecheck.diagnosis.alike import blamed, named
from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence, at_nodes
from kubecheck.wording import listed

REFUSE = ("certs.kubelet_refuses_weak_suites", "certs.kubelet_suites_configured")
ACCEPT = "certs.kubelet_accepts_promised_suite"


@cause(
    title="Kubelets accept other cipher suites than promised",
    confirm=(
        "openssl s_client -connect {node}:10250 -tls1_2 -cipher AES128-SHA </dev/null | grep Cipher",
        "kubectl get --raw /api/v1/nodes/{node}/proxy/configz | grep -o 'tlsCipherSuites[^]]*'",
    ),
    remedy=(
        "on {nodes}, in the kubelet's configuration: tlsCipherSuites: [{suites}], or --tls-cipher-suites in its unit",
        "on {nodes}: systemctl daemon-reload; systemctl restart kubelet",
        "a kubelet that accepts none of the promised suites has an elliptic serving key: promise ECDSA suites too",
    ),
    source="https://kubernetes.io/docs/reference/command-line-tools-reference/kubelet/",
)
def weak_cipher_suites(evidence: Evidence) -> Iterator[Finding]:
    """A kubelet accepts suites that policy does not list, or none of those that it lists.

    It was started without tlsCipherSuites, or with others.
    """
    more = evidence.find(*REFUSE, failed=True)
    none = evidence.find(ACCEPT, failed=True)
    suites = ", ".join(evidence.policy.certificates.kubelet_tls_cipher_suites)
    for failed, what in (
        (more, "accept other cipher suites than promised"),
        (none, "accept none of the promised"),
    ):
        if failed:
            nodes = at_nodes(failed)
            yield Finding(
                says=f"the kubelets of {named(nodes)} {what}",
                blames=blamed(failed),
                explains=failed,
                confidence=Confidence.CERTAIN,
                names={"node": nodes[0], "nodes": listed(nodes), "suites": suites},
                confirmed=tuple(sorted(s.message for s in failed))[:2],
            )
