"""What the checks of bootstrapping and of requests pass, fail and cannot tell."""

from dataclasses import replace
from datetime import timedelta

import pytest

from kubecheck.checks import CLIENT_SIGNER, SERVING_SIGNER, CannotTell, NotApplicable, Rehearsal
from kubecheck.cluster.certificates import Aggregation
from kubecheck.cluster.reading import Reading
from selftest.unit.checks_certs.conftest import (
    CA,
    FRONT,
    NAMESAKE,
    NOW,
    TOKEN,
    certificate,
    changed,
    make_cluster,
)
from selftest.unit.checks_certs.judged import (
    DEFAULT,
    RUNBOOK,
    SIGNED,
    asked_for,
    kubelet,
    policy,
)
from selftest.unit.kubecheck.conftest import make_standing
from tests.certs import test_bootstrap as bootstrap
from tests.certs import test_requests as requests

BY_API = (
    bootstrap.test_bootstrap_token_usable,
    bootstrap.test_token_may_request,
    bootstrap.test_token_is_approved,
)


def test_tokens_and_rights(facts):
    for judge in BY_API:
        judge(facts, RUNBOOK)
    bootstrap.test_renewal_is_approved(facts)
    powerless = changed(facts, "bootstrap", may_request=Reading({TOKEN.id: False}))
    for judge in BY_API[:2]:
        with pytest.raises(AssertionError, match=r"system:bootstrappers:kubeadm:default-node-token"):
            judge(powerless, DEFAULT)
    with pytest.raises(AssertionError, match=r"/nodeclient: no"):
        BY_API[2](changed(facts, "bootstrap", approves=Reading({TOKEN.id: False})), DEFAULT)


@pytest.mark.parametrize("tokens", [(), (replace(TOKEN, ends="2026-01-01T00:00:00Z"),)])
def test_no_usable_token_is_normal_unless_policy_asks_for_one(facts, tokens):
    without = changed(facts, "bootstrap", tokens=Reading(tokens))
    for judge in BY_API:
        with pytest.raises(NotApplicable, match=r"expired|none at all"):
            judge(without, DEFAULT)
        with pytest.raises(AssertionError, match=r"expected is one that has not expired"):
            judge(without, RUNBOOK)


def test_missing_rights_of_our_own_are_unknown(facts):
    blind = changed(
        facts, "bootstrap", tokens=Reading(problem="forbidden"), renews=Reading(problem="forbidden")
    )
    for judge in BY_API:
        with pytest.raises(CannotTell):
            judge(blind, RUNBOOK)
    with pytest.raises(CannotTell):
        bootstrap.test_renewal_is_approved(blind)


def test_renewal_concerns_only_kubelets_that_renew(facts):
    refused = changed(facts, "bootstrap", renews=Reading(False))
    with pytest.raises(AssertionError, match=r"selfnodeclient: no"):
        bootstrap.test_renewal_is_approved(refused)
    static = replace(refused, kubelets={"node1": kubelet(rotateCertificates=False)})
    with pytest.raises(NotApplicable):
        bootstrap.test_renewal_is_approved(static)


def fleet(**rehearsal):
    found = Rehearsal(token="abcdef", node="n9", **rehearsal)
    return replace(make_standing(("node1",)), rehearsal=Reading(found))


def node_certificate(**options):
    return certificate("system:node:n9", organization="system:nodes", **options)


AFTERWARDS = (bootstrap.test_issued_for_long_enough, bootstrap.test_issued_certificate_is_believed)


def test_a_rehearsal_that_went_well(facts):
    good = fleet(seconds=0.1, certificate=node_certificate())
    bootstrap.test_new_node_gets_certificate(good, DEFAULT)
    for judge in AFTERWARDS:
        judge(good, facts, DEFAULT)
    with pytest.raises(AssertionError, match=r"for 366.00 days; expected are at least 36135"):
        bootstrap.test_issued_for_long_enough(good, facts, RUNBOOK)
    cut = changed(facts, "certificates", root=Reading((replace(CA, ends=node_certificate().ends),)))
    with pytest.raises(AssertionError, match=r"the end of the CA itself"):
        bootstrap.test_issued_for_long_enough(good, cut, RUNBOOK)


BACKDATED = timedelta(minutes=5)


def signed_for(hours, ca_ends=None):
    """As kube-controller-manager does it: begin and end five minutes before, and cut to the CA's end."""
    ends = NOW + timedelta(hours=hours) - BACKDATED
    mine = replace(node_certificate(), begins=NOW - BACKDATED, ends=min(ends, ca_ends or ends))
    return fleet(certificate=mine)


@pytest.mark.parametrize(("days", "hours"), [(365, 8760), (36500, 876000)])
def test_a_certificate_is_issued_for_as_long_as_the_flag_says(facts, days, hours):
    promised = policy(issued_min_days=days)
    bootstrap.test_issued_for_long_enough(signed_for(hours), facts, promised)
    # Also where it is looked at later.
    later = replace(facts, clock=Reading((NOW + timedelta(minutes=3)).isoformat()))
    bootstrap.test_issued_for_long_enough(signed_for(hours), later, promised)
    with pytest.raises(AssertionError, match=r"expected are at least"):
        bootstrap.test_issued_for_long_enough(signed_for(hours - 1), facts, promised)


def test_a_ca_that_was_made_for_as_long_cuts_what_it_signs_later(facts):
    made = replace(CA, begins=NOW - timedelta(hours=1), ends=NOW + timedelta(days=36500, hours=-1))
    cut = changed(facts, "certificates", root=Reading((made,)))
    with pytest.raises(AssertionError, match=r"for 36499\.96 days, which is the end of the CA itself"):
        bootstrap.test_issued_for_long_enough(
            signed_for(876000, made.ends), cut, policy(issued_min_days=36500)
        )


def test_an_issued_certificate_that_nobody_believes(facts):
    strange = changed(facts, "certificates", aggregation=Reading(Aggregation((NAMESAKE,), (FRONT,), ())))
    good = fleet(certificate=node_certificate())
    with pytest.raises(AssertionError, match=r"they would answer 401"):
        bootstrap.test_issued_certificate_is_believed(good, strange, DEFAULT)
    over = certificate("kubernetes", days=-0.5)
    ended = changed(facts, "certificates", aggregation=Reading(Aggregation((NAMESAKE, over), (FRONT,), ())))
    with pytest.raises(
        AssertionError, match=r"CN=kubernetes on the way there ends .*: they would answer 401"
    ):
        bootstrap.test_issued_certificate_is_believed(good, ended, DEFAULT)
    both = changed(facts, "certificates", aggregation=Reading(Aggregation((over, CA), (FRONT,), ())))
    bootstrap.test_issued_certificate_is_believed(good, both, DEFAULT)
    silent = changed(facts, "certificates", aggregation=Reading(Aggregation((), (FRONT,), ())))
    with pytest.raises(CannotTell, match=r"no client-ca-file"):
        bootstrap.test_issued_certificate_is_believed(good, silent, DEFAULT)
    renamed = fleet(certificate=certificate("system:node:other", organization="system:nodes"))
    with pytest.raises(AssertionError, match=r"expected is CN=system:node:n9,O=system:nodes"):
        bootstrap.test_issued_certificate_is_believed(renamed, facts, DEFAULT)


def test_a_rehearsal_that_failed_is_red_once(facts):
    refused = fleet(refusal="nobody approved the request within 10.0 s")
    with pytest.raises(AssertionError, match=r"for node n9 with bootstrap token abcdef: nobody approved"):
        bootstrap.test_new_node_gets_certificate(refused, DEFAULT)
    for judge in AFTERWARDS:
        with pytest.raises(CannotTell, match=r"got no certificate"):
            judge(refused, facts, DEFAULT)


def test_a_rehearsal_that_did_not_take_place():
    omitted = fleet(omitted="there is no usable bootstrap token")
    with pytest.raises(NotApplicable):
        bootstrap.test_new_node_gets_certificate(omitted, DEFAULT)
    with pytest.raises(AssertionError, match=r"can join at any time"):
        bootstrap.test_new_node_gets_certificate(omitted, RUNBOOK)
    barred = replace(make_standing(("node1",)), rehearsal=Reading(problem="may not delete"))
    with pytest.raises(CannotTell):
        bootstrap.test_new_node_gets_certificate(barred, RUNBOOK)


def pending(seconds, signer=CLIENT_SIGNER, state="Pending"):
    created = (NOW - timedelta(seconds=seconds)).isoformat()
    return replace(SIGNED, signer=signer, state=state, created=created, ends="")


def test_requests_that_wait(facts):
    requests.test_no_client_request_waits(asked_for(facts, SIGNED, pending(30), pending(90, SERVING_SIGNER)))
    with pytest.raises(
        AssertionError, match=r"csr-1 of system:node:node1 is waiting for approval since 2 min"
    ):
        requests.test_no_client_request_waits(asked_for(facts, pending(120)))
    with pytest.raises(AssertionError, match=r"approved and not signed"):
        requests.test_no_client_request_waits(asked_for(facts, pending(120, state="Approved")))


def test_serving_requests_concern_only_kubelets_that_make_them(facts):
    with pytest.raises(NotApplicable, match=r"serverTLSBootstrap is off"):
        requests.test_no_serving_request_waits(facts)
    asking = replace(make_cluster(), kubelets={"node1": kubelet(serverTLSBootstrap=True)})
    requests.test_no_serving_request_waits(asking)
    with pytest.raises(AssertionError, match=r"never approves these .serverTLSBootstrap is on at node1"):
        requests.test_no_serving_request_waits(asked_for(asking, pending(90, SERVING_SIGNER)))


def test_a_request_that_was_answered_in_another_way_does_not_wait(facts):
    served = replace(SIGNED, created=(NOW - timedelta(seconds=60)).isoformat())
    requests.test_no_client_request_waits(asked_for(facts, pending(120, state="Denied")))
    requests.test_no_client_request_waits(asked_for(facts, pending(120), served))
    # One that was served before waits for its renewal.
    with pytest.raises(AssertionError, match=r"waiting for approval"):
        requests.test_no_client_request_waits(
            asked_for(facts, pending(90), replace(served, created=long_ago()))
        )


def long_ago():
    return (NOW - timedelta(days=1)).isoformat()
