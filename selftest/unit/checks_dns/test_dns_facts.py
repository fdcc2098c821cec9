"""What the API tells of cluster DNS."""

import pytest

from kubecheck.cluster.api import ApiError
from kubecheck.cluster.dns import DnsServer, DnsSetup, cluster_domain, read_dns, servers, zones
from kubecheck.cluster.objects import Kubelet
from kubecheck.cluster.reading import Reading
from kubecheck.policy import Policy

KUBEADM = """\
.:53 {
    errors
    health {
       lameduck 5s
    }
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    forward . /etc/resolv.conf
}
"""


@pytest.mark.parametrize(
    ("corefile", "expected"),
    [
        (KUBEADM, ("cluster.local", "in-addr.arpa", "ip6.arpa")),
        ("cluster.local:53 in-addr.arpa {\n kubernetes\n}\n", ("cluster.local", "in-addr.arpa")),
        ("dns://K8S.Example.:1053 {\n kubernetes {\n pods disabled\n }\n}\n", ("k8s.example",)),
        ("a:53 {\n kubernetes a # not b\n}\nb:53 {\n kubernetes b\n}\n", ("a", "b")),
        (".:53 {\n kubernetes {$DOMAIN} in-addr.arpa\n}\n", ("in-addr.arpa",)),
        (".:53 {\n # kubernetes cluster.local\n forward . 10.0.0.1\n}\n", ()),
        (".:53 {\n forward . {\n kubernetes x\n }\n}\n", ()),
        (".:53 {\n kubernetes\n}\n", ()),
        ("", ()),
    ],
)
def test_the_zones_of_the_kubernetes_plugin(corefile, expected):
    assert zones(corefile) == expected


def endpoint(address, pod=None, node="node1", **conditions):
    found = {"addresses": [address], "nodeName": node, "conditions": conditions}
    return found | ({"targetRef": {"kind": "Pod", "name": pod}} if pod else {})


PORTS = [
    {"name": "metrics", "port": 9153, "protocol": "TCP"},
    {"name": "dns", "port": 53, "protocol": "UDP"},
    {"name": "dns-tcp", "port": 53, "protocol": "TCP"},
]


def test_ready_endpoints_are_the_servers():
    found = servers(
        [
            {
                "ports": PORTS,
                "endpoints": [
                    endpoint("10.0.0.2", "coredns-b", ready=True),
                    endpoint("10.0.0.3", "coredns-c", ready=False),
                    endpoint("10.0.0.1", "coredns-a"),
                ],
            },
            {"ports": PORTS, "endpoints": None},
        ]
    )
    assert found == (
        DnsServer("10.0.0.1", "coredns-a", "node1", 53, 53),
        DnsServer("10.0.0.2", "coredns-b", "node1", 53, 53),
    )


def test_servers_that_listen_elsewhere():
    ports = [
        {"name": "dns", "port": 5353, "protocol": "UDP"},
        {"name": "metrics", "port": 9154},
        {"name": "dns-tcp", "port": 5354, "protocol": "TCP"},
    ]
    (found,) = servers([{"ports": ports, "endpoints": [endpoint("fd00::1", node=None)]}])
    assert found == DnsServer("fd00::1", "fd00::1", "", 5353, 5354)


class Api:
    """One slice, and a ConfigMap or the status of its refusal."""

    def __init__(self, configmap):
        self.configmap = configmap

    def items(self, path, **query):
        assert path == "/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices"
        assert query == {"labelSelector": "kubernetes.io/service-name=kube-dns"}
        return [{"ports": PORTS, "endpoints": [endpoint("10.0.0.1", "coredns-a")]}]

    def get(self, path):
        assert path == "/api/v1/namespaces/kube-system/configmaps/coredns"
        if isinstance(self.configmap, int):
            raise ApiError(self.configmap, "Reason", "no")
        return self.configmap


def test_servers_and_zones_are_read():
    found = read_dns(Api({"data": {"Corefile": KUBEADM, "secret": "x"}}), Policy())
    assert [server.name for server in found.servers] == ["coredns-a"]
    assert found.zones.value[0] == "cluster.local"
    assert "secret" not in repr(found)


@pytest.mark.parametrize(("configmap", "absent"), [(404, True), (403, False), ({}, True)])
def test_without_a_corefile_the_servers_stand(configmap, absent):
    found = read_dns(Api(configmap), Policy())
    assert found.servers
    assert found.zones.found is None
    assert found.zones.absent is absent
    assert "ConfigMap kube-system/coredns" in found.zones.problem


UNREAD = Reading(problem="forbidden")


@pytest.mark.parametrize(
    ("said", "served", "domain"),
    [
        (["a.test", "b.test", "b.test"], UNREAD, "b.test"),
        (["", "a.test"], Reading(("b.test",)), "a.test"),
        ([], Reading(("b.test", "in-addr.arpa", "ip6.arpa")), "b.test"),
        ([], Reading(("a.test", "b.test")), None),
        ([], UNREAD, None),
    ],
)
def test_the_cluster_domain(said, served, domain):
    kubelets = {str(n): Reading(Kubelet(None, {"clusterDomain": each})) for n, each in enumerate(said)}
    found = cluster_domain({**kubelets, "unread": UNREAD}, Reading(DnsSetup((), served)))
    assert found.found == domain
    assert bool(found.problem) == (domain is None)
