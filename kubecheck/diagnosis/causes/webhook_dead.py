"""An admission webhook must be asked, and does not answer."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from kubecheck.cluster.extensions import Webhook
from kubecheck.diagnosis.cause import Confidence, Finding, cause, filled
from kubecheck.diagnosis.evidence import Evidence, Symptom

KINDS = {
    "validatingwebhookconfiguration": "ValidatingWebhookConfiguration",
    "mutatingwebhookconfiguration": "MutatingWebhookConfiguration",
}
# A list of webhooks may change: what is no longer in its place is refused, and nothing is changed then.
IGNORED = (
    """{"op":"test","path":"/webhooks/{index}/name","value":"{name}"},"""
    """{"op":"replace","path":"/webhooks/{index}/failurePolicy","value":"Ignore"}"""
)
CALLED = re.compile(r'failed calling webhook \\?"([^"\\]+)')
QUOTED = re.compile(r'\\?"[^"]*"')  # names and addresses, in which any word may be
IGNORE = (
    "until then, what it is to judge may pass (failurePolicy Ignore):"
    " kubectl patch {configuration} --type=json -p '[{operations}]'"
)
GONE = "when its product is gone: kubectl delete {configuration}"
UNTRUSTED = (
    (
        "kubectl -n {namespace} get secrets, and renew the certificate that Service {service} is served with:"
        " it must name {service}.{namespace}.svc"
    ),
    "kubectl get {configuration} -o yaml: webhooks[].clientConfig.caBundle must hold the CA that signed it",
)
NO_TLS = "kubectl -n {namespace} get service {service} -o yaml: the port that is asked must speak TLS, and ask for no other client certificate than API servers have"
WITH_ERROR = (
    "kubectl -n {namespace} get pods -o wide, and look at the log of those that serve Service {service}",
    "kubectl get {configuration} -o yaml: webhooks[].clientConfig.service.path must be one that they serve",
)
# How it answers, by what API servers say then, and what mends that. Errors over HTTP are as in
# https://github.com/kubernetes/apimachinery/blob/master/pkg/api/errors/errors.go (NewGenericServerResponse).
ANSWERS = (
    (re.compile(r"x509: "), "answers with a certificate that API servers do not accept", UNTRUSTED),
    (re.compile(r"\btls: |HTTP response to HTTPS client"), "answers, and no TLS comes about", (NO_TLS,)),
    (
        re.compile(
            r"could not find the requested resource|error on the server|rejected our request"
            r"|unable to handle the request|client to provide credentials|does not allow this method"
            r"|expected webhook response"
        ),
        "answers with an error",
        WITH_ERROR,
    ),
)


@cause(
    title="An admission webhook is dead",
    confirm=(
        "kubectl get {configuration} -o yaml",
        "kubectl -n {namespace} get service,endpointslices -l kubernetes.io/service-name={service}",
        "kubectl run --dry-run=server probe --image=busybox",
    ),
    remedy=(
        "kubectl -n {namespace} get pods -o wide, and bring back what serves Service {service}",
        IGNORE,
        GONE,
    ),
    source="https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#failure-policy",
)
def webhook_dead(evidence: Evidence) -> Iterator[Finding]:
    """API servers must ask a webhook (failurePolicy Fail), and nobody answers there, or not as they must.

    Whatever it is to judge is refused: often all new pods, those that serve the webhook among them.
    """
    for configuration, hooks in _dead(evidence).items():
        kind, _, name = configuration.partition("/")
        hook = hooks[0]
        explained = {
            s
            for s in evidence.find("controlplane.webhooks_have_endpoints")
            if configuration in (s.target or s.message) or s.target in {each.name for each in hooks}
        }
        refused = {s for s in evidence.symptoms if any(_called(s) == each.name for each in hooks)}
        explained |= refused
        if refused:
            # Where the run's pods were refused, nothing else could be asked either.
            explained |= evidence.find("network.deployment_becomes_ready", "network.probe_pod_runs")
        if not explained:
            continue
        namespace, _, service = hook.service.partition("/")
        state = "does not exist" if hook.endpoints is None else "has no ready endpoint"
        steps: tuple[str, ...] = ()
        if hook.endpoints:
            state, steps = _answer(sorted(s.message for s in refused if _called(s) == hook.name))
        names = {
            "configuration": configuration,
            "namespace": namespace,
            "service": service,
            "operations": ",".join(
                filled(IGNORED, {"index": str(each.index), "name": each.name}) for each in hooks
            ),
        }
        yield Finding(
            says=f"the admission webhook {hook.name} must be asked, and its Service {hook.service} {state}",
            blames=(f"{KINDS.get(kind, kind)}/{name}",),
            explains=frozenset(explained),
            confidence=Confidence.CERTAIN,
            names=names,
            confirmed=tuple(sorted({s.message for s in refused}))[:1] or (f"Service {hook.service} {state}",),
            remedy=tuple(filled(step, names) for step in (*steps, IGNORE, GONE)) if steps else (),
        )


def _answer(refusals: Iterable[str]) -> tuple[str, tuple[str, ...]]:
    """How a webhook with ready endpoints answers, as API servers tell it, and what mends that."""
    for refusal in refusals:
        said = QUOTED.sub("", refusal.partition("failed calling webhook ")[2])
        for words, state, steps in ANSWERS:
            if words.search(said):
                return state, steps
    return "does not answer", ()


def _dead(evidence: Evidence) -> dict[str, list[Webhook]]:
    """By configuration, the webhooks with nobody behind them, and those whose calls are known to fail."""
    called = {_called(symptom) for symptom in evidence.symptoms}
    found: dict[str, list[Webhook]] = defaultdict(list)
    for hook in evidence.facts.webhooks.found or ():
        if hook.required and (not hook.endpoints or hook.name in called):
            found[hook.configuration].append(hook)
    return found


def _called(symptom: Symptom) -> str:
    """The webhook that could not be called, as the API server says in a refusal."""
    found = CALLED.search(symptom.message)
    return found[1] if found else ""
