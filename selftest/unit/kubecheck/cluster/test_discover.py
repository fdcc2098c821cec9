from dataclasses import fields

import pytest

from kubecheck.cluster.connection import ConnectionProblem
from kubecheck.cluster.discover import discover
from kubecheck.cluster.facts import Facts
from kubecheck.cluster.priorities import PriorityClass
from kubecheck.cluster.reading import Reading
from kubecheck.outcomes import CannotTell
from kubecheck.policy import Policy

NODES = {"items": [{"metadata": {"name": name}, "spec": {}, "status": {}} for name in ("b", "a", "c")]}


@pytest.fixture
def cluster(server):
    """A server that knows its version and its nodes, and nothing else until a test adds it."""
    server.pages |= {"/version": (200, {"gitVersion": "v1.36.4"}), "/api/v1/nodes": (200, NODES)}
    return server


def refusal(api):
    with pytest.raises(ConnectionProblem) as refused:
        discover(api, Policy())
    said = str(refused.value)
    assert "\n" not in said
    return said


@pytest.mark.parametrize(
    "version", [{}, {"status": "ok"}, [], "hello"], ids=["empty", "another's", "list", "text"]
)
def test_a_server_that_is_no_api_server_is_refused_in_words(cluster, api, version):
    cluster.pages["/version"] = (200, version)
    assert api.server in refusal(api)


@pytest.mark.parametrize("item", [{}, {"metadata": {}}, {"metadata": None}, [], "node"], ids=repr)
def test_nodes_in_a_form_that_is_none_are_refused_in_words(cluster, api, item):
    cluster.pages["/api/v1/nodes"] = (200, {"items": [item]})
    assert "does not answer as a Kubernetes API server" in refusal(api)


@pytest.mark.parametrize(
    ("status", "words"), [(401, "credentials"), (403, "lack a right"), (500, "answered 500")]
)
def test_without_the_right_to_list_nodes_there_is_no_run(cluster, api, status, words):
    cluster.pages["/api/v1/nodes"] = (status, {"message": "nodes is forbidden"})
    assert words in refusal(api)


def test_nodes_are_sorted_and_every_other_fact_is_there_or_says_why_not(cluster, api):
    facts = discover(api, Policy())
    assert facts.server_version == "v1.36.4"
    assert [node.name for node in facts.nodes] == ["a", "b", "c"]
    readings = {field.name: getattr(facts, field.name) for field in fields(Facts)}
    for name, reading in readings.items():
        if isinstance(reading, Reading) and reading.found is None:
            assert reading.problem, f"{name} is missing without a reason"
    assert facts.pods.absent
    with pytest.raises(CannotTell, match="pods could not be read: no such thing"):
        _ = facts.pods.value


def test_a_fact_that_may_not_be_read_is_unknown_and_not_absent(cluster, api):
    cluster.pages["/api/v1/pods"] = (403, {"message": "pods is forbidden"})
    facts = discover(api, Policy())
    assert not facts.pods.absent
    with pytest.raises(CannotTell, match="pods is forbidden"):
        _ = facts.pods.value


@pytest.mark.parametrize("item", [{}, {"metadata": None}, {"metadata": []}, None, "pod"], ids=repr)
def test_a_fact_in_a_form_that_is_none_is_unknown(cluster, api, item):
    cluster.pages["/api/v1/pods"] = (200, {"items": [item]})
    facts = discover(api, Policy())
    with pytest.raises(CannotTell, match="pods"):
        _ = facts.pods.value


def test_the_cluster_domain_is_the_one_that_most_kubelets_hand_out(cluster, api):
    for name, domain in (("a", "cluster.local"), ("b", "wrong.local"), ("c", "cluster.local")):
        proxy = f"/api/v1/nodes/{name}/proxy"
        cluster.pages[f"{proxy}/configz"] = (200, {"kubeletconfig": {"clusterDomain": domain}})
        cluster.pages[f"{proxy}/metrics"] = (
            200,
            b"kubelet_certificate_manager_client_ttl_seconds 3.1536e+09\n",
        )
    facts = discover(api, Policy())
    assert facts.dns_domain.value == "cluster.local"
    assert facts.kubelets["b"].value.cluster_domain == "wrong.local"
    assert facts.kubelets["a"].value.client_certificate_seconds == 3.1536e9


def test_without_any_kubelet_the_domain_is_unknown(cluster, api):
    facts = discover(api, Policy())
    assert set(facts.kubelets) == {"a", "b", "c"}
    with pytest.raises(CannotTell, match="the cluster domain is not known"):
        _ = facts.dns_domain.value


def test_what_several_facts_are_made_of_is_read_once(cluster, api):
    discover(api, Policy())
    slices = "/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices"
    asked = [path for _, path, *_ in cluster.asked]
    for path in (
        slices.format("default"),
        slices.format("kube-system"),
        "/api/v1/namespaces/kube-system/secrets",
        "/apis/apiregistration.k8s.io/v1/apiservices",
    ):
        assert asked.count(path) == 1, path
    assert not any(path.startswith("/apis/apiregistration.k8s.io/v1/apiservices/") for path in asked)


def test_without_a_metrics_api_it_is_absent_and_where_it_may_not_be_read_it_is_not(cluster, api):
    services = "/apis/apiregistration.k8s.io/v1/apiservices"
    cluster.pages[services] = (200, {"items": []})
    found = discover(api, Policy())
    assert found.metrics_api.absent
    assert found.api_services.value == ()
    cluster.pages[services] = (403, {"message": "apiservices is forbidden"})
    found = discover(api, Policy())
    assert not found.metrics_api.absent
    assert "forbidden" in found.metrics_api.problem


def test_servers_of_dns_and_endpoints_of_its_service_are_of_one_reading(cluster, api):
    parts = iter([["10.244.1.2"], ["10.244.9.9"]])

    def page(_query):
        return 200, {"items": [{"endpoints": [{"addresses": next(parts)}]}]}

    cluster.pages["/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices"] = page
    service = {
        "metadata": {"namespace": "kube-system", "name": "kube-dns"},
        "spec": {"clusterIP": "10.96.0.10"},
    }
    cluster.pages["/api/v1/namespaces/kube-system/services/kube-dns"] = (200, service)
    facts = discover(api, Policy())
    assert facts.dns_service.value.endpoints == ("10.244.1.2",)
    assert [server.address for server in facts.dns_setup.value.servers] == ["10.244.1.2"]


CLASSES = "/apis/scheduling.k8s.io/v1/priorityclasses"


def test_priority_classes_are_read_in_one_request_and_only_where_pods_are_created(cluster, api):
    items = [
        {"metadata": {"name": "standard"}, "value": 1000, "globalDefault": True},
        {"metadata": {"name": "never"}, "value": -1, "preemptionPolicy": "Never"},
        {"metadata": {"name": "high"}, "value": 5, "preemptionPolicy": "PreemptLowerPriority"},
    ]
    cluster.pages[CLASSES] = (200, {"items": items})
    assert discover(api, Policy()).priority_classes.value == (
        PriorityClass("standard", 1000, default=True, preempts=True),
        PriorityClass("never", -1, default=False, preempts=False),
        PriorityClass("high", 5, default=False, preempts=True),
    )
    assert discover(api, Policy(), probes=False).priority_classes.found is None
    assert [asked[1] for asked in cluster.asked].count(CLASSES) == 1


def test_without_the_right_to_read_priority_classes_the_rest_is_read(cluster, api):
    cluster.pages[CLASSES] = (403, {"message": "priorityclasses is forbidden"})
    facts = discover(api, Policy())
    assert "priorityclasses is forbidden" in facts.priority_classes.problem
    assert len(facts.nodes) == 3


REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"


def dns_deployment(name, image):
    template = {"spec": {"serviceAccountName": name, "containers": [{"name": "dns", "image": image}]}}
    return {"metadata": {"name": name, "namespace": "kube-system"}, "spec": {"template": template}}


def test_only_corednss_account_must_watch_what_coredns_watches(cluster, api):
    deployments = "/apis/apps/v1/namespaces/kube-system/deployments"
    older = dns_deployment("kube-dns", "registry.k8s.io/k8s-dns-kube-dns:1.23")
    cluster.pages |= {
        deployments: (200, {"items": [older]}),
        REVIEWS: (201, {"status": {"allowed": False}}),
    }
    facts = discover(api, Policy())
    assert facts.dns_lacks.absent
    assert "CoreDNS" in facts.dns_lacks.problem
    assert facts.coredns is None
    cluster.pages[deployments] = (200, {"items": [older, dns_deployment("dns", "coredns/coredns:1.12.1")]})
    facts = discover(api, Policy())
    assert facts.coredns.account == "dns"
    assert "watch endpointslices" in facts.dns_lacks.value
