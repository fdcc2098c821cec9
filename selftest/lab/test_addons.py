"""Addons broken one by one, and what the checks say of it."""

from collections.abc import Callable, Iterator

import pytest
from kubernetes import client

from lab.handle import Lab
from selftest.lab.conftest import Run, until

Kubecheck = Callable[..., Run]

DASHBOARD = "kubernetes-dashboard"


def message(run: Run, check: str, vantage: str) -> str:
    """What one result says."""
    return next(c["message"] for c in run.verdict["checks"] if (c["id"], c["vantage"]) == (check, vantage))


@pytest.fixture
def frozen_kube_proxy(lab: Lab) -> Iterator[str]:
    """kube-proxy on one node stopped where it is."""
    node = lab.nodes[-1]
    lab.freeze(node, "kube-proxy")
    yield node
    lab.thaw(node, "kube-proxy")


def test_frozen_kube_proxy_is_red_on_its_node(kubecheck: Kubecheck, frozen_kube_proxy: str) -> None:
    run = kubecheck("-k", "kube_proxy_healthy")
    assert run.code == 1, run.output
    vantage = f"node:{frozen_kube_proxy}"
    assert run.with_outcome("failed") == {("addons.kube_proxy_healthy", vantage)}
    assert "no answer" in message(run, "addons.kube_proxy_healthy", vantage)
    assert not run.with_outcome("unknown")


@pytest.fixture
def dead_api(api: client.ApiClient) -> Iterator[str]:
    """An aggregated API whose product is gone."""
    registration, name = client.ApiregistrationV1Api(api), "v1.selftest.kubecheck.test"
    registration.create_api_service(
        {
            "metadata": {"name": name},
            "spec": {
                "group": "selftest.kubecheck.test", "version": "v1",
                "groupPriorityMinimum": 1, "versionPriority": 1,
                "insecureSkipTLSVerify": True, "service": {"namespace": "default", "name": "nobody"},
            },
        }
    )  # fmt: skip

    def judged() -> bool:
        return bool(registration.read_api_service_status(name).status.conditions)

    try:
        until(judged, "the aggregation layer has judged the API", 20)
        yield name
    finally:
        registration.delete_api_service(name)


def test_dead_aggregated_api_is_red(kubecheck: Kubecheck, dead_api: str) -> None:
    run = kubecheck("-k", "aggregated or metrics_api")
    assert run.code == 1, run.output
    assert run.with_outcome("failed") == {("addons.aggregated_apis_available", "api")}
    assert f"APIService {dead_api}, served by default/nobody" in message(
        run, "addons.aggregated_apis_available", "api"
    )


@pytest.fixture
def dashboard(api: client.ApiClient) -> None:
    """Only where the lab has one."""
    if not client.CoreV1Api(api).list_namespaced_service(DASHBOARD).items:
        pytest.skip("this lab has no dashboard")


@pytest.mark.usefixtures("dashboard")
def test_dashboard_answers_on_every_node_and_lets_its_administrator_in(
    kubecheck: Kubecheck, lab: Lab
) -> None:
    run = kubecheck("-k", "dashboard")
    assert run.code == 0, run.output
    assert run.with_outcome("passed") == {
        ("addons.dashboard_page", "api"),
        ("addons.dashboard_login", "api"),
        *(("addons.dashboard_node_port", f"node:{node}") for node in lab.nodes),
    }
