"""CoreDNS may not watch what its answers are made of."""

import json
from collections.abc import Collection, Iterator

from kubecheck.cluster.dns import WATCHED, WATCHING
from kubecheck.diagnosis.cause import Confidence, Finding, cause, filled
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.diagnosis.traffic import LOOKUPS, OUTSIDE, REPLICAS

# As kubeadm and CoreDNS's own manifest name them; charts and distributions have names of their own.
STANDARD, ROLE = "kube-system/coredns", "system:coredns"
FIND = "kubectl get clusterrolebindings -o wide | grep {namespace}/{account}: which roles has it?"
BIND = "it has none: kubectl create clusterrolebinding {role} --clusterrole={role} --serviceaccount={namespace}:{account} --dry-run=client -o yaml | kubectl auth reconcile -f -"
ADD = "its role lacks that: kubectl patch clusterrole {role} --type=json -p '{rules}'"
AGAIN = "or all of it anew: kubeadm init phase addon coredns, or the manifest or chart that CoreDNS was installed with"


@cause(
    title="CoreDNS has lost its rights",
    confirm=(
        "kubectl auth can-i watch endpointslices --as system:serviceaccount:{namespace}:{account}",
        "kubectl -n {namespace} logs -l k8s-app=kube-dns --tail=20, and look for: forbidden",
    ),
    remedy=(FIND, BIND, ADD, AGAIN),
    source="https://github.com/coredns/deployment/blob/master/kubernetes/coredns.yaml.sed",
)
def dns_without_rights(evidence: Evidence) -> Iterator[Finding]:
    """CoreDNS answers from what it watches at the API server: Services and EndpointSlices.

    Without the right to do so it goes on with what it knew. Old names resolve, new ones do not, pods that
    have moved are looked for where they were; a replica that is started anew never becomes ready. Where it has
    none of its rights its binding is missing, mostly; where it lacks some, it is newer than its role.
    """
    lacks = evidence.facts.dns_lacks.found or ()
    deployment = evidence.facts.coredns
    if lacks and deployment:
        account = f"{deployment.namespace}/{deployment.account}"
        standard = {f"{deployment.namespace}/{deployment.name}", account} == {STANDARD}
        names = {"namespace": deployment.namespace, "account": deployment.account, "rules": _rules(lacks)}
        names |= {"role": ROLE} if standard else {}
        blamed = f"ServiceAccount/{account}"
        confidence = Confidence.CERTAIN
        if len(lacks) < len(WATCHED) * len(WATCHING):
            why, steps = "the role that is bound to it lacks that", [FIND, ADD, AGAIN]
            blamed = f"ClusterRole/{ROLE}" if standard else blamed
        elif standard:
            why, steps = f"its ClusterRoleBinding {ROLE} is missing", [FIND, BIND, AGAIN]
            blamed = f"ClusterRoleBinding/{ROLE}"
            confidence = Confidence.LIKELY  # it may also be the role that is gone
        else:
            why, steps = "no role is bound to it that lets it", [FIND, AGAIN]
        said = f"may not {', '.join(lacks)}"
        # What goes on with what it knew still asks others for names outside of the cluster.
        forwards = evidence.find(OUTSIDE) if deployment.ready else frozenset()
        yield Finding(
            says=f"ServiceAccount {account} of CoreDNS {said}: {why}",
            blames=(blamed,),
            explains=evidence.find(
                *LOOKUPS, *REPLICAS, "dns.dns_may_watch", "dns.dns_replicas_ready", "dns.replicas_spread"
            )
            - forwards,
            confidence=confidence,
            names=names,
            confirmed=(f"the authorizer says that {account} {said}",),
            remedy=tuple(filled(step, names) for step in steps),
        )


def _rules(lacks: Collection[str]) -> str:
    """The patch of a role's rules that gives it what it lacks."""
    verbs = {each: [verb for verb in WATCHING if f"{verb} {each[1]}" in lacks] for each in WATCHED}
    return json.dumps(
        [
            {
                "op": "add",
                "path": "/rules/-",
                "value": {"apiGroups": [group], "resources": [resource], "verbs": verbs[group, resource]},
            }
            for group, resource in WATCHED
            if verbs[group, resource]
        ]
    )
