"""Causes in certificates and bootstrapping."""

from dataclasses import replace
from datetime import timedelta

import pytest

from kubecheck.checks import Policy
from kubecheck.cluster.bootstrap import SERVING_SIGNER, BootstrapToken, Rehearsal, SigningRequest
from kubecheck.cluster.controlplane import ApiServer, ControlPlane
from kubecheck.cluster.objects import Kubelet
from kubecheck.cluster.reading import Reading
from kubecheck.diagnosis import diagnose
from kubecheck.diagnosis.catalogue import all_kinds
from selftest.unit.checks_certs.conftest import NOW, OTHER_KEY, certificate, changed, make_cluster
from selftest.unit.kubecheck.conftest import make_facts, make_standing
from selftest.unit.kubecheck.diagnosis.made import causes, evidence, failed, passed, unexplained, unknown

CENTURY = {
    "certificates": {"issued_min_days": 36000, "kubelet_client_min_days": 36000, "authority_min_days": 36000}
}
SHORT = "certs.issued_for_long_enough"
HELD = "certs.kubelet_client_certificate"
DURATION = ("signing-duration", ("Flag/kube-controller-manager/--cluster-signing-duration",))


def policy(**sections):
    return Policy.model_validate(sections)


def with_days(facts, **days):
    """``facts`` whose kubelets' client certificates have so many days left."""
    kubelets = {
        name: Reading(Kubelet(left * 86400.0, {"rotateCertificates": True})) for name, left in days.items()
    }
    return replace(facts, kubelets=kubelets)


def rehearsing(**fields):
    standing = make_standing(("node1", "node2"))
    return replace(standing, rehearsal=Reading(Rehearsal(token="abcdef", node="new", **fields)))


def issuing(days, **options):
    return rehearsing(certificate=certificate("system:node:new", days=days, **options))


LONG_CA = certificate("kubernetes", days=40000)


def certified(**days):
    """A cluster with a CA for a century."""
    return with_days(changed(make_cluster(), "certificates", root=Reading((LONG_CA,))), **days)


class TestTooShort:
    def test_signing_for_a_year_is_the_signers_limit(self):
        made = evidence(
            [failed(SHORT, "rehearsal", "365 days"), passed(HELD, "api:node1")],
            certified(node1=36400, node2=36400),
            policy=policy(**CENTURY),
            standing=issuing(365),
        )
        assert causes(made) == [DURATION]

    def test_kubelets_that_were_issued_so_are_its_consequence(self):
        made = evidence(
            [failed(SHORT, "rehearsal", "365 days"), failed(HELD, "api:node2", "300 more days")],
            certified(node1=36400, node2=300),
            policy=policy(**CENTURY),
            standing=issuing(365),
        )
        assert causes(made) == [DURATION]
        assert not unexplained(made)

    def test_a_certificate_about_to_end_is_another_cause(self):
        made = evidence(
            [failed(SHORT, "rehearsal", "365 days"), failed(HELD, "api:node2", "2 more days")],
            certified(node1=36400, node2=2),
            policy=policy(**CENTURY),
            standing=issuing(365),
        )
        assert sorted(causes(made)) == sorted([DURATION, ("client-certificate-ending", ("Node/node2",))])

    @pytest.mark.parametrize("node", ["node1", "node2"])
    def test_one_kubelet_about_to_end(self, node):
        days = {"node1": 300.0, "node2": 300.0} | {node: 1.0}
        made = evidence([failed(HELD, f"api:{node}", "1 more day")], certified(**days), standing=issuing(365))
        assert causes(made) == [("client-certificate-ending", (f"Node/{node}",))]

    def test_without_a_rehearsal_all_kubelets_alike_speak_for_the_signer(self):
        made = evidence(
            [failed(HELD, "api:node1", "300 more days"), failed(HELD, "api:node2", "301 more days")],
            certified(node1=300, node2=301),
            policy=policy(**CENTURY),
        )
        assert causes(made) == [DURATION]

    def test_an_early_ca_cuts_what_it_signs(self):
        facts = with_days(make_cluster(), node1=3650, node2=36400)  # its CA ends in 3650 days
        made = evidence(
            [
                failed("certs.authority_valid", message="in 3650 days"),
                failed(SHORT, "rehearsal", "the end of the CA itself"),
                failed(HELD, "api:node1", "3650 more days"),
            ],
            facts,
            policy=policy(**CENTURY),
            standing=issuing(3650),
        )
        assert causes(made) == [("ca-ends-early", ("CA/kubernetes",))]
        assert not unexplained(made)

    def test_an_early_ca_and_a_shorter_signer_are_two(self):
        made = evidence(
            [failed("certs.authority_valid", message="in 3650 days"), failed(SHORT, "rehearsal", "365 days")],
            with_days(make_cluster(), node1=36400, node2=36400),
            policy=policy(**CENTURY),
            standing=issuing(365),
        )
        assert sorted(causes(made)) == [("ca-ends-early", ("CA/kubernetes",)), DURATION]


JOINING = [
    failed("certs.bootstrap_token_usable", message="no usable bootstrap token"),
    failed("certs.token_may_request", message="no usable bootstrap token"),
    failed("certs.new_node_gets_certificate", "rehearsal", "there is no usable bootstrap token"),
]


class TestJoining:
    def test_an_expired_token(self):
        ended = BootstrapToken("zyxwvu", True, (NOW - timedelta(hours=1)).isoformat(), ())
        made = evidence(JOINING, changed(make_cluster(), "bootstrap", tokens=Reading((ended,))))
        assert causes(made) == [("bootstrap-token", ("Secret/kube-system/bootstrap-token-zyxwvu",))]
        assert not unexplained(made)

    @pytest.mark.parametrize("damage", ["", "it has no token-secret"])
    def test_a_new_token_comes_first_and_only_an_expired_one_is_extended_by_a_day(self, damage):
        token = BootstrapToken("zyxwvu", True, (NOW - timedelta(days=90)).isoformat(), (), damage)
        facts = changed(make_cluster(), "bootstrap", tokens=Reading((token,)))
        [found] = diagnose(evidence(JOINING, facts), all_kinds()).causes
        assert found.remedy[0] == "kubeadm token create --ttl 24h"
        assert any("patch secret bootstrap-token-zyxwvu" in step for step in found.remedy) is not bool(damage)
        until = f"{NOW + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
        assert all(until in step for step in found.remedy[1:])

    def test_no_token_at_all(self):
        made = evidence(JOINING, changed(make_cluster(), "bootstrap", tokens=Reading(())))
        assert causes(made) == [("bootstrap-token", ("Secret/kube-system/bootstrap-token",))]

    def test_a_usable_token_is_not_blamed(self):
        assert causes(evidence(JOINING[2:], make_cluster())) == []

    @pytest.mark.parametrize(
        ("known", "check", "role"),
        [
            ("may_request", "certs.token_may_request", "system:node-bootstrapper"),
            (
                "approves",
                "certs.token_is_approved",
                "system:certificates.k8s.io:certificatesigningrequests:nodeclient",
            ),
            (
                "renews",
                "certs.renewal_is_approved",
                "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient",
            ),
        ],
    )
    def test_each_binding(self, known, check, role):
        said = Reading(False) if known == "renews" else Reading({"abcdef": False})
        made = evidence(
            [failed(check, message="asked the authorizer: no")],
            changed(make_cluster(), "bootstrap", **{known: said}),
        )
        assert causes(made) == [("bootstrap-binding", (f"ClusterRole/{role}",))]

    def test_two_bindings_are_two_causes(self):
        facts = changed(
            make_cluster(), "bootstrap", may_request=Reading({"abcdef": False}), renews=Reading(False)
        )
        made = evidence(
            [
                failed("certs.token_may_request"),
                failed("certs.renewal_is_approved"),
                failed("certs.new_node_gets_certificate", "rehearsal", "the request was refused: 403"),
                unknown("certs.issued_for_long_enough", "rehearsal"),
            ],
            facts,
        )
        assert len(causes(made)) == 2
        assert not unexplained(made)

    def test_a_signer_that_api_servers_do_not_believe(self):
        made = evidence(
            [failed("certs.issued_certificate_is_believed", "rehearsal", "signed by another key")],
            make_cluster(),
            standing=issuing(365, key=OTHER_KEY),
        )
        assert causes(made) == [
            ("signer-untrusted", ("Flag/kube-controller-manager/--cluster-signing-cert-file",))
        ]

    def test_a_certificate_for_somebody_else_is_no_matter_of_the_signers_ca(self):
        made = evidence(
            [failed("certs.issued_certificate_is_believed", "rehearsal", "is for CN=other")],
            make_cluster(),
            standing=rehearsing(certificate=certificate("other")),
        )
        assert causes(made) == []


def serving_request(node, minutes=5, **changes):
    made = (NOW - timedelta(minutes=minutes)).isoformat()
    user = f"system:node:{node}"
    ordinary = SigningRequest("csr-1", SERVING_SIGNER, user, made, "Pending", "", user, ("system:nodes",))
    return replace(ordinary, **changes)


class TestServing:
    @pytest.mark.parametrize("node", ["node1", "node2"])
    def test_a_request_that_waits(self, node):
        facts = changed(make_cluster(), "bootstrap", requests=Reading((serving_request(node),)))
        kubelets = dict(facts.kubelets) | {node: Reading(problem="remote error: tls: internal error")}
        made = evidence(
            [
                failed("certs.no_serving_request_waits", message="1 requests: csr-1 of system:node"),
                failed("nodes.exec", f"kubectl:{node}", "tls: internal error"),
                failed("addons.node_has_metrics", f"api:{node}", "no row"),
                unknown("dns.pod_resolves_kubernetes", f"pod:{node}"),
            ],
            replace(facts, kubelets=kubelets),
        )
        assert causes(made) == [("serving-csr-pending", (f"Node/{node}",))]
        assert not unexplained(made)
        (found,) = diagnose(made, all_kinds()).causes
        (said,) = found.finding.confirmed
        assert said.endswith(f"csr-1 of system:node:{node} is Pending since 2026-11-24T11:55:00+00:00")

    def test_of_several_tries_the_last_is_to_be_approved_once_the_first_has_waited(self):
        first = serving_request("node1", name="csr-0", minutes=2)
        last = serving_request("node1", name="csr-1", minutes=0)
        results = [failed("certs.no_serving_request_waits", message="2 requests: csr-0, csr-1")]
        for requests, told in (((first, last), "csr-1"), ((last,), "")):
            facts = changed(make_cluster(), "bootstrap", requests=Reading(requests))
            found = diagnose(evidence(results, facts), all_kinds()).causes
            assert "".join(each.finding.names.get("request", "") for each in found) == told

    def test_one_that_was_made_after_an_answer_has_waited_since_then_only(self):
        old = serving_request("node1", name="csr-0", minutes=90)
        answered = serving_request("node1", ends="2027-11-24T00:00:00Z", state="Approved", minutes=60)
        new = serving_request("node1", name="csr-2", minutes=0)
        facts = changed(make_cluster(), "bootstrap", requests=Reading((old, answered, new)))
        assert causes(evidence([failed("nodes.exec", "kubectl:node1")], facts)) == []

    def test_one_that_was_answered_later_is_none(self):
        old = serving_request("node1", name="csr-0", minutes=9)
        new = serving_request("node1", ends="2027-11-24T00:00:00Z", state="Approved")
        facts = changed(make_cluster(), "bootstrap", requests=Reading((old, new)))
        assert causes(evidence([failed("nodes.exec", "kubectl:node1")], facts)) == []


SERVERS = ("node1", "node2", "node3")


def three_servers():
    facts = make_facts(SERVERS)
    ready = Reading(())
    servers = [
        ApiServer(f"192.168.232.{n}", 6443, name, ready, Reading("v1.37.2")) for n, name in enumerate(SERVERS)
    ]
    return replace(facts, control_plane=Reading(ControlPlane(tuple(servers), ready)))


def certificate_failure(check, vantage, target="", missing="10.96.0.1"):
    said = (
        f"asked tls from {vantage}: AES, certificate CN=kube-apiserver of CN=kubernetes, valid until 2027;"
        f" expected a certificate for {missing} too; this one is for {target or 'node2'}"
    )
    return failed(check, vantage, f"1 of 3 fail: {target}\n{target}: {said}" if target else said, [target])


class TestApiServers:
    @pytest.mark.parametrize("bad", SERVERS)
    def test_the_one_whose_certificate_lacks_a_name(self, bad):
        results = [
            certificate_failure("certs.api_server_certificates", f"node:{name}", bad) for name in SERVERS
        ]
        service = certificate_failure("certs.kubernetes_service_certificate", "pod:node3")
        service = replace(service, message=service.message.replace("node2", bad))
        made = evidence([*results, service], three_servers())
        assert causes(made) == [("apiserver-certificate", (f"Node/{bad}",))]
        assert not unexplained(made)

    @pytest.mark.parametrize("beside", [(), (certificate("kubernetes", key=OTHER_KEY, days=3650),)])
    def test_a_ca_that_ends_is_no_fault_of_those_that_show_what_it_signed(self, beside):
        ca = certificate("kubernetes", days=3)
        facts = changed(make_cluster(), "certificates", root=Reading((ca, *beside)))
        facts = replace(facts, control_plane=three_servers().control_plane)
        said = (
            "asked tls: AES, certificate CN=kube-apiserver of CN=kubernetes, valid until 2030-01-01; expected"
            " a certificate that leads to the CA in ConfigMap kube-root-ca.crt: CN=kubernetes on the way"
            " there ends 2026-11-27 12:00 UTC, in 3.0 days; expected are 7 more"
        )
        results = [
            failed("certs.api_server_certificates", f"node:{at}", f"{of}: {said}", [of])
            for at in SERVERS
            for of in SERVERS
        ]
        made = evidence(
            [
                *results,
                failed("certs.kubernetes_service_certificate", "pod:node3", said),
                failed("certs.authority_valid", message="the CA CN=kubernetes ends 2026-11-27, in 3 days"),
                failed("certs.kubeconfig_server_certificate", message="CN=kubernetes, ends 2026-11-27 12:00"),
            ],
            facts,
        )
        assert causes(made) == [("ca-ends-early", ("CA/kubernetes",))]
        assert not unexplained(made)

    def test_another_certificate_at_the_service_is_not_laid_at_it(self):
        made = evidence(
            [
                certificate_failure("certs.api_server_certificates", "node:node1", "node3"),
                certificate_failure("certs.kubernetes_service_certificate", "pod:node3"),
            ],
            three_servers(),
        )
        assert unexplained(made) == {"certs.kubernetes_service_certificate@pod:node3"}

    def test_no_answer_is_no_matter_of_a_certificate(self):
        said = "asked tls: no answer; expected a certificate"
        made = evidence(
            [failed("certs.api_server_certificates", "node:node1", f"x\nnode2: {said}", ["node2"])],
            three_servers(),
        )
        assert "apiserver-certificate" not in dict(causes(made))


def test_what_is_not_known_raises_nothing(facts):
    results = [
        failed("certs.authority_valid"), failed(HELD, "api:node1"), failed(SHORT, "rehearsal"), *JOINING,
        failed("certs.no_serving_request_waits"), failed("certs.api_server_certificates", "node:node1"),
    ]  # fmt: skip
    assert unexplained(evidence(results, facts))
