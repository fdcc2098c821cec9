"""What the API tells of cluster DNS."""

import pytest

from kubecheck.cluster.api import ApiError
from kubecheck.cluster.dns import DnsServer, DnsSetup, cluster_domain, read_dns, servers, zones
from kubecheck.cluster.objects import Deployment, Kubelet, Service, ServicePort
from kubecheck.cluster.reading import Reading

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


SERVICE = (
    ServicePort("dns", "UDP", 53),
    ServicePort("dns-tcp", "TCP", 53),
    ServicePort("metrics", "TCP", 9153),
)


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
        ],
        SERVICE,
    )
    assert found == (
        DnsServer("10.0.0.1", "coredns-a", "node1", 53, 53),
        DnsServer("10.0.0.2", "coredns-b", "node1", 53, 53),
    )


def port(name, number, protocol="TCP"):
    return {"name": name, "port": number, "protocol": protocol}


HELM = (
    ServicePort("udp-53", "UDP", 53),
    ServicePort("tcp-53", "TCP", 53),
    ServicePort("tcp-9153", "TCP", 9153),
)
UNNAMED = (ServicePort("", "UDP", 53),)


@pytest.mark.parametrize(
    ("service", "ports", "udp", "tcp"),
    [
        (SERVICE, [port("dns", 5353, "UDP"), port("metrics", 9154), port("dns-tcp", 5354)], 5353, 5354),
        (HELM, [port("udp-53", 1053, "UDP"), port("tcp-53", 1054), port("tcp-9153", 53)], 1053, 1054),
        (UNNAMED, [{"port": 5353, "protocol": "UDP"}], 5353, 5353),
        ((*UNNAMED, SERVICE[2]), [port(None, 5353, "UDP"), port("metrics", 9153)], 5353, 5353),
        ((), [port("a", 5353, "UDP"), port("b", 5354)], 5353, 5354),
        ((), [port("a", 5353, "UDP"), port("b", 5354), port("metrics", 9153)], 5353, 5353),
        ((), [], 53, 53),
    ],
)
def test_servers_listen_at_the_port_behind_the_services_53(service, ports, udp, tcp):
    (found,) = servers([{"ports": ports, "endpoints": [endpoint("fd00::1", node=None)]}], service)
    assert found == DnsServer("fd00::1", "fd00::1", "", udp, tcp)


class Api:
    """A ConfigMap or the status of its refusal."""

    def __init__(self, configmap):
        self.configmap = configmap

    def get(self, path):
        assert path == "/api/v1/namespaces/kube-system/configmaps/coredns"
        if isinstance(self.configmap, int):
            raise ApiError(self.configmap, "Reason", "no")
        return self.configmap


SLICES = [{"ports": PORTS, "endpoints": [endpoint("10.0.0.1", "coredns-a")]}]
KUBE_DNS = Reading(Service("kube-system", "kube-dns", ("10.96.0.10",), SERVICE))


def test_servers_and_zones_are_read():
    found = read_dns(Api({"data": {"Corefile": KUBEADM, "secret": "x"}}), "kube-system", KUBE_DNS, SLICES)
    assert [server.name for server in found.servers] == ["coredns-a"]
    assert found.zones.value[0] == "cluster.local"
    assert "secret" not in repr(found)


@pytest.mark.parametrize(("configmap", "absent"), [(404, True), (403, False), ({}, True)])
def test_without_a_corefile_the_servers_stand(configmap, absent):
    found = read_dns(Api(configmap), "kube-system", Reading(problem="forbidden"), SLICES)
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
        (["a.test.", "a.test"], UNREAD, "a.test"),
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


@pytest.mark.parametrize(
    ("account", "images", "coredns"),
    [
        ("coredns", (), True),
        ("default", ("rancher/mirrored-coredns-coredns:1.12.1",), True),
        (
            "kube-dns",
            ("k8s-dns-kube-dns:1.23", "k8s-dns-sidecar:1.23"),
            False,
        ),
    ],
)
def test_a_deployment_is_corednss_by_its_image_or_its_account(account, images, coredns):
    found = Deployment("kube-system", "dns", 1, 1, 1, account=account, images=images)
    assert found.coredns is coredns
