"""What the checks of API servers' certificates and of authorities pass, fail and cannot tell."""

from dataclasses import replace
from datetime import timedelta

import pytest

from kubecheck.checks import CannotTell, NotApplicable, Policy
from kubecheck.checks.check import declared
from kubecheck.cluster.certificates import Aggregation, Served
from kubecheck.cluster.clusterinfo import ClusterInfo
from kubecheck.cluster.reading import Reading
from selftest.unit.checks_certs.conftest import (
    CA,
    FRONT,
    NAMES,
    NAMESAKE,
    NOW,
    OTHER_KEY,
    certificate,
    changed,
)
from selftest.unit.checks_certs.judged import (
    DEFAULT,
    RUNBOOK,
    policy,
    shown,
    site,
)
from tests.certs import test_api_server_certificates as api_servers
from tests.certs import test_authorities as authorities


def test_a_good_certificate_passes_everywhere(facts):
    good = shown(certificate("kube-apiserver", NAMES))
    api_servers.test_kubernetes_service_certificate(good, facts, DEFAULT)
    api_servers.test_api_server_certificates({"node1": good}, facts, DEFAULT)
    api_servers.test_front_certificate(good, facts, DEFAULT)
    api_servers.test_kubeconfig_server_certificate(facts, DEFAULT)
    api_servers.test_own_client_certificate(facts, DEFAULT)


@pytest.mark.parametrize(
    ("mine", "told"),
    [
        (certificate("kube-apiserver", NAMES[1:]), "a certificate for 10.96.0.1 too"),
        (certificate("kube-apiserver", NAMES, days=2), "valid for 7 more days"),
        (certificate("kube-apiserver", NAMES, key=OTHER_KEY), "another key than that of the CA"),
        (certificate("kube-apiserver", NAMES, begins=NOW + timedelta(days=5)), "valid already"),
    ],
)
def test_what_is_wrong_at_one_api_server_is_told_with_its_name(facts, mine, told):
    with pytest.raises(AssertionError, match=r"asked tls") as failed:
        api_servers.test_api_server_certificates({"node1": shown(mine)}, facts, DEFAULT)
    assert told in str(failed.value)


ENDING = certificate("kubernetes", days=3)
BETWEEN = certificate("between", days=3)


@pytest.mark.parametrize(
    ("root", "chain", "told"),
    [
        ((ENDING,), (certificate("kube-apiserver", NAMES),), "CN=kubernetes"),
        ((NAMESAKE, ENDING), (certificate("kube-apiserver", NAMES),), "CN=kubernetes"),
        ((CA,), (certificate("kube-apiserver", NAMES, issuer="between"), BETWEEN), "CN=between"),
        ((CA, BETWEEN), (certificate("kube-apiserver", NAMES, issuer="between"),), "CN=between"),
    ],
)
def test_what_ends_above_a_certificate_is_told(facts, root, chain, told):
    served = Reading(Served("192.168.232.236", chain))
    ending = changed(facts, "certificates", root=Reading(root), served=served)
    with pytest.raises(
        AssertionError, match=rf"kube-root-ca.crt: {told} on the way there ends 2026-11-27 12:00"
    ):
        api_servers.test_kubernetes_service_certificate(shown(*chain), ending, DEFAULT)
    with pytest.raises(AssertionError, match=rf"kube-apiserver by way of {told}, which ends 2026-11-27"):
        api_servers.test_kubeconfig_server_certificate(ending, DEFAULT)
    if len(chain) == 1:
        with pytest.raises(AssertionError, match=rf"the CA {told} in kube-root-ca.crt ends .*in 3 days"):
            authorities.test_authority_valid(ending, DEFAULT)


def test_an_old_ca_may_be_left_beside_the_one_in_use(facts):
    both = (certificate("kubernetes", days=-0.5), CA)
    left = changed(
        facts, "certificates", root=Reading(both), aggregation=Reading(Aggregation(both, both, ()))
    )
    good = shown(certificate("kube-apiserver", NAMES))
    api_servers.test_kubernetes_service_certificate(good, left, DEFAULT)
    api_servers.test_kubeconfig_server_certificate(left, DEFAULT)
    authorities.test_authority_valid(left, DEFAULT)
    authorities.test_aggregation_authorities(left, DEFAULT)


def test_the_users_ca_that_counts_is_the_one_that_this_user_needs(facts):
    half = changed(facts, "certificates", aggregation=Reading(Aggregation((ENDING, NAMESAKE), (FRONT,), ())))
    with pytest.raises(AssertionError, match=r"client-ca-file: CN=kubernetes ends 2026-11-27"):
        authorities.test_aggregation_authorities(half, DEFAULT)
    by_token = changed(half, "certificates", own=Reading(problem="no certificate", absent=True))
    authorities.test_aggregation_authorities(by_token, DEFAULT)


def test_an_api_server_away_from_the_cluster_need_not_name_its_own_address(facts):
    servers = facts.control_plane.value.servers
    away = replace(
        facts,
        control_plane=Reading(replace(facts.control_plane.value, servers=(replace(servers[0], node=""),))),
    )
    mine = shown(certificate("kube-apiserver", [each for each in NAMES if each != "192.168.232.1"]))
    api_servers.test_api_server_certificates({"192.168.232.1": mine}, away, DEFAULT)
    with pytest.raises(AssertionError, match=r"192\.168\.232\.1 too"):
        api_servers.test_api_server_certificates({"node1": mine}, facts, DEFAULT)


def test_without_a_domain_or_a_ca_no_certificate_is_good_and_one_may_be_wrong(facts):
    unknown = replace(facts, dns_domain=Reading(problem="no kubelet"))
    with pytest.raises(CannotTell, match="no kubelet"):
        api_servers.test_kubernetes_service_certificate(
            shown(certificate("kube-apiserver", NAMES)), unknown, DEFAULT
        )
    with pytest.raises(AssertionError, match=r"a certificate for 10\.96\.0\.1 too"):
        api_servers.test_kubernetes_service_certificate(
            shown(certificate("kube-apiserver", NAMES[1:])), unknown, DEFAULT
        )
    lost = changed(facts, "certificates", root=Reading(problem="forbidden"))
    with pytest.raises(CannotTell, match=r"forbidden"):
        api_servers.test_kubernetes_service_certificate(shown(certificate("k", NAMES)), lost, DEFAULT)


def test_the_address_in_front_comes_from_policy_or_cluster_info(facts):
    ask = declared(api_servers.test_front_certificate).asks
    with pytest.raises(NotApplicable, match=r"names no VIP"):
        ask(site(facts))
    told = replace(facts, cluster_info=Reading(ClusterInfo("https://api.example.org:6443", ())))
    assert ask(site(told)).key == "tls api.example.org:6443"
    named = Policy.model_validate({"control_plane": {"vip": "[fd00::1]:8443"}})
    assert ask(site(told, named)).key == "tls [fd00::1]:8443"


def test_the_kubeconfigs_own_certificates(facts):
    other = changed(
        facts, "certificates", served=Reading(Served("api.example.org", (certificate("k", NAMES),)))
    )
    with pytest.raises(AssertionError, match=r"expected is one for api\.example\.org"):
        api_servers.test_kubeconfig_server_certificate(other, DEFAULT)
    ending = changed(facts, "certificates", own=Reading(certificate("admin", days=1)))
    with pytest.raises(AssertionError, match=r"in 1.0 days"):
        api_servers.test_own_client_certificate(ending, DEFAULT)
    by_token = changed(facts, "certificates", own=Reading(problem="no certificate", absent=True))
    with pytest.raises(NotApplicable):
        api_servers.test_own_client_certificate(by_token, DEFAULT)


def test_authorities(facts):
    authorities.test_authority_valid(facts, DEFAULT)
    authorities.test_root_ca_everywhere(facts)
    authorities.test_aggregation_authorities(facts, DEFAULT)
    authorities.test_authority_strict(facts, DEFAULT)
    with pytest.raises(AssertionError, match=r"in 3650 days; expected are at least 36135"):
        authorities.test_authority_valid(facts, RUNBOOK)
    stray = changed(facts, "certificates", strays=Reading({"web": "missing; made at noon"}))
    with pytest.raises(AssertionError, match=r"in 1 namespaces: web: missing"):
        authorities.test_root_ca_everywhere(stray)
    lone = changed(facts, "certificates", aggregation=Reading(Aggregation((CA,), (), ())))
    with pytest.raises(AssertionError, match=r"no requestheader-client-ca-file"):
        authorities.test_aggregation_authorities(lone, DEFAULT)
    ended = certificate("front-proxy-ca", issuer="front-proxy-ca", days=-0.5)
    old = changed(facts, "certificates", aggregation=Reading(Aggregation((CA,), (ended,), ())))
    with pytest.raises(AssertionError, match=r"1 of 2 fail: requestheader-client-ca-file"):
        authorities.test_aggregation_authorities(old, DEFAULT)


def test_a_ca_that_strict_verifiers_refuse_fails_only_where_policy_asks(facts):
    plain = changed(facts, "certificates", root=Reading((certificate("kubernetes", plain=True),)))
    with pytest.raises(NotApplicable, match=r"no key usage"):
        authorities.test_authority_strict(plain, DEFAULT)
    with pytest.raises(AssertionError, match=r"no key usage"):
        authorities.test_authority_strict(plain, policy(strict_authority=True))
