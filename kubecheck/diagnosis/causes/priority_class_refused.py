"""The PriorityClass of the run's pods is not there, or may not be used in new namespaces."""

import re
from collections import defaultdict
from collections.abc import Iterator

from kubecheck.cluster.priorities import class_of
from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence, Symptom

NOT_FOUND = re.compile(r"no PriorityClass with name ([\w.-]+) was found")
NOT_LET_IN = re.compile(r"insufficient quota to match these scopes: \[\{PriorityClass ")
ANOTHER = "kubectl get priorityclasses, and name one of them in kubecheck's policy, as probes.priority_class"


@cause(
    title="The PriorityClass of the probe pods is refused",
    confirm=(
        "kubectl get priorityclasses",
        """kubectl run probe --dry-run=server --image=busybox --overrides='{"spec":{"priorityClassName":"{name}"}}'""",
    ),
    remedy=(
        f"{ANOTHER}; without that key pods get the cluster's default",
        "or make one that displaces nobody: kubectl create priorityclass {name} --value=0 --preemption-policy=Never",
        "where the policy names none, something that changes new pods does: kubectl get mutatingwebhookconfigurations",
    ),
    source="https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/#priorityclass",
)
def priority_class_refused(evidence: Evidence) -> Iterator[Finding]:
    """API servers refuse kubecheck's pods for their PriorityClass: it is not there, or new namespaces may not use it.

    Nothing is wrong with the network therefore; what only probe pods can see is not known.
    """
    missing: dict[str, set[Symptom]] = defaultdict(set)
    kept_out: set[Symptom] = set()
    for symptom in evidence.symptoms:
        if said := NOT_FOUND.search(symptom.message):
            missing[said[1]].add(symptom)
        elif NOT_LET_IN.search(symptom.message):
            kept_out.add(symptom)
    for name, symptoms in missing.items():
        yield Finding(
            says=f"there is no PriorityClass {name}, which kubecheck's pods are to have",
            blames=(f"PriorityClass/{name}",),
            explains=frozenset(symptoms),
            confidence=Confidence.CERTAIN,
            names={"name": name},
            confirmed=(min(symptom.message for symptom in symptoms),),
        )
    if kept_out:
        named = evidence.policy.probes.priority_class
        default = class_of("", evidence.facts.priority_classes.found or ())
        name = named or (default.name if default else "of new pods")
        yield Finding(
            says=f"PriorityClass {name} is for namespaces with a ResourceQuota for it, and kubecheck's have none",
            blames=(f"PriorityClass/{name}",),
            explains=frozenset(kept_out),
            confidence=Confidence.CERTAIN,
            confirmed=(min(symptom.message for symptom in kept_out),),
            remedy=(ANOTHER,),
        )
