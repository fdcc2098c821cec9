"""The DNS servers above CoreDNS do not answer, or not with an address."""

from collections.abc import Collection, Iterator, Sequence

from kubecheck.diagnosis.cause import Confidence, Finding, cause, filled
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.diagnosis.traffic import OUTSIDE, UNANSWERED
from kubecheck.wording import listed

UNKNOWN = (
    "on {nodes}: nslookup {name} with each nameserver of /etc/resolv.conf: does any know it?",
    "kubectl -n {namespace} edit configmap coredns: let forward name servers that know it, or give its zone a block of its own",
    "nobody knows it: name another one, dns.outside_name in kubecheck's policy",
)
REFUSING = (
    "kubectl -n {namespace} get configmap coredns -o yaml: a line that begins with forward must stand there",
    "on {nodes}: nslookup {name} with each server of that line: one that refuses must let these nodes ask",
)


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
    failed = evidence.find(OUTSIDE, failed=True)
    resolves = evidence.nodes_passing("dns.pod_resolves_kubernetes", "pod")
    said = sorted({symptom.got for symptom in failed if symptom.got})
    # CoreDNS that serves another domain knows none of the cluster's names, and may have answered all the same.
    answers = said and not {*said} & {*UNANSWERED} and evidence.nodes_failing("dns.domain_is_served", "api")
    if not failed or not (resolves or answers):
        return
    setup = evidence.facts.dns_setup.found
    nodes = sorted({server.node for server in setup.servers}) if setup else []
    namespace = evidence.policy.dns.service.partition("/")[0]
    own = ", and the cluster's own names do" if resolves else ""
    why, steps = _why(said)
    names = {
        "nodes": listed(nodes) or "the nodes of CoreDNS",
        "name": evidence.policy.dns.outside_name,
        "namespace": namespace,
    }
    yield Finding(
        says=f"{evidence.policy.dns.outside_name} does not resolve ({', '.join(said) or 'no answer'})"
        f"{own}: {why}",
        blames=(f"ConfigMap/{namespace}/coredns",),
        explains=evidence.find(OUTSIDE)
        | frozenset(s for s in evidence.find("dns.no_such_name") if "outside" in s.target),
        confidence=Confidence.LIKELY,
        names=names,
        remedy=tuple(filled(step, names) for step in steps),
    )


def _why(said: Collection[str]) -> tuple[str, Sequence[str]]:
    """What is wrong above CoreDNS, by what came back, and what mends it where that is no silence."""
    if any("REFUSED" in each for each in said):
        return "CoreDNS forwards it nowhere, or a server that it forwards to refuses", REFUSING
    failing = [each for each in said if "SERVFAIL" in each]
    told = [each for each in said if each not in (*UNANSWERED, *failing)]
    if told:
        some = "some of the servers" if len(told) < len(said) else "the servers"
        return f"{some} that CoreDNS forwards to answer, and know no address of it", UNKNOWN
    return (
        f"the servers that CoreDNS forwards to do not answer{', or fail themselves' if failing else ''}",
        (),
    )
