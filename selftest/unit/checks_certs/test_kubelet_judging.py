"""What the checks of the kubelets' certificates and suites pass, fail and cannot tell."""

from dataclasses import replace

import pytest

from kubecheck.checks import CannotTell, NotApplicable
from kubecheck.checks.check import declared
from kubecheck.cluster.objects import Kubelet
from kubecheck.cluster.reading import Reading
from selftest.unit.checks_certs.conftest import (
    certificate,
)
from selftest.unit.checks_certs.judged import (
    DEFAULT,
    RUNBOOK,
    SIGNED,
    asked_for,
    kubelet,
    policy,
    shown,
    site,
)
from tests.certs import test_kubelet_certificates as kubelets
from tests.certs import test_kubelet_suites as suites


def test_client_certificates_of_kubelets(facts):
    node = facts.node("node1")
    kubelets.test_kubelet_client_certificate(facts, node, DEFAULT)
    with pytest.raises(AssertionError, match=r"expected are 36135; the CA CN=kubernetes ends in 3650 days"):
        kubelets.test_kubelet_client_certificate(facts, node, RUNBOOK)
    for seconds in (None, float("inf")):
        silent = replace(facts, kubelets={"node1": Reading(Kubelet(seconds, {"rotateCertificates": True}))})
        with pytest.raises(CannotTell, match=r"does not report the end"):
            kubelets.test_kubelet_client_certificate(silent, node, DEFAULT)


def test_a_kubelet_that_does_not_renew_tells_no_end(facts):
    node = facts.node("node1")
    static = replace(facts, kubelets={"node1": Reading(Kubelet(None, {"rotateCertificates": False}))})
    for rules in (DEFAULT, policy(kubelet_client_min_days=14), policy(kubelet_client_min_days=1)):
        with pytest.raises(NotApplicable, match=r"rotateCertificates is false.*; on the node: openssl"):
            kubelets.test_kubelet_client_certificate(static, node, rules)
    # What was promised is not left out in silence.
    for rules in (RUNBOOK, policy(kubelet_client_min_days=15)):
        with pytest.raises(CannotTell, match=r"rotateCertificates is false.*; policy promises"):
            kubelets.test_kubelet_client_certificate(static, node, rules)
    unread = replace(facts, kubelets={"node1": Reading(problem="forbidden")})
    with pytest.raises(CannotTell, match=r"forbidden"):
        kubelets.test_kubelet_client_certificate(unread, node, DEFAULT)


def test_the_subject_of_a_kubelets_certificate_is_seen_while_its_request_is_there(facts):
    node = facts.node("node1")
    kubelets.test_kubelet_certificate_subject(asked_for(facts, SIGNED), node)
    with pytest.raises(NotApplicable, match=r"no signed request of node1 is left"):
        kubelets.test_kubelet_certificate_subject(facts, node)
    wrong = replace(SIGNED, organizations=("system:masters",))
    with pytest.raises(AssertionError, match=r"O=system:masters; expected are CN=system:node:node1"):
        kubelets.test_kubelet_certificate_subject(asked_for(facts, wrong), node)


def test_serving_certificates_of_kubelets(facts):
    node = facts.node("node1")
    judge = kubelets.test_kubelet_serving_certificate
    own = certificate("node1@1", ("node1",), issuer="node1-ca@1", days=-0.5)
    with pytest.raises(NotApplicable, match=r"signed itself .until 2026-11-24"):
        judge(shown(own), facts, node, DEFAULT)
    judge(shown(certificate("system:node:node1", ("192.168.232.1",))), facts, node, DEFAULT)
    with pytest.raises(
        AssertionError, match=r"a certificate for node1 or 192\.168\.232\.1; this one is for node2"
    ):
        judge(shown(certificate("system:node:node2", ("node2",))), facts, node, DEFAULT)
    with pytest.raises(AssertionError, match=r"that is valid for 7 more days"):
        judge(shown(certificate("system:node:node1", ("node1",), days=1)), facts, node, DEFAULT)
    asking = replace(facts, kubelets={"node1": kubelet(serverTLSBootstrap=True)})
    with pytest.raises(AssertionError, match=r"somebody must approve this kubelet's request"):
        judge(shown(suite="", alert="internal_error"), asking, node, DEFAULT)
    with pytest.raises(CannotTell, match=r"speaks TLS 1\.3 only"):
        judge(shown(suite="", alert="protocol_version"), asking, node, DEFAULT)
    with pytest.raises(AssertionError, match=r"\(handshake_failure\) .*; expected a certificate$"):
        judge(shown(suite="", alert="handshake_failure"), asking, node, DEFAULT)
    with pytest.raises(AssertionError, match=r"of the cluster's CA"):
        judge(shown(own), asking, node, DEFAULT)


def test_suites_are_judged_only_where_policy_lists_them(facts):
    node = facts.node("node1")
    for function in (suites.test_kubelet_refuses_weak_suites, suites.test_kubelet_accepts_promised_suite):
        with pytest.raises(NotApplicable):
            declared(function).asks(site(facts))
    with pytest.raises(NotApplicable):
        suites.test_kubelet_suites_configured(facts, node, DEFAULT)
    weak = declared(suites.test_kubelet_refuses_weak_suites).asks(site(facts, RUNBOOK))
    assert weak.key == "tls 192.168.232.1:10250 offering weak suites only"
    with pytest.raises(CannotTell, match=r"TLS_MADE_UP"):
        declared(suites.test_kubelet_refuses_weak_suites).asks(
            site(facts, policy(kubelet_tls_cipher_suites=["TLS_MADE_UP"]))
        )
    promised = list(RUNBOOK.certificates.kubelet_tls_cipher_suites)
    for listed, told in (
        (promised, ""),
        ([], "lists no tlsCipherSuites"),
        ([*promised, "TLS_RSA_WITH_AES_128_CBC_SHA"], "also accepts TLS_RSA_WITH_AES_128_CBC_SHA"),
    ):
        configured = replace(facts, kubelets={"node1": kubelet(tlsCipherSuites=listed)})
        if not told:
            suites.test_kubelet_suites_configured(configured, node, RUNBOOK)
            continue
        with pytest.raises(AssertionError, match=told):
            suites.test_kubelet_suites_configured(configured, node, RUNBOOK)


CHACHA, AES = "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"


@pytest.mark.parametrize(
    ("promised", "configured"),
    [
        ([CHACHA], [f"{CHACHA}_SHA256"]),
        ([f"{CHACHA}_SHA256"], [CHACHA]),
        ([AES], [AES, "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"]),
        ([AES, "TLS_AES_256_GCM_SHA384"], [AES]),
    ],
)
def test_configured_suites_are_compared_by_what_they_are(facts, promised, configured):
    rules = policy(kubelet_tls_cipher_suites=promised)
    has = replace(facts, kubelets={"node1": kubelet(tlsCipherSuites=configured)})
    suites.test_kubelet_suites_configured(has, facts.node("node1"), rules)
    for function in (suites.test_kubelet_refuses_weak_suites, suites.test_kubelet_accepts_promised_suite):
        assert declared(function).asks(site(facts, rules)).hello
    other = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
    more = replace(facts, kubelets={"node1": kubelet(tlsCipherSuites=[*configured, other])})
    with pytest.raises(AssertionError, match=rf"also accepts {other}; expected"):
        suites.test_kubelet_suites_configured(more, facts.node("node1"), rules)


def test_suites_of_tls_13_alone_are_no_promise(facts):
    with pytest.raises(CannotTell, match=r"suites of TLS 1\.3 alone"):
        suites.promised(policy(kubelet_tls_cipher_suites=["TLS_AES_256_GCM_SHA384"]))


def test_a_kubelet_of_tls_13_alone_passes_both_ways():
    only13 = shown(suite="", alert="protocol_version")
    suites.test_kubelet_accepts_promised_suite(only13)
    suites.test_kubelet_refuses_weak_suites(only13)
