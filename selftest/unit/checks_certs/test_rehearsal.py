"""The rehearsal against an API server that does as it is told: what it says, and what it leaves behind."""

import pytest
from kubernetes.client import ApiClient, Configuration

import kubecheck.fleet.rehearsal as module
from kubecheck.cluster.api import Api, ApiError
from kubecheck.fleet.rehearsal import Rehearsing
from kubecheck.policy import Policy
from selftest.unit.checks_certs.conftest import FakeApi, token_secret

SECRET = "0123456789abcdef"
HASTY = Policy.model_validate({"certificates": {"approval_seconds": 0.05}})


@pytest.fixture
def rehearse(monkeypatch):
    """Rehearse against a fake API, which is also the one that the token reaches."""
    monkeypatch.setattr(module, "_with_token", lambda api, secret: api)

    def go(api, policy=HASTY, may_not=""):
        rehearsing = Rehearsing(api, policy, "r1", may_not)
        found = rehearsing.perform()
        assert api.requests == {}, "a request was left behind"
        assert SECRET not in repr(found)
        return found

    return go


def test_a_certificate_is_issued_and_nothing_is_left(rehearse):
    api = FakeApi([token_secret()])
    found = rehearse(api).value
    assert found.certificate.common_name == "system:node:kubecheck-rehearsal-r1"
    assert found.conditions == ("Approved: AutoApproved",)
    assert found.refusal == found.omitted == ""
    assert api.deleted
    assert not any(SECRET in said or "PRIVATE" in said for said in api.said)


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        ({"refuses": 401}, "does not accept the token (401)"),
        ({"refuses": 403}, "the request was refused: refused with 403"),
        ({"conditions": []}, "nobody approved the request within"),
        ({"signs": False}, "approved, and nobody signed it within"),
        ({"conditions": [{"type": "Denied", "message": "no"}], "signs": False}, "turned down (Denied: no)"),
    ],
)
def test_where_a_joining_ends_is_told(rehearse, options, refusal):
    found = rehearse(FakeApi([token_secret()], **options)).value
    assert found.certificate is None
    assert refusal in found.refusal


@pytest.mark.parametrize("status", [0, 503])
def test_an_api_server_that_does_not_answer_tells_nothing_of_the_token(rehearse, status):
    found = rehearse(FakeApi([token_secret()], refuses=status))
    assert found.found is None
    assert "could not be rehearsed" in found.problem


THERE = ApiError(409, "AlreadyExists", 'certificatesigningrequests "kubecheck-r1-rehearsal" already exists')
BUSY = ApiError(500, "InternalError", "etcdserver: request timed out")
FORBIDDEN = ApiError(403, "Forbidden", "cannot list certificatesigningrequests")


def test_what_a_run_of_the_same_id_left_is_no_refusal(rehearse):
    api = FakeApi([token_secret()])
    api.requests["kubecheck-r1-rehearsal"] = {"metadata": {"name": "kubecheck-r1-rehearsal"}, "spec": {}}
    assert rehearse(api).value.certificate


@pytest.mark.parametrize(
    "failures",
    [{"create": [THERE]}, {"delete": [FORBIDDEN]}],
    ids=["it comes again", "it may not be deleted"],
)
def test_one_that_stays_in_the_way_tells_nothing_of_the_token(rehearse, failures):
    found = rehearse(FakeApi([token_secret()], failures=failures))
    assert found.found is None
    assert found.problem.startswith("a node's joining could not be rehearsed: ")


@pytest.mark.parametrize(
    "options", [{"expires": 1}, {"expires": 3}, {"silent": True}], ids=["expired", "thrice", "silent"]
)
def test_what_a_watch_missed_is_read(rehearse, options):
    policy = Policy.model_validate({"certificates": {"approval_seconds": 0.5}})
    assert rehearse(FakeApi([token_secret()], **options), policy).value.certificate


@pytest.mark.parametrize("method", ["get", "watch"])
@pytest.mark.parametrize(("problem", "known"), [(BUSY, False), (FORBIDDEN, True)], ids=["busy", "forbidden"])
def test_a_request_that_could_not_be_followed_is_refused_only_by_a_refusal(rehearse, method, problem, known):
    found = rehearse(FakeApi([token_secret()], failures={method: [problem]}))
    if known:
        assert found.value.refusal == f"the request could not be watched: {problem}"
    else:
        assert found.problem == f"a node's joining could not be rehearsed: {problem}"


@pytest.mark.parametrize("status", [410, 520])
def test_a_request_that_is_lost_on_the_way_is_nobodys_refusal(rehearse, status):
    found = rehearse(FakeApi([token_secret()], failures={"watch": [ApiError(status, "", "lost")]}))
    assert found.problem == "a node's joining could not be rehearsed: lost"


def test_a_request_that_somebody_deletes_is_nobodys_refusal(rehearse, monkeypatch):
    api = FakeApi([token_secret()])

    def watch(path, version, seconds, **query):
        yield {"type": "DELETED", "object": api.requests.pop("kubecheck-r1-rehearsal")}

    monkeypatch.setattr(api, "watch", watch)
    assert "deleted" in rehearse(api).problem


def test_a_certificate_counts_though_its_request_could_not_be_deleted_at_once(rehearse, monkeypatch):
    api = FakeApi([token_secret()], failures={"delete": [None, BUSY]})
    rehearsing = Rehearsing(api, HASTY, "r1")
    assert rehearsing.perform().value.certificate
    assert api.requests
    rehearsing.remove()
    assert api.requests == {}


def test_whoever_may_not_delete_the_request_does_not_make_it(rehearse):
    api = FakeApi([token_secret()])
    assert "may not delete" in rehearse(api, may_not="these credentials may not delete requests").problem
    assert api.said == []


def test_without_a_usable_token_or_against_policy_there_is_none(rehearse):
    assert "no usable bootstrap token" in rehearse(FakeApi([token_secret(token_secret="")])).value.omitted
    off = Policy.model_validate({"certificates": {"rehearse_bootstrap": False}})
    api = FakeApi([token_secret()])
    assert "policy turns the rehearsal off" in rehearse(api, off).value.omitted
    assert api.said == []


def test_a_run_that_was_stopped_makes_no_request(rehearse, monkeypatch):
    monkeypatch.setattr(module, "_with_token", lambda api, secret: api)
    api = FakeApi([token_secret()])
    rehearsing = Rehearsing(api, HASTY, "r1")
    rehearsing.remove()
    assert rehearsing.perform().problem == "a node's joining could not be rehearsed: the run was stopped"
    assert api.said == []
    assert api.deleted == []


def test_the_bearer_of_the_token_has_no_other_credentials():
    configuration = Configuration(host="https://127.0.0.1:1")
    configuration.api_key = {"authorization": "Bearer admin"}
    admin = Api(ApiClient(configuration))
    configuration.cert_file, configuration.key_file = "/admin.crt", "/admin.key"
    found = module._with_token(admin, token_secret()).client.configuration
    assert (found.cert_file, found.key_file) == (None, None)
    assert found.auth_settings()["BearerToken"]["value"] == f"Bearer abcdef.{SECRET}"
    assert configuration.cert_file == "/admin.crt"
    assert configuration.api_key == {"authorization": "Bearer admin"}


def test_the_longest_id_of_a_run_still_gives_a_common_name():
    run = "01234567-" * 4 + "9999"
    node = Rehearsing(None, HASTY, run).node
    assert len(f"system:node:{node}") <= 64
    assert node.startswith("kubecheck-rehearsal-")
    assert node.endswith("9999")
