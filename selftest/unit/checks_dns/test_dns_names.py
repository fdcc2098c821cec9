"""The objects that a run makes only to look them up."""

import threading
from dataclasses import replace

import pytest

from kubecheck.cluster.api import ApiError
from kubecheck.cluster.reading import Reading
from kubecheck.fleet.creating import creator
from kubecheck.fleet.manifests import pod_probe
from kubecheck.fleet.names import EXTERNAL, GROUP, MANY, headless, many_addresses, wait_until_published
from kubecheck.fleet.names import make as make_names
from kubecheck.fleet.standing import HEADLESS, Probe
from kubecheck.policy import Policy
from selftest.unit.kubecheck.conftest import make_facts

SERVICE = "kubernetes.io/service-name"


class Api:
    """Keeps what is created; refuses some names; publishes one address more each time it is asked."""

    def __init__(self, refuses=(), publishes=()):
        self.refuses = refuses
        self.publishes = list(publishes)
        self.made = {}
        self.asked = 0

    def create(self, path, body):
        if body["metadata"]["name"] in self.refuses:
            raise ApiError(403, "Forbidden", "denied")
        self.made[body["kind"], body["metadata"]["name"]] = (path, body)
        return body

    def items(self, path, **query):
        assert query == {"labelSelector": f"{SERVICE} in ({HEADLESS},{HEADLESS}-2)"}
        self.asked += 1
        shown = self.publishes[: self.asked]
        if None in shown:
            raise ApiError(0, "Unreachable", "gone")
        return [
            *(
                {"metadata": {"labels": {SERVICE: name}}, "endpoints": [{"addresses": [address]}]}
                for name, address in shown
            ),
            {"metadata": {"labels": {SERVICE: HEADLESS}}, "endpoints": None},
        ]


def make(api, facts, namespace, run):
    with creator(api) as create:
        return make_names(create, facts, namespace, run)


def test_all_are_made(facts):
    api = Api()
    assert make(api, facts, "ns", "r1") == {}
    assert sorted(api.made) == [
        ("EndpointSlice", MANY),
        *(("Service", name) for name in sorted((EXTERNAL, HEADLESS, MANY))),
    ]
    _, external = api.made["Service", EXTERNAL]
    assert external["spec"]["externalName"] == "kubernetes.default.svc.cluster.local"
    path, endpoints = api.made["EndpointSlice", MANY]
    assert path == "/apis/discovery.k8s.io/v1/namespaces/ns/endpointslices"
    assert endpoints["addressType"] == "IPv4"
    assert len(endpoints["endpoints"]) == 60
    for _, body in api.made.values():
        assert body["metadata"]["labels"]["kubecheck.dev/run"] == "r1"


def test_what_is_refused_is_told_and_the_rest_is_made(facts):
    api = Api(refuses=(EXTERNAL, MANY))
    assert make(api, facts, "ns", "r1") == {
        f"ns/{EXTERNAL}": f"Service {EXTERNAL} was refused: denied",
        f"ns/{MANY}": f"EndpointSlice {MANY} was refused: denied",
    }
    assert sorted(api.made) == [("Service", HEADLESS)]


def test_without_a_domain_there_is_no_external_name(facts):
    unknown = replace(facts, dns_domain=Reading(problem="the cluster domain is not known"))
    assert make(Api(), unknown, "ns", "r1") == {f"ns/{EXTERNAL}": "the cluster domain is not known"}


def test_addresses_are_of_the_clusters_family(facts):
    six = Reading(replace(facts.kubernetes_service.value, cluster_ips=("fd00::1",)))
    addresses = many_addresses(replace(facts, kubernetes_service=six))
    assert addresses[0] == "2001:db8::1"
    assert len(set(addresses)) == 60
    api = Api()
    make(api, replace(facts, kubernetes_service=six), "ns", "r1")
    assert api.made["EndpointSlice", MANY][1]["addressType"] == "IPv6"


def test_a_hundred_pods_are_behind_each_headless_service():
    nodes = tuple(f"node{n}" for n in range(2 * GROUP + 1))
    api = Api()
    facts = make_facts(nodes)
    make(api, facts, "ns", "r1")
    services = {
        name: body["spec"]["selector"]
        for (_, name), (_, body) in api.made.items()
        if name.startswith(HEADLESS)
    }
    assert sorted(services) == [HEADLESS, f"{HEADLESS}-2", f"{HEADLESS}-3"]
    behind = dict.fromkeys(services, 0)
    for place, node in enumerate(facts.nodes):
        labels = pod_probe("r1", node, Policy(), headless(place))["metadata"]["labels"]
        for name, selector in services.items():
            behind[name] += selector.items() <= labels.items()
    assert behind == {HEADLESS: GROUP, f"{HEADLESS}-2": GROUP, f"{HEADLESS}-3": 1}


A, B = (HEADLESS, "10.0.0.1"), (f"{HEADLESS}-2", "10.0.0.2")
ELSEWHERE = (HEADLESS, "10.0.0.2")


def probe(service, address):
    return Probe("node1", "pod", "ns", "probe-node1", address, "", 1.0, headless=service)


@pytest.mark.parametrize(
    ("publishes", "ends"), [((A, B, A), True), ((A, None, B), False), ((A, ELSEWHERE), False)]
)
def test_waiting_ends_when_all_is_published_or_the_time_is_over(publishes, ends):
    api = Api(publishes=publishes)
    wait_until_published(api, "ns", [probe(*A), probe(*B)], 0.5, threading.Event())
    assert api.asked == 2 if ends else api.asked > 2


def test_waiting_ends_when_the_run_is_stopped():
    stop = threading.Event()
    stop.set()
    api = Api()
    wait_until_published(api, "ns", [probe(*A), probe(*B)], 60, stop)
    assert api.asked == 1


def test_of_nobody_nothing_is_waited_for():
    api = Api()
    wait_until_published(api, "ns", [], 60, threading.Event())
    assert api.asked == 0
