"""Causes in cluster DNS: its rights, its servers, and those above them."""

import json
import re

import pytest

from kubecheck.cluster.objects import Deployment
from kubecheck.diagnosis import Confidence, diagnose
from kubecheck.diagnosis.catalogue import all_kinds
from selftest.unit.kubecheck.diagnosis.made import evidence, failed, unexplained

NODES = ("node1", "node2")


def the_one(made):
    [found] = diagnose(made, all_kinds()).causes
    assert not unexplained(made)
    return found


class TestRights:
    ALL = ("list services", "watch services", "list endpointslices", "watch endpointslices")

    def of(self, facts, lacks, name="coredns", account="coredns"):
        deployment = Deployment("kube-system", name, 2, 0, 2, (), account)
        result = failed("dns.dns_may_watch", message=f"may not {', '.join(lacks)}")
        return the_one(evidence([result], facts, dns_deployments=(deployment,), dns_lacks=lacks))

    def test_without_any_its_binding_is_missing_most_likely(self, facts):
        found = self.of(facts, self.ALL)
        assert found.finding.blames == ("ClusterRoleBinding/system:coredns",)
        assert found.finding.confidence is Confidence.LIKELY
        # This works whether the binding is there or not.
        assert any("clusterrolebinding system:coredns" in s and "auth reconcile" in s for s in found.remedy)
        assert not any("patch" in step for step in found.remedy)

    @pytest.mark.parametrize(
        ("lacks", "rules"),
        [
            (ALL[2:], [("discovery.k8s.io", "endpointslices", ["list", "watch"])]),
            (ALL[1:2], [("", "services", ["watch"])]),
        ],
    )
    def test_without_some_its_role_lacks_them(self, facts, lacks, rules):
        found = self.of(facts, lacks)
        assert found.finding.blames == ("ClusterRole/system:coredns",)
        assert "binding" not in found.finding.says
        [patch] = [step for step in found.remedy if "kubectl patch clusterrole system:coredns" in step]
        added = [each["value"] for each in json.loads(re.search(r"'(.*)'", patch)[1])]
        assert [(*r["apiGroups"], *r["resources"], r["verbs"]) for r in added] == rules
        assert not any("create clusterrolebinding" in step for step in found.remedy)

    @pytest.mark.parametrize("lacks", [ALL, ALL[2:]])
    def test_other_names_are_not_guessed(self, facts, lacks):
        found = self.of(facts, lacks, "rke2-coredns-rke2-coredns", "coredns")
        assert found.finding.blames == ("ServiceAccount/kube-system/coredns",)
        assert not any("system:coredns" in text for text in (found.finding.says, *found.remedy))
