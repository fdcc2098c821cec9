"""Causes in cluster DNS: its rights, its servers, and those above them."""

import json
import re

import pytest

from kubecheck.checks import Policy
from kubecheck.cluster.dns import DnsServer, DnsSetup
from kubecheck.cluster.objects import Deployment, Service
from kubecheck.cluster.reading import Reading
from kubecheck.diagnosis import Confidence, diagnose
from kubecheck.diagnosis.catalogue import all_kinds
from kubecheck.outcomes import Outcome, Target
from selftest.unit.kubecheck.diagnosis.made import evidence, failed, passed, unexplained

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


class TestUpstream:
    POLICY = Policy.model_validate({"dns": {"outside_name": "registry.example"}})

    def of(self, facts, *got):
        results = [
            failed("dns.outside_name", f"pod:{node}", said, [Target("", Outcome.FAILED, got=said)])
            for node, said in zip(NODES, got, strict=False)
        ]
        results.append(passed("dns.pod_resolves_kubernetes", "pod:node1"))
        return the_one(evidence(results, facts, policy=self.POLICY))

    @pytest.mark.parametrize(
        ("got", "why"),
        [
            (("no reply", "no reply"), "forwards to do not answer"),
            (("SERVFAIL",), "do not answer, or fail themselves"),
        ],
    )
    def test_servers_that_do_not_answer(self, facts, got, why):
        found = self.of(facts, *got)
        assert found.finding.says.endswith(why)
        assert "replace the dead one" in " ".join(found.remedy)

    @pytest.mark.parametrize(
        "got", [("NXDOMAIN",), ("a reply without such a record",), ("NXDOMAIN", "SERVFAIL")]
    )
    def test_servers_that_answer_are_not_dead(self, facts, got):
        found = self.of(facts, *got)
        assert found.finding.says.endswith("forwards to answer, and know no address of it")
        assert ("some of the servers" in found.finding.says) == (len(got) > 1)
        assert "dead" not in " ".join(found.remedy)
        assert "dns.outside_name" in " ".join(found.remedy)

    def test_a_corefile_without_forward(self, facts):
        found = self.of(facts, "REFUSED")
        assert "forwards it nowhere" in found.finding.says
        assert "a line that begins with forward" in found.remedy[0]


class TestUpstreamBesideOthers:
    """What CoreDNS gets from others is no matter of what it knows, or serves, itself."""

    OUTSIDE = "dns.outside_name"
    SETUP = DnsSetup(
        (DnsServer("10.244.9.1", "a", "node1", 53, 53), DnsServer("10.244.9.2", "b", "node2", 53, 53)),
        Reading(("other.local",)),
    )

    def of(self, facts, results, *, got="SERVFAIL", resolves=True, **known):
        target = Target("", Outcome.FAILED, got=got)
        outside = [failed(self.OUTSIDE, f"pod:{node}", got, [target]) for node in NODES]
        passes = [passed("dns.pod_resolves_kubernetes", f"pod:{node}") for node in NODES if resolves]
        made = evidence(
            [*outside, *passes, *results], facts, policy=TestUpstream.POLICY, dns_setup=self.SETUP, **known
        )
        assert not unexplained(made)
        found = diagnose(made, all_kinds()).causes
        return {each.kind.id: {s.check for s in each.finding.explains} for each in found}

    def replica(self, check, got):
        targets = [Target("b on node2", Outcome.FAILED, got=got)]
        return [failed(check, f"pod:{node}", f"b on node2: {got}", targets) for node in NODES]

    def test_a_replica_that_is_behind(self, facts):
        found = self.of(facts, self.replica("dns.each_replica_is_current", "NXDOMAIN"))
        assert found == {
            "dns-replica-broken": {"dns.each_replica_is_current"},
            "dns-upstream-dead": {self.OUTSIDE},
        }

    @pytest.mark.parametrize(
        ("said", "got", "alone"),
        [
            ("no reply", "no reply", True),
            ("no reply", "SERVFAIL", True),  # as a cache on the node says
            ("SERVFAIL", "SERVFAIL", True),
            ("REFUSED", "SERVFAIL", False),
        ],
    )
    def test_a_replica_that_answers_nothing_or_all_wrongly(self, facts, said, got, alone):
        found = self.of(facts, self.replica("dns.each_replica_answers", said), got=got)
        assert ("dns-upstream-dead" not in found) is alone

    @pytest.mark.parametrize("ready", [0, 2])
    def test_rights_that_are_missing(self, facts, ready):
        found = self.of(
            facts,
            [failed("dns.dns_may_watch", message="may not watch services")],
            dns_deployments=(Deployment("kube-system", "coredns", 2, ready, 2, (), "coredns"),),
            dns_service=Service("kube-system", "kube-dns", ("10.96.0.10",), (), {}, ("10.244.9.1",)),
            dns_lacks=("watch services",),
        )
        assert set(found) == {"dns-without-rights"} | ({"dns-upstream-dead"} if ready else set())

    def test_another_domain(self, facts):
        mismatch = [failed("dns.domain_is_served", f"api:{node}") for node in NODES]
        mismatch += [failed("dns.pod_resolves_kubernetes", f"pod:{node}") for node in NODES]
        found = self.of(facts, mismatch, resolves=False)
        assert set(found) == {"dns-domain-mismatch", "dns-upstream-dead"}


class TestReplicas:
    def of(self, facts, names, *got):
        servers = tuple(DnsServer(f"10.244.9.{i}", name, "node1", 53, 53) for i, name in enumerate(names))
        results = [
            failed(
                "dns.each_replica_answers",
                f"{kind}:{node}",
                "some fail",
                [
                    Target(f"{names[0]} on node1 over {i}", Outcome.FAILED, got=said)
                    for i, said in enumerate(got)
                ],
            )
            for kind in ("pod", "node")
            for node in NODES
        ]
        return the_one(evidence(results, facts, dns_setup=DnsSetup(servers, Reading(()))))

    @pytest.mark.parametrize(
        ("names", "got", "says", "confidence"),
        [
            ("a", ("no reply", "connection refused"), "does not answer (connection refused, no reply)", 2),
            ("a", ("SERVFAIL",), "answers wrongly: SERVFAIL", 2),
            ("ab", ("no reply",), "does not answer (no reply), and the others do", 2),
            ("ab", ("connection refused",), "does not answer (connection refused), and the others do", 2),
            ("ab", ("SERVFAIL",), "answers wrongly: SERVFAIL, and the others answer rightly", 3),
            ("ab", ("SERVFAIL", "no reply"), "answers wrongly or not at all: SERVFAIL, no reply, and the", 3),
        ],
    )
    def test_what_it_does_is_told_as_it_is(self, facts, names, got, says, confidence):
        found = self.of(facts, names, *got)
        who = "the only DNS replica a" if names == "a" else "DNS replica a"
        assert found.finding.says.startswith(f"{who} on node1 {says}")
        assert ("others" in found.finding.says) == (names != "a")
        assert found.finding.confidence is Confidence(confidence)
