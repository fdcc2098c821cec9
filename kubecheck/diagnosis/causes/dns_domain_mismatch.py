"""CoreDNS serves another domain than all kubelets hand out."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.diagnosis.traffic import LOOKUPS, OUTSIDE, REPLICAS


@cause(
    title="CoreDNS serves another domain than the kubelets hand out",
    confirm=(
        "kubectl -n kube-system get configmap coredns -o yaml, and look at the line kubernetes DOMAIN",
        "kubectl get --raw /api/v1/nodes/NODE/proxy/configz, and look at clusterDomain",
    ),
    remedy=(
        "kubectl -n {namespace} edit configmap coredns: let the kubernetes plugin serve {domain}",
        "kubectl -n {namespace} rollout restart deployment coredns",
    ),
    source="https://coredns.io/plugins/kubernetes/",
)
def dns_domain_mismatch(evidence: Evidence) -> Iterator[Finding]:
    """Pods look up SERVICE.NAMESPACE.svc.DOMAIN with the domain that their kubelet wrote into resolv.conf.

    CoreDNS knows nothing of that domain and says so, or asks the servers above it, which do not know
    either: no Service is found by its name, on any node.
    """
    failing = set(evidence.nodes_failing("dns.domain_is_served", "api"))
    setup, domain = evidence.facts.dns_setup.found, evidence.facts.dns_domain.found
    zones = (setup.zones.found if setup else None) or ()
    # One kubelet that differs from the others is another cause.
    if not failing or evidence.nodes_passing("dns.domain_is_served", "api") or not domain:
        return
    namespace = evidence.policy.dns.service.partition("/")[0]
    served = ", ".join(zone for zone in zones if not zone.endswith(".arpa")) or "no domain"
    yield Finding(
        says=f"ConfigMap {namespace}/coredns has CoreDNS serve {served}, and the kubelets hand out {domain}",
        blames=(f"ConfigMap/{namespace}/coredns",),
        explains=evidence.find(*LOOKUPS, *REPLICAS, "dns.domain_is_served") - evidence.find(OUTSIDE),
        confidence=Confidence.CERTAIN,
        names={"namespace": namespace, "domain": domain},
        confirmed=(f"the Corefile gives the kubernetes plugin {', '.join(zones) or 'no zone'}",),
    )
