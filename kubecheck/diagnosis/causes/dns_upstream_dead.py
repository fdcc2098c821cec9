"""The DNS servers above CoreDNS do not answer."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.wording import listed


@cause(
    title="Names outside of the cluster do not resolve",
    confirm=(
        "kubectl -n kube-system get configmap coredns -o yaml, and look at the line that begins with forward",
        "on the node of a CoreDNS pod: nslookup NAME SERVER, with each server of that line",
    ),
    remedy=(
        "on {nodes}: nslookup {name} with each nameserver of /etc/resolv.conf; replace the dead one",
        "kubectl -n {namespace} edit configmap coredns: let forward name servers that answer",
    ),
    source="https://coredns.io/plugins/forward/",
)
def dns_upstream_dead(evidence: Evidence) -> Iterator[Finding]:
    """CoreDNS forwards names that are not the cluster's to other servers, mostly those of its node.

    The cluster's own names resolve. Whatever leaves the cluster fails: pulling images by pods, webhooks to
    the outside, object stores. Names that are searched for outside first become slow.
    """
    failed = evidence.find("dns.outside_name", failed=True)
    if not failed or not evidence.nodes_passing("dns.pod_resolves_kubernetes", "pod"):
        return
    setup = evidence.facts.dns_setup.found
    nodes = sorted({server.node for server in setup.servers}) if setup else []
    namespace = evidence.policy.dns.service.partition("/")[0]
    said = sorted({symptom.got for symptom in failed if symptom.got})
    yield Finding(
        says=f"{evidence.policy.dns.outside_name} does not resolve ({', '.join(said) or 'no answer'}), and"
        " the cluster's own names do: the servers that CoreDNS forwards to do not answer",
        blames=(f"ConfigMap/{namespace}/coredns",),
        explains=evidence.find("dns.outside_name")
        | frozenset(s for s in evidence.find("dns.no_such_name") if "outside" in s.target),
        confidence=Confidence.LIKELY,
        names={
            "nodes": listed(nodes) or "the nodes of CoreDNS",
            "name": evidence.policy.dns.outside_name,
            "namespace": namespace,
        },
    )
