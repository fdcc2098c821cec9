"""A dashboard found, read and logged in to, through an API server's proxy."""

import json
from dataclasses import replace

import pytest

from kubecheck.checks import CannotTell, NotApplicable, Policy
from kubecheck.cluster.dashboard import read_dashboards
from kubecheck.cluster.reading import Reading
from kubecheck.policy.model import Addons

TOKEN = "secret.token.of-the-administrator"
PROXY = "/api/v1/namespaces/kubernetes-dashboard/services/https:kubernetes-dashboard:443/proxy/"
ACCOUNT = "kube-system/admin-user"
SERVICE = {
    "metadata": {"namespace": "kubernetes-dashboard", "name": "kubernetes-dashboard"},
    "spec": {"clusterIP": "10.96.9.9", "ports": [{"port": 443, "nodePort": 31000}]},
}


def services(item, label="k8s-app=kubernetes-dashboard"):
    return lambda query: (200, {"items": [item] if query["labelSelector"] == label else []})


@pytest.fixture
def pages(server):
    """What a cluster with a dashboard answers; a test changes some of it."""
    server.pages = {
        "/api/v1/services": services(SERVICE),
        "/apis/discovery.k8s.io/v1/namespaces/kubernetes-dashboard/endpointslices": (
            200,
            {"items": [{"endpoints": [{"addresses": ["10.244.1.9"]}]}]},
        ),
        PROXY: (200, b"<!doctype html><html>..."),
        f"{PROXY}api/v1/csrftoken/login": (200, {"token": "csrf"}),
        f"{PROXY}api/v1/login": (200, {"jweToken": "jwe", "errors": []}),
        "/api/v1/namespaces/kube-system/serviceaccounts/admin-user/token": (
            201,
            {"status": {"token": TOKEN}},
        ),
        "/apis/authorization.k8s.io/v1/subjectaccessreviews": (201, {"status": {"allowed": True}}),
        "/apis/authentication.k8s.io/v1/tokenreviews": (201, {"status": {"authenticated": True}}),
    }
    return server.pages


def test_a_dashboard_is_found_and_logged_in_to(server, api, pages):
    (found,) = read_dashboards(api, ACCOUNT)
    assert (found.kind, found.service.full_name) == (
        "Kubernetes Dashboard",
        "kubernetes-dashboard/kubernetes-dashboard",
    )
    assert found.node_port == 31000
    assert found.page.value.startswith("<!doctype html>")
    assert found.login.value.problem == ""
    assert found.login.value.administrator.value is True
    login = next(asked for asked in server.asked if asked[1].endswith("/api/v1/login"))
    assert login[0] == "POST"
    assert login[3] == {"token": TOKEN}
    assert TOKEN not in repr(found)


def test_without_an_account_no_token_is_made(server, api, pages):
    (found,) = read_dashboards(api, "")
    assert found.login.found is None
    assert not any("token" in asked[1] for asked in server.asked)


def test_a_refusal_inside_an_answer_is_a_refusal(api, pages):
    refused = {"jweToken": "", "errors": [{"ErrStatus": {"code": 401, "message": f"bad {TOKEN}"}}]}
    pages[f"{PROXY}api/v1/login"] = (200, refused)
    (found,) = read_dashboards(api, ACCOUNT)
    assert "401" in found.login.value.problem
    assert TOKEN not in repr(found)


def test_a_missing_account_is_told(api, pages):
    pages["/api/v1/namespaces/kube-system/serviceaccounts/admin-user/token"] = (404, {"message": "not found"})
    (found,) = read_dashboards(api, ACCOUNT)
    assert found.login.value.problem == "there is no ServiceAccount kube-system/admin-user"


def test_a_right_that_is_missing_is_no_refusal(api, pages):
    pages["/api/v1/namespaces/kube-system/serviceaccounts/admin-user/token"] = (403, {"message": "forbidden"})
    (found,) = read_dashboards(api, ACCOUNT)
    assert found.login.found is None
    assert "forbidden" in found.login.problem


REFUSAL = {
    "reason": "Forbidden",
    "message": 'services "x" is forbidden: cannot get resource "services/proxy"',
}


@pytest.mark.parametrize("check", ["test_dashboard_page", "test_dashboard_login"])
def test_whoever_may_not_ask_the_dashboard_knows_nothing_of_it(checks, given, pages, check):
    pages[PROXY] = pages[f"{PROXY}api/v1/csrftoken/login"] = (403, REFUSAL)
    with pytest.raises(CannotTell, match="services/proxy"):
        getattr(checks("addons", "test_dashboard"), check)(given(), WANTED)


def test_a_run_that_creates_nothing_makes_no_token(checks, server, api, pages, facts):
    found = read_dashboards(api, ACCOUNT, log_in=False)
    assert {asked[0] for asked in server.asked} == {"GET"}
    module = checks("addons", "test_dashboard")
    module.test_dashboard_page(replace(facts, dashboards=Reading(found)), WANTED)
    with pytest.raises(NotApplicable, match="--no-probes"):
        module.test_dashboard_login(replace(facts, dashboards=Reading(found)), WANTED)


def test_headlamp_is_judged_by_the_api_servers_word(api, pages):
    item = json.loads(json.dumps(SERVICE))
    item["metadata"] = {"namespace": "kubernetes-dashboard", "name": "headlamp"}
    item["spec"]["ports"] = [{"port": 80, "name": "http"}]
    pages["/api/v1/services"] = services(item, "app.kubernetes.io/name=headlamp")
    proxy = "/api/v1/namespaces/kubernetes-dashboard/services/http:headlamp:http/proxy/"
    pages[proxy] = (200, b"<html>")
    (found,) = read_dashboards(api, ACCOUNT)
    assert (found.kind, found.node_port, found.login.value.problem) == ("Headlamp", 0, "")
    pages["/apis/authentication.k8s.io/v1/tokenreviews"] = (201, {"status": {"error": "expired"}})
    (found,) = read_dashboards(api, ACCOUNT)
    assert "expired" in found.login.value.problem


def test_a_kong_of_another_product_is_no_dashboard(api, pages):
    item = json.loads(json.dumps(SERVICE))
    item["metadata"]["name"] = "my-ingress-kong"
    pages["/api/v1/services"] = services(item, "app.kubernetes.io/name=kong")
    assert read_dashboards(api, ACCOUNT) == ()


@pytest.fixture
def given(api, pages, facts):
    return lambda: replace(facts, dashboards=Reading(read_dashboards(api, ACCOUNT)))


WANTED = Policy(addons=Addons(dashboard=True, dashboard_admin=ACCOUNT))


def test_judged_green(checks, given):
    module = checks("addons", "test_dashboard")
    module.test_dashboard_page(given(), Policy())
    module.test_dashboard_login(given(), WANTED)


def test_none_is_red_only_where_one_was_promised(checks, facts):
    module = checks("addons", "test_dashboard")
    none = replace(facts, dashboards=Reading(()))
    with pytest.raises(NotApplicable):
        module.test_dashboard_page(none, Policy())
    with pytest.raises(AssertionError, match="policy asks for a dashboard"):
        module.test_dashboard_page(none, WANTED)
    with pytest.raises(CannotTell):
        module.test_dashboard_page(replace(facts, dashboards=Reading(problem="forbidden")), WANTED)


@pytest.mark.parametrize(
    ("path", "page", "check", "told"),
    [
        (
            PROXY,
            (503, {"message": "no endpoints available"}),
            "test_dashboard_page",
            "no endpoints available",
        ),
        (PROXY, (200, b"It works"), "test_dashboard_page", "expected HTML"),
        (f"{PROXY}api/v1/login", (500, b"EOF"), "test_dashboard_login", "the login answered 500: EOF"),
        (
            "/apis/authorization.k8s.io/v1/subjectaccessreviews",
            (201, {"status": {"allowed": False}}),
            "test_dashboard_login",
            "not bound to cluster-admin",
        ),
    ],
)
def test_judged_red(checks, given, pages, path, page, check, told):
    pages[path] = page
    with pytest.raises(AssertionError, match=told):
        getattr(checks("addons", "test_dashboard"), check)(given(), WANTED)
