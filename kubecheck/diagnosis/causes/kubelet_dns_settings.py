"""A kubelet hands out other DNS settings than it should."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.diagnosis.kubelet_fields import wrong_in

# What goes by a pod's resolv.conf, and what judges it; other lookups name the server that they ask.
BY_SETTINGS = (
    "dns.domain_is_served",
    "dns.kubelet_cluster_dns",
    "dns.no_such_name",
    "dns.pod_resolv_conf",
    "dns.pod_resolves_*",
)


@cause(
    title="A kubelet hands the wrong DNS settings to its pods",
    confirm=(
        "kubectl get --raw /api/v1/nodes/{node}/proxy/configz, and look at clusterDNS and clusterDomain",
        "kubectl -n NAMESPACE exec POD -- cat /etc/resolv.conf, of a pod on {node}",
    ),
    remedy=(
        "on {node}, in the file of the kubelet's --config: clusterDNS: [{dns}], clusterDomain: {domain}",
        "on {node}: systemctl restart kubelet",
        "pods keep the resolv.conf that they started with: restart those that were started on {node} since",
    ),
    source="https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/",
)
def kubelet_dns_settings(evidence: Evidence) -> Iterator[Finding]:
    """The kubelet writes its clusterDNS and clusterDomain into the resolv.conf of every pod that it starts.

    Pods of that node ask a server that is none, or for names that nobody serves, while pods of all other
    nodes work: the same program fails on one node only.
    """
    facts = evidence.facts
    wrong: set[str] = set()
    for check in ("dns.kubelet_cluster_dns", "dns.domain_is_served"):
        if evidence.nodes_passing(check, "api"):
            wrong |= set(evidence.nodes_failing(check, "api"))
    for node in sorted(wrong):
        reading = facts.kubelets.get(node)
        kubelet = reading.found if reading else None
        here = evidence.find(*BY_SETTINGS, node=node)
        told = (
            f"clusterDNS {', '.join(kubelet.cluster_dns) or 'none'}, clusterDomain"
            f" {kubelet.cluster_domain or 'none'}"
            if kubelet
            else "settings that differ"
        )
        service = facts.dns_service.found
        dns = ", ".join(service.cluster_ips) if service else "the DNS Service's address"
        domain = facts.dns_domain.found or "the cluster's domain"
        yield Finding(
            says=f"the kubelet of {node} hands {told} to its pods; right are {dns} and {domain}",
            blames=(f"Node/{node}",),
            explains=here
            | wrong_in(evidence, node, "clusterDNS", "clusterDomain")
            | evidence.find("dns.kubelets_agree"),
            confidence=Confidence.CERTAIN,
            names={"node": node, "dns": dns, "domain": domain},
            confirmed=(f"configz of {node}: {told}",),
        )
