"""Kubelets are not configured, or not started, as promised."""

from collections.abc import Iterator

from kubecheck.diagnosis.alike import alike, blamed, named
from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence, at_nodes
from kubecheck.wording import listed

CHECKS = ("nodes.kubelet_configuration", "nodes.kubelet_flags", "nodes.misspelt_field")


@cause(
    title="Kubelets are not configured as promised",
    confirm=(
        "kubectl get --raw /api/v1/nodes/{node}/proxy/configz",
        "on {node}: tr '\\0' '\\n' </proc/$(pidof kubelet)/cmdline",
    ),
    remedy=(
        "on {nodes}: set what is named above in the file that the kubelet's --config names (kubeadm: /var/lib/kubelet/config.yaml), or in its unit: systemctl cat kubelet",
        "on {nodes}: systemctl daemon-reload; systemctl restart kubelet",
        "or the promise is another: kubelet.expect and kubelet.flags in kubecheck's policy",
    ),
    source="https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/",
)
def kubelet_configuration(evidence: Evidence) -> Iterator[Finding]:
    """Fields or flags of kubelets have other values than policy names.

    All nodes alike is a promise that was never kept, or a setting that the version no longer has; one
    node alone is a change by hand.
    """
    for message, symptoms in alike(evidence.find(*CHECKS, failed=True)):
        nodes = at_nodes(symptoms)
        yield Finding(
            says=message
            if len(nodes) == 1
            else f"the kubelets of {named(nodes)}: {message.partition(': ')[2]}",
            blames=blamed(symptoms),
            explains=symptoms,
            confidence=Confidence.CERTAIN,
            names={"node": nodes[0], "nodes": listed(nodes)},
            confirmed=(message,),
        )
