"""The network's checks judge answers and facts that were made by hand."""

from dataclasses import replace

import pytest

from kubecheck.checks import (
    CannotTell,
    Denied,
    HttpGet,
    NotApplicable,
    Ping,
    Policy,
    Site,
    TcpConnect,
    UdpAsk,
    Vantage,
)
from kubecheck.checks.check import declared
from kubecheck.cluster.objects import Condition, Pod
from kubecheck.cluster.parse import node as parse_node
from kubecheck.cluster.reading import Reading
from kubecheck.fleet.standing import Probe
from kubecheck.outcomes import Outcome, TargetsFailed
from kubecheck.probes import Raw
from selftest.unit.kubecheck.judged import judged


def http(text, host="10.244.1.5", status=0):
    return HttpGet(host, 8080).read(Raw(status, text.encode(), 0.01), "a pod")


def from_pod(client, pod="probe-node2"):
    return http(f"namespace=kubecheck-r1 pod={pod} server=10.244.1.5 client={client}")


def test_the_source_address_is_the_pods_own(checks, standing):
    check = checks("test_pods").test_source_address_is_kept
    probe = replace(standing.probe("pod", "node1"), address="10.244.0.5", addresses=("10.244.0.5", "fd00::5"))
    here = Vantage("pod", "node1")
    check({"node2": from_pod("10.244.0.5"), "node2 over IPv6": from_pod("fd00:0::5")}, probe, here)
    with pytest.raises(AssertionError, match=r"this pod.s own address, and it saw 192\.168\.232\.1"):
        check({"node1": from_pod("10.244.0.5"), "node2": from_pod("192.168.232.1")}, probe, here)


def test_who_does_not_answer_saw_no_source_address(checks, standing):
    check = checks("test_pods").test_source_address_is_kept
    probe, here = standing.probe("pod", "node1"), Vantage("pod", "node1")
    check({"node1": from_pod(probe.address), "node2": http("", status=143)}, probe, here)
    with pytest.raises(NotApplicable, match=r"network\.pod_to_pod judges that"):
        check({"node2": http("", status=143)}, probe, here)


def test_another_pods_answer_is_not_the_pods(checks, standing):
    check = checks("test_pods").test_pod_to_pod
    check({"node2": from_pod("10.244.0.5")}, standing)
    with pytest.raises(AssertionError, match="pod=probe-node1"):
        check({"node2": from_pod("10.244.0.5", pod="probe-node1")}, standing)


def datagram(server, pod="probe-node2", host="10.244.1.5"):
    text = f"namespace=kubecheck-r1 pod={pod} server={server} client=10.244.0.5\n".encode()
    return UdpAsk(host, 8081).read(Raw(0, text, 0.1), "a pod")


@pytest.mark.parametrize("server", ["10.244.2.5", "somewhere"])
def test_an_answer_of_an_address_that_was_not_asked_is_asked_for_again(server):
    late = datagram(server, "probe-node3")
    assert late.may_change
    with pytest.raises(CannotTell, match=r"pod=probe-node3 .*, which was not asked \(0\.10 s\)"):
        late.must_come_from("probe-node2", "kubecheck-r1")


def test_an_answer_of_another_pod_at_the_address_that_was_asked_fails():
    datagram("10.244.1.5").must_come_from("probe-node2", "kubecheck-r1")
    datagram("fd00:0:0::5", host="fd00::5").must_come_from("probe-node2", "kubecheck-r1")
    with pytest.raises(AssertionError, match="pod=probe-node3"):
        datagram("10.244.1.5", "probe-node3").must_come_from("probe-node2", "kubecheck-r1")


def test_without_an_answer_to_itself_udp_is_not_told(checks, standing):
    check = checks("test_pods").test_pod_to_pod_over_udp
    probe = standing.probe("pod", "node1")
    silent = UdpAsk("10.244.0.5", 8081).read(Raw(143, b"Terminated", 3.0), "a pod")
    with pytest.raises(CannotTell, match="no stream module"):
        check({"node1": silent, "node2": silent}, standing, probe)
    text = b"namespace=kubecheck-r1 pod=probe-node1 server=10.244.0.5 client=2"
    own = UdpAsk("10.244.0.5", 8081).read(Raw(0, text, 0.1), "a pod")
    with pytest.raises(AssertionError, match="1 of 2 fail: node2"):
        check({"node1": own, "node2": silent}, standing, probe)


@pytest.mark.parametrize(
    ("found", "right"), [(("10.244.0.5", "fd00::5"), True), (("10.244.0.5",), False), (("fd00::5",), False)]
)
def test_a_dual_stack_nodes_pods_have_both_families(checks, standing, facts, found, right):
    check = checks("test_pods").test_pod_has_both_families
    probe = replace(standing.probe("pod", "node1"), address=found[0], addresses=found)
    with pytest.raises(NotApplicable):
        check(probe, facts.node("node1"))
    node = replace(facts.node("node1"), pod_cidrs=("10.244.0.0/24", "fd00::/64"))
    if right:
        check(probe, node)
    else:
        with pytest.raises(AssertionError, match=f"has {found[0]} only"):
            check(probe, node)


def test_a_kubelet_that_is_away_does_not_make_its_node_unreachable(checks, facts):
    check = checks("test_nodes").test_node_to_node
    refused = TcpConnect("192.168.232.2", 10250).read(
        Raw(1, b"nc: can't connect to remote host (192.168.232.2): Connection refused", 0.01), "a node"
    )
    with pytest.raises(AssertionError, match="connection refused"):
        check({"node2": refused}, facts)
    away = replace(facts.nodes[1], conditions=(Condition("Ready", "Unknown"),))
    check({"node2": refused}, replace(facts, nodes=(facts.nodes[0], away)))


def test_where_ping_is_not_allowed_tcp_decides(checks):
    answer = Ping("192.168.232.2").read(Raw(1, b"ping: permission denied (are you root?)", 0.01), "a pod")
    with pytest.raises(NotApplicable, match="TCP decides"):
        checks("test_nodes").test_pod_to_node_by_ping({"node2": answer})


def test_ping_is_asked_only_where_the_policy_says_so(checks, site_at):
    site = site_at(["node1", "node2"], "node1")
    with pytest.raises(NotApplicable, match=r"network\.ping"):
        checks("test_nodes").pings(site)
    asked = checks("test_nodes").pings(
        replace(site, policy=Policy.model_validate({"network": {"ping": True}}))
    )
    assert set(asked) == {"node1", "node2"}


def test_no_node_port_is_asked_where_there_are_none(checks, site_at):
    site = site_at(["node1", "node2"], "node1")
    ports = checks("test_node_ports").node_ports
    with pytest.raises(CannotTell, match="this run made no Service kubecheck-r1/node-port"):
        ports(site)
    fleet = replace(site.fleet, refused={"kubecheck-r1/node-port": "exceeded quota"})
    with pytest.raises(CannotTell, match="could not be made: exceeded quota"):
        ports(replace(site, fleet=fleet))
    with pytest.raises(NotApplicable, match="offers no NodePorts"):
        ports(replace(site, policy=Policy.model_validate({"network": {"node_ports": False}})))
    fleet = replace(site.fleet, services={"kubecheck-r1/node-port": "10.96.0.7"}, node_port=31234)
    asked = ports(replace(site, fleet=fleet))
    assert {question.port for question in asked.values()} == {31234}
    assert all(question.settles for question in asked.values())


def test_in_a_large_cluster_services_of_single_pods_are_sampled(checks, site_at):
    site = site_at(["node1", "node2"], "node1")
    with pytest.raises(NotApplicable, match="only a sample"):
        checks("test_services").own_service(site)
    asked = checks("test_large_transfers").large_of_services(site)
    assert [question.host for question in asked.values()] == ["10.96.12.34"]
    more = {**site.fleet.services, "kubecheck-r1/probe-node2": "10.96.0.9"}
    site = replace(site, fleet=replace(site.fleet, services=more))
    asked = checks("test_large_transfers").large_of_services(site)
    assert {name: question.host for name, question in asked.items()} == {"node2": "10.96.0.9"}


def test_both_families_are_asked_where_both_ends_have_both(site_at):
    site = site_at(["node1", "node2"], "node1")
    both = [
        Probe(
            n, "pod", "kubecheck-r1", f"probe-{n}", f"10.244.{i}.5", "", 1.0, (f"10.244.{i}.5", f"fd00::{i}")
        )
        for i, n in enumerate(("node1", "node2"))
    ]
    asked = Site(site.vantage, site.facts, site.policy, replace(site.fleet, probes=tuple(both))).pods_to_ask(
        lambda address: HttpGet(address, 8080)
    )
    assert {name: question.host for name, question in asked.items()} == {
        "node1": "10.244.0.5",
        "node1 over IPv6": "fd00::0",
        "node2": "10.244.1.5",
        "node2 over IPv6": "fd00::1",
    }
    one = replace(both[0], addresses=("10.244.0.5",))
    asked = Site(
        site.vantage, site.facts, site.policy, replace(site.fleet, probes=(one, both[1]))
    ).pods_to_ask(lambda address: HttpGet(address, 8080))
    assert set(asked) == {"node1", "node2"}


def test_a_probe_pod_that_does_not_run_cannot_be_asked(site_at):
    site = site_at(["node1", "node2"], "node1")
    probes = tuple(
        replace(p, problem="ImagePullBackOff") if p.node == "node2" else p for p in site.fleet.probes
    )
    asked = replace(site, fleet=replace(site.fleet, probes=probes)).pods_to_ask(lambda a: HttpGet(a, 80))
    assert isinstance(asked["node1"], HttpGet)
    assert "ImagePullBackOff" in str(asked["node2"])


def test_the_kubelets_port_is_the_nodes_own():
    item = {"metadata": {"name": "n"}, "status": {"daemonEndpoints": {"kubeletEndpoint": {"Port": 10260}}}}
    assert parse_node(item).kubelet_port == 10260
    assert parse_node({"metadata": {"name": "n"}}).kubelet_port == 10250


def running(name, address, **more):
    return replace(Pod("default", name, "node1", "Running", True, address, False), **more)


def unique(checks, facts, *pods):
    checks("test_addresses").test_pod_addresses_are_unique(replace(facts, pods=Reading(pods)))


def test_pods_with_addresses_of_their_own(checks, facts):
    unique(
        checks,
        facts,
        running("a", "10.244.1.2"),
        running("b", "10.244.1.3"),
        running("gone", "10.244.1.3", phase="Succeeded"),
        running("going", "10.244.1.3", deleted="2026-01-01T00:00:00Z"),
        running("host", "192.168.232.1", host_network=True),
    )


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("10.244.1.2", "10.244.1.2: pod default/a on node1 and pod default/b on node1"),
        ("192.168.232.2", "192.168.232.2: pod default/b on node1 and node node2"),
        ("10.96.3.4", "10.96.3.4: pod default/b on node1 lies in the Service CIDR 10.96.0.0/12"),
    ],
)
def test_an_address_that_is_not_one_pods_alone(checks, facts, address, said):
    facts = replace(facts, service_cidrs=Reading(("10.96.0.0/12",)))
    with pytest.raises(AssertionError) as failed:
        unique(checks, facts, running("a", "10.244.1.2"), running("b", address))
    assert said in str(failed.value)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("fd00:1::2", "fd00:1::2: pod default/a on node1 and pod default/b on node1"),
        ("fd00:9::2", "fd00:9::2: pod default/b on node1 and node node2"),
        ("fd00:96::2", "fd00:96::2: pod default/b on node1 lies in the Service CIDR fd00:96::/112"),
    ],
)
def test_a_second_address_is_one_pods_alone_too(checks, facts, address, said):
    nodes = (facts.nodes[0], replace(facts.nodes[1], addresses=("192.168.232.2", "fd00:9::2")))
    facts = replace(facts, nodes=nodes, service_cidrs=Reading(("10.96.0.0/12", "fd00:96::/112")))
    one = running("a", "10.244.1.2", addresses=("10.244.1.2", "fd00:1::2"))
    other = running("b", "10.244.1.3", addresses=("10.244.1.3", address))
    unique(checks, facts, one, replace(other, addresses=("10.244.1.3", "fd00:1::3")))
    with pytest.raises(AssertionError) as failed:
        unique(checks, facts, one, other)
    assert said in str(failed.value)


def test_without_the_service_cidr_only_what_pods_share_is_told(checks, facts):
    unread = replace(facts, service_cidrs=Reading(problem="the Service CIDR: 403"))
    with pytest.raises(CannotTell, match="403"):
        unique(checks, unread, running("a", "10.244.1.2"))
    with pytest.raises(AssertionError, match=r"pod default/a on node1 and pod default/b"):
        unique(checks, unread, running("a", "10.244.1.2"), running("b", "10.244.1.2"))
    older = replace(facts, service_cidrs=Reading(problem="not there", absent=True))
    unique(checks, older, running("a", "10.244.1.2"))


def test_no_pods_are_not_unique_addresses(checks, facts):
    with pytest.raises(CannotTell):
        unique(checks, facts, running("host", "192.168.232.1", host_network=True))


def test_a_network_policy_that_nobody_enforces(checks):
    check = checks("test_network_policy").test_network_policy_is_enforced
    forbidden = Denied("10.244.1.5", 8082)
    kept, broken = (forbidden.read(Raw(status, b"", 0.1), "a pod") for status in (0, 1))
    allowed, silent = from_pod("10.244.0.5"), http("", status=143)
    check({"node2": kept, "node2 at the allowed port": allowed})
    with pytest.raises(AssertionError, match="forbidden from a pod: connected"):
        check({"node2": broken, "node2 at the allowed port": allowed})
    with pytest.raises(CannotTell, match="answered at an allowed port"):
        check({"node2": kept, "node2 at the allowed port": silent})
    with pytest.raises(CannotTell, match="no answer was recorded"):
        check({"node2": CannotTell("no answer was recorded"), "node2 at the allowed port": allowed})


def test_a_pod_that_could_not_be_told_of_hides_no_open_one(checks):
    forbidden = Denied("10.244.1.5", 8082)
    answers = {
        "node2": forbidden.read(Raw(0, b"nc: socket: Operation not permitted", 0.1), "a pod"),
        "node3": forbidden.read(Raw(1, b"", 0.1), "a pod"),
        "node4": forbidden.read(Raw(0, b"", 0.1), "a pod"),
    }
    answers |= {f"{name} at the allowed port": from_pod("10.244.0.5") for name in answers}
    with pytest.raises(TargetsFailed) as failed:
        checks("test_network_policy").test_network_policy_is_enforced(answers)
    assert (set(failed.value.failed), set(failed.value.unknown)) == ({"node3"}, {"node2"})


def test_a_network_policy_is_made_only_where_the_policy_says_so(checks, site_at):
    site = site_at(["node1", "node2"], "node1")
    ports = checks("test_network_policy").both_ports
    with pytest.raises(NotApplicable, match=r"network\.network_policy"):
        ports(site)
    site = replace(site, policy=Policy.model_validate({"network": {"network_policy": True}}))
    assert set(ports(site)) == {"node2", "node2 at the allowed port"}
    with pytest.raises(CannotTell, match="could not be made: forbidden"):
        ports(replace(site, fleet=replace(site.fleet, refused={"kubecheck-r1/guard": "forbidden"})))


@pytest.mark.parametrize("over", ["udp", "tcp"])
@pytest.mark.parametrize(
    ("api", "rdtype"), [(("10.96.0.1",), "A"), (("fd00::1",), "AAAA"), (("fd00::1", "10.96.0.1"), "AAAA")]
)
def test_kube_dns_is_asked_for_the_address_that_the_kubernetes_service_has(
    checks, site_at, over, api, rdtype
):
    site = site_at(["node1", "node2"], "node1")
    service = replace(site.facts.kubernetes_service.value, cluster_ips=api)
    facts = replace(site.facts, kubernetes_service=Reading(service))
    check = getattr(checks("test_services"), f"test_dns_service_over_{over}")
    question = declared(check).asks(replace(site, facts=facts))
    assert question.key == f"dns {rdtype} kubernetes.default.svc.cluster.local of 10.96.0.10 over {over}"


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("test_services", "test_service_of_other_namespace"),
        ("test_services", "test_service_spreads"),
        ("test_pods", "test_pod_to_other_namespace"),
        ("test_pods", "test_deployment_becomes_ready"),
    ],
)
def test_of_a_deployment_that_was_not_to_be_nothing_is_known(checks, facts, standing, module, name):
    without = replace(
        standing,
        peers=(),
        withheld="it could displace others",
        services={"kubecheck-r1-peer/peer": "10.96.0.8"},
    )
    check = getattr(checks(module), name)
    vantage = next(iter(declared(check).at.vantages(facts)))
    result = judged(check, Site(vantage, facts, Policy(), without), {})
    assert result.outcome is Outcome.UNKNOWN
    assert result.message == "the peer Deployment was not made: it could displace others"
