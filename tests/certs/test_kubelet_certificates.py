"""The kubelets' own certificates."""

from kubecheck.checks import EACH_NODE, CannotTell, Facts, Node, Policy, check

DAY = 86400.0


@check(
    title="Each kubelet's client certificate is valid for as long as promised",
    at=EACH_NODE,
    runbook=("R24",),
    remedy=(
        "on the node: openssl x509 -noout -dates -in /var/lib/kubelet/pki/kubelet-client-current.pem",
        "check --cluster-signing-duration of the controller-manager and the end of the CA that signs",
        "to renew: delete the kubelet's kubeconfig and client certificate, and restart it to bootstrap anew",
    ),
)
def test_kubelet_client_certificate(facts: Facts, node: Node, policy: Policy) -> None:
    """What is left of the certificate's life, as the kubelet itself reports it, is what policy asks.

    When it ends and is not renewed, the node drops out of the cluster. A signer cuts a certificate
    to the end of its CA.
    Source: the metric kubelet_certificate_manager_client_ttl_seconds;
    https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/
    """
    left = facts.kubelets[node.name].value.client_certificate_seconds
    if left is None or abs(left) > 1e15:
        raise CannotTell(f"the kubelet of {node.name} does not report the end of its client certificate")
    days, wanted = left / DAY, policy.certificates.kubelet_client_min_days
    assert days >= wanted, (
        f"the kubelet of {node.name} has a client certificate for {days:.1f} more days, expected are {wanted}"
    )
