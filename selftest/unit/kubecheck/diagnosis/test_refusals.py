"""Causes in admission: webhooks with nobody behind them, rules and classes that keep the probe pods out."""

import json

import pytest

from kubecheck.cluster.extensions import Webhook
from kubecheck.cluster.priorities import PriorityClass
from kubecheck.diagnosis import diagnose
from kubecheck.diagnosis.catalogue import all_kinds
from kubecheck.policy import Policy
from kubecheck.report.steps import step
from selftest.unit.kubecheck.diagnosis.made import causes, evidence, failed, unknown


def hook(endpoints, name="check.example", kind="validating"):
    return Webhook(f"{kind}webhookconfiguration/{name}", name, "apps/hook", True, endpoints)


UNTRUSTED = "answers with a certificate that API servers do not accept"
NO_TLS = "answers, and no TLS comes about"


def naming(name):
    return Policy.model_validate({"probes": {"priority_class": name}})


class TestRefusals:
    @pytest.mark.parametrize("kind", ["Validating", "Mutating"])
    def test_a_webhook_with_nobody_behind_it(self, facts, kind):
        refusal = 'Pod probe was refused: failed calling webhook "check.example": no endpoints'
        configuration = f"{kind.lower()}webhookconfiguration/check.example"
        made = evidence(
            [
                failed("controlplane.webhooks_have_endpoints", message=configuration),
                unknown("network.probe_pod_runs", "pod:node1", refusal),
            ],
            facts,
            webhooks=(hook(0, kind=kind.lower()), hook(2, "well.example")),
        )  # fmt: skip
        assert causes(made) == [("webhook-dead", (f"{kind}WebhookConfiguration/check.example",))]

    def test_the_patch_is_for_those_that_are_dead(self, facts):
        configuration = "validatingwebhookconfiguration/policy"
        hooks = tuple(
            Webhook(configuration, name, "apps/hook", True, endpoints, index)
            for index, name, endpoints in ((0, "well", 2), (2, "dead", 0), (3, "dead-too", 0))
        )
        made = evidence(
            [failed("controlplane.webhooks_have_endpoints", message=configuration)], facts, webhooks=hooks
        )
        (found,) = diagnose(made, all_kinds()).causes
        _, patch, _ = found.remedy
        program, options, operations = step(patch).command.partition(" -p ")
        assert (program, options) == (f"kubectl patch {configuration} --type=json", " -p ")
        assert json.loads(operations.strip("'")) == [
            {"op": "test", "path": "/webhooks/2/name", "value": "dead"},
            {"op": "replace", "path": "/webhooks/2/failurePolicy", "value": "Ignore"},
            {"op": "test", "path": "/webhooks/3/name", "value": "dead-too"},
            {"op": "replace", "path": "/webhooks/3/failurePolicy", "value": "Ignore"},
        ]

    @pytest.mark.parametrize(
        ("said", "does", "step"),
        [
            ("tls: failed to verify certificate: x509: certificate has expired or is not yet valid",
             UNTRUSTED, "webhooks[].clientConfig.caBundle"),
            ("x509: certificate signed by unknown authority",
             UNTRUSTED, "it must name hook.apps.svc"),
            ("http: server gave HTTP response to HTTPS client", NO_TLS, "speak TLS"),
            ("remote error: tls: bad certificate", NO_TLS, "speak TLS"),
            ("the server could not find the requested resource", "answers with an error", "service.path"),
            ('an error on the server ("") has prevented the request from succeeding', "answers with an error",
             "look at the log"),
            ("context deadline exceeded", "does not answer", "bring back"),
            ("net/http: TLS handshake timeout", "does not answer", "bring back"),
            ("dial tcp 10.96.0.7:443: connect: connection refused", "does not answer", "bring back"),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("quote", ['"', '\\"'])
    def test_what_answers_is_told_by_how(self, facts, said, does, step, quote):
        url = f"{quote}https://x509-tls.policy.svc:443/certificate?timeout=10s{quote}"
        name = f"{quote}check.example{quote}"
        refusal = f"failed calling webhook {name}: failed to call webhook: Post {url}: {said}"
        made = evidence(
            [failed("network.deployment_becomes_ready", "fleet", f"Internal error occurred: {refusal}")],
            facts,
            webhooks=(hook(2),),
        )
        (found,) = diagnose(made, all_kinds()).causes
        assert found.kind.id == "webhook-dead"
        assert found.finding.says.endswith(f"its Service apps/hook {does}")
        assert any(step in each for each in found.remedy)
        assert any("failurePolicy Ignore" in each for each in found.remedy)

    def test_one_that_answers_is_not_blamed(self, facts):
        assert causes(evidence([failed("a.b")], facts, webhooks=(hook(2),))) == []

    @pytest.mark.parametrize(
        ("said", "blamed"),
        [
            ('pods "p" is forbidden: exceeded quota: small, requested: pods=1', "ResourceQuota/small"),
            (
                'pods "p" is forbidden: maximum memory usage per Container is 10Mi, but limit is 64Mi',
                "LimitRange/of new namespaces",
            ),
            (
                (
                    "pods \"p\" is forbidden: ValidatingAdmissionPolicy 'teams' with binding 'teams'"
                    " denied request: x"
                ),
                "ValidatingAdmissionPolicy/teams",
            ),
            (
                'admission webhook "check.example" denied the request: no',
                "MutatingWebhookConfiguration/check.example",
            ),
            (
                'pods "p" is forbidden: violates PodSecurity "restricted:latest": x',
                "PodSecurity/restricted:latest",
            ),
        ],
    )
    def test_rules_that_refuse_the_probes(self, facts, said, blamed):
        made = evidence(
            [unknown("network.probe_pod_runs", "pod:node1", f"Pod probe-node1 was refused: {said}")],
            facts,
            webhooks=(hook(1, kind="mutating"),),
        )
        assert causes(made) == [("probes-refused", (blamed,))]


NOT_THERE = 'pods "p" is forbidden: no PriorityClass with name high was found'
NOT_LET_IN = "insufficient quota to match these scopes: [{PriorityClass In [system-node-critical]}]"


class TestPriorityClasses:
    def refusal(self, facts, said, policy, **known):
        deploy = f"the probe pods could not be put there: Pod probe-node1 was refused: {said}"
        return evidence(
            [
                unknown("network.probe_pod_runs", "pod:node1", deploy),
                unknown("network.deployment_becomes_ready", "fleet", deploy),
            ],
            facts,
            policy=policy,
            **known,
        )

    def test_one_that_is_not_there_is_told_in_the_api_servers_words(self, facts):
        made = self.refusal(facts, NOT_THERE, naming("high"))
        (found,) = diagnose(made, all_kinds()).causes
        assert found.kind.id == "priority-class-refused"
        assert found.finding.blames == ("PriorityClass/high",)
        assert NOT_THERE in found.finding.confirmed[0]
        assert "probes.priority_class" in found.remedy[0]
        assert "kubectl create priorityclass high " in found.remedy[1]
        assert found.finding.explains == frozenset(made.symptoms)

    def test_one_that_new_namespaces_may_not_use(self, facts):
        named = self.refusal(facts, NOT_LET_IN, naming("system-node-critical"))
        assert causes(named) == [("priority-class-refused", ("PriorityClass/system-node-critical",))]
        default = PriorityClass("standard", 10, default=True, preempts=True)
        unnamed = self.refusal(facts, NOT_LET_IN, Policy(), priority_classes=(default,))
        assert causes(unnamed) == [("priority-class-refused", ("PriorityClass/standard",))]

    def test_a_quota_that_is_full_is_none_of_it(self, facts):
        made = self.refusal(facts, "exceeded quota: small, requested: pods=1", naming("high"))
        assert causes(made) == [("probes-refused", ("ResourceQuota/small",))]
