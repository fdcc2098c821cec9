"""CoreDNS may not watch what its answers are made of."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.diagnosis.traffic import LOOKUPS, REPLICAS


@cause(
    title="CoreDNS has lost its rights",
    confirm=(
        "kubectl auth can-i watch endpointslices --as system:serviceaccount:{account}",
        "kubectl -n {namespace} logs -l k8s-app=kube-dns --tail=20, and look for: forbidden",
    ),
    remedy=(
        "kubectl create clusterrolebinding {binding} --clusterrole={binding} --serviceaccount={account}",
        "the ClusterRole is gone too? kubeadm init phase addon coredns, or apply CoreDNS's manifest",
    ),
    source="https://github.com/coredns/deployment/blob/master/kubernetes/coredns.yaml.sed",
)
def dns_without_rights(evidence: Evidence) -> Iterator[Finding]:
    """CoreDNS answers from what it watches at the API server: Services and EndpointSlices.

    Without the right to do so it goes on with what it knew. Old names resolve, new ones do not, pods that
    have moved are looked for where they were; a replica that is started anew never becomes ready.
    """
    lacks = evidence.facts.dns_lacks.found or ()
    deployment = evidence.facts.coredns
    if lacks and deployment:
        account = f"{deployment.namespace}/{deployment.account}"
        yield Finding(
            says=f"ServiceAccount {account} of CoreDNS may not {', '.join(lacks)}: its binding is missing",
            blames=("ClusterRoleBinding/system:coredns",),
            explains=evidence.find(
                *LOOKUPS, *REPLICAS, "dns.dns_may_watch", "dns.dns_replicas_ready", "dns.replicas_spread"
            ),
            confidence=Confidence.CERTAIN,
            names={
                "namespace": deployment.namespace,
                "account": account.replace("/", ":"),
                "binding": "system:coredns",
            },
            confirmed=(f"the authorizer says that {account} may not {', '.join(lacks)}",),
        )
