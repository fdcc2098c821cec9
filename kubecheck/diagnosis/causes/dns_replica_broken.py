"""One DNS server of several answers wrongly, or not at all."""

from collections import defaultdict
from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence, Symptom
from kubecheck.diagnosis.traffic import LOOKUPS, OUTSIDE, REPLICAS, UNANSWERED


@cause(
    title="One replica of CoreDNS is broken",
    confirm=(
        "from any node: nslookup kubernetes.default.svc.DOMAIN POD-ADDRESS, for each CoreDNS pod",
        "kubectl -n {namespace} logs {pod} --tail=50",
    ),
    remedy=(
        "kubectl -n {namespace} logs {pod} --tail=50",
        "kubectl -n {namespace} delete pod {pod}, which is replaced by a new one",
        "does the new one do the same, look at its node {node}: firewall, and the way to the API server",
    ),
    source="https://kubernetes.io/docs/tasks/administer-cluster/dns-debugging-resolution/",
)
def dns_replica_broken(evidence: Evidence) -> Iterator[Finding]:
    """The DNS Service spreads lookups over all of its servers, so one bad one spoils its share of them.

    Names resolve sometimes. Resolvers that try again after five seconds hide it as slowness. A replica that
    has lost the API server is as bad: it answers, with what it knew, and nothing new.
    """
    setup = evidence.facts.dns_setup.found
    servers = {server.name: server for server in setup.servers} if setup else {}
    by_server: dict[str, set[Symptom]] = defaultdict(set)
    for symptom in evidence.find(*REPLICAS, failed=True):
        by_server[symptom.target.partition(" ")[0]].add(symptom)
    everywhere = {node.name for node in evidence.facts.probed_nodes}
    # From all other nodes, so that a bad node or a bad way is not taken for a bad replica.
    broken = {
        name: symptoms
        for name, symptoms in sorted(by_server.items())
        if name in servers and not everywhere - {servers[name].node} - {symptom.node for symptom in symptoms}
    }
    if len(broken) == len(servers) > 1:
        return  # all of them have the same trouble: that is no replica's own
    for name, symptoms in broken.items():
        server = servers[name]
        said = sorted({symptom.got for symptom in symptoms if symptom.got})
        stale = all(symptom.check == "dns.each_replica_is_current" for symptom in symptoms)
        wrong = [each for each in said if each not in UNANSWERED]
        outside = evidence.find(OUTSIDE)
        if stale:
            of_others = outside  # it asks others for them as ever
            does, others = "does not know a Service made now", "do"
        elif wrong:
            of_others = frozenset(s for s in outside if len(wrong) == len(said) and s.got not in wrong)
            rarely = " or not at all" if len(wrong) < len(said) else ""
            does, others = f"answers wrongly{rarely}: {', '.join(said)}", "answer rightly"
        else:
            of_others = frozenset()
            does, others = f"does not answer ({', '.join(said) or 'no reply'})", "do"
        alone = len(servers) == 1
        yield Finding(
            says=f"{'the only ' if alone else ''}DNS replica {name} on {server.node or 'an unknown node'} {does}"
            + ("" if alone else f", and the others {others}"),
            blames=(f"Pod/{evidence.policy.dns.service.partition('/')[0]}/{name}",),
            explains=frozenset(symptoms) | (evidence.find(*LOOKUPS) - of_others),
            # Silence may be the way's, and what no other one does better may be no fault of its own.
            confidence=Confidence.CERTAIN if wrong and not alone else Confidence.LIKELY,
            names={
                "namespace": evidence.policy.dns.service.partition("/")[0],
                "pod": name,
                "node": server.node,
            },
            confirmed=(
                f"asked by itself from {len({s.vantage for s in symptoms})} vantages: {', '.join(said)}",
            ),
        )
