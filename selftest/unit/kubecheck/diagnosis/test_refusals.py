"""Causes in admission: webhooks with nobody behind them, and rules that refuse the probe pods."""

import pytest

from kubecheck.cluster.extensions import Webhook
from selftest.unit.kubecheck.diagnosis.made import causes, evidence, failed, unknown


def hook(endpoints, name="check.example", kind="validating"):
    return Webhook(f"{kind}webhookconfiguration/{name}", name, "apps/hook", True, endpoints)


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
