"""The cluster's own rules do not let the probe pods in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence, Symptom


@dataclass(frozen=True)
class Rule:
    """How an API server says that a rule of one kind refuses, and what helps."""

    kind: str
    says: re.Pattern[str]
    remedy: tuple[str, ...]


RULES = (
    Rule(
        "ResourceQuota",
        re.compile(r"exceeded quota: ([\w.-]+)|failed quota: ([\w.-]+)"),
        (
            "kubectl get resourcequota --all-namespaces, and look which of them is put into every new namespace",
            "have namespaces named kubecheck-* left out of what makes {name}, or raise it: a run needs three pods and two for each node",
        ),
    ),
    Rule(
        "LimitRange",
        re.compile(
            r"(?:minimum|maximum) (?:cpu|memory|ephemeral-storage)[\w /-]* usage per (?:Container|Pod)()"
            r"|(?:cpu|memory) max limit to request ratio per (?:Container|Pod)()"
        ),
        (
            "kubectl get limitrange --all-namespaces -o yaml, and look which is put into every new namespace",
            "have namespaces named kubecheck-* left out of what makes it, or widen its bounds",
        ),
    ),
    Rule(
        "ValidatingAdmissionPolicy",
        re.compile(r"ValidatingAdmissionPolicy \\?'([\w.:-]+)\\?'"),
        (
            "kubectl get validatingadmissionpolicy {name} -o yaml; kubectl get validatingadmissionpolicybinding",
            "leave the run's namespaces out, in spec.matchResources.namespaceSelector of its binding: key app.kubernetes.io/managed-by, operator NotIn, values [kubecheck]",
        ),
    ),
    Rule(
        "ValidatingWebhookConfiguration",
        re.compile(r'admission webhook \\?"([\w.-]+)\\?" denied the request'),
        (
            "kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations | grep -i {name}",
            "leave the run's namespaces out of it, by its namespaceSelector: key app.kubernetes.io/managed-by, operator NotIn, values [kubecheck]",
        ),
    ),
    Rule(
        "PodSecurity",
        re.compile(r'violates PodSecurity \\?"([\w.:-]+)\\?"'),
        (
            "kubectl get namespaces --show-labels | grep pod-security: whoever sets labels on new namespaces must leave those of kubecheck-* as they are",
        ),
    ),
)  # fmt: skip


@cause(
    title="The cluster's rules refuse the probe pods",
    confirm=(
        "kubectl get resourcequota,limitrange --all-namespaces",
        "kubectl get validatingadmissionpolicy",
    ),
    remedy=(
        "see what is refused, and leave namespaces with app.kubernetes.io/managed-by=kubecheck out of it",
    ),
    source="https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/",
)
def probes_refused(evidence: Evidence) -> Iterator[Finding]:
    """A quota, a limit or an admission policy that holds in every new namespace refuses kubecheck's own pods.

    Nothing is wrong with the network therefore; what only probe pods can see is not known. Whoever deploys
    into a new namespace meets the same rule.
    """
    found: dict[tuple[str, str], tuple[Rule, str, set[Symptom]]] = {}
    for symptom in evidence.symptoms:
        for rule in RULES:
            said = rule.says.search(symptom.message)
            if said:
                name = next(filter(None, said.groups()), "")
                key = (rule.kind, name)
                found.setdefault(key, (rule, symptom.message, set()))[2].add(symptom)
                break
    for (kind, name), (rule, message, symptoms) in found.items():
        blamed = (
            _configuration(evidence, name) if "Webhook" in kind else f"{kind}/{name or 'of new namespaces'}"
        )
        follows = {s for s in evidence.symptoms if not s.failed and "peer Deployment" in s.message}
        yield Finding(
            says=f"{blamed.replace('/', ' ', 1)} refuses kubecheck's probe pods",
            blames=(blamed,),
            explains=frozenset(symptoms | follows),
            confidence=Confidence.CERTAIN,
            confirmed=(message,),
            remedy=tuple(step.replace("{name}", name) for step in rule.remedy),
        )


def _configuration(evidence: Evidence, hook: str) -> str:
    """The object that registers the webhook ``hook``."""
    for each in evidence.facts.webhooks.found or ():
        if each.name == hook:
            kind, _, name = each.configuration.partition("/")
            return f"{'Mutating' if kind.startswith('mutating') else 'Validating'}WebhookConfiguration/{name}"
    return f"ValidatingWebhookConfiguration/{hook}"
