"""What the DNS checks pass, fail, cannot tell and do not apply to."""

from dataclasses import replace

import pytest

from kubecheck.checks import CannotTell, NotApplicable, Policy, many_addresses
from kubecheck.checks.check import declared
from kubecheck.cluster.dns import DnsSetup
from kubecheck.cluster.objects import Deployment
from kubecheck.cluster.reading import Reading
from kubecheck.probes import Raw
from selftest.unit.checks_dns.conftest import kubelet
from tests.dns import test_cluster_dns as cluster_dns
from tests.dns import test_lookup as lookup
from tests.dns import test_records as records
from tests.dns import test_resolv_conf as resolv_conf
from tests.dns import test_servers as servers


def asked(function, site):
    return declared(function).asks(site)


def test_the_tenth_address_where_the_service_cidr_is_known_and_where_it_is_not(facts):
    cluster_dns.test_dns_service_address(facts)
    older = replace(facts, service_cidrs=Reading(problem="not found", absent=True))
    cluster_dns.test_dns_service_address(older)
    moved = Reading(replace(facts.dns_service.value, cluster_ips=("10.96.0.11",)))
    for changed in (facts, older):
        with pytest.raises(AssertionError, match=r"is 10\.96\.0\.11, expected 10\.96\.0\.10"):
            cluster_dns.test_dns_service_address(replace(changed, dns_service=moved))


def test_a_kubelet_may_hand_out_either_address_of_a_dual_stack_service(facts):
    both = Reading(replace(facts.dns_service.value, cluster_ips=("10.96.0.10", "fd00::a")))
    dual = replace(facts, dns_service=both, kubelets={"node1": kubelet(("fd00::a",))})
    cluster_dns.test_kubelet_cluster_dns(dual, dual.node("node1"))
    assert lookup.nameserver_of(dual, dual.node("node1")) == "fd00::a"


def test_the_nameserver_is_the_services_or_the_nodes_cache(facts):
    for cache in ("169.254.20.10", "fe80::a"):
        cached = replace(facts, kubelets={"node1": kubelet((cache,)), "node2": Reading(problem="no")})
        assert lookup.nameserver_of(cached, cached.node("node1")) == cache
        assert lookup.nameserver_of(cached, cached.node("node2")) == "10.96.0.10"
        with pytest.raises(NotApplicable, match="a node-local DNS cache at"):
            cluster_dns.test_kubelet_cluster_dns(cached, cached.node("node1"))
    odd = replace(facts, kubelets={"node1": kubelet(("169.254.x",))})
    assert lookup.nameserver_of(odd, odd.node("node1")) == "10.96.0.10"


def test_kubelets_that_agree_and_that_differ(facts):
    resolv_conf.test_kubelets_agree(facts)
    dotted = {**facts.kubelets, "node2": kubelet(domain="cluster.local.")}
    resolv_conf.test_kubelets_agree(replace(facts, kubelets=dotted))
    other = {**facts.kubelets, "node2": kubelet(domain="k8s.local")}
    with pytest.raises(AssertionError, match=r"cluster\.local on node1; .*k8s\.local on node2"):
        resolv_conf.test_kubelets_agree(replace(facts, kubelets=other))
    unread = {**facts.kubelets, "node2": Reading(problem="node2: forbidden")}
    with pytest.raises(CannotTell, match="node2: forbidden"):
        resolv_conf.test_kubelets_agree(replace(facts, kubelets=unread))
    with pytest.raises(CannotTell):
        resolv_conf.test_kubelets_agree(replace(facts, kubelets={}))


def test_a_thousand_silent_kubelets_are_a_few_and_a_number(facts):
    silent = {f"node{n}": Reading(problem=f"node{n}: forbidden") for n in range(1000)}
    with pytest.raises(CannotTell, match=r"asked: node0: forbidden; .*; node4: forbidden and 995 more$"):
        resolv_conf.test_kubelets_agree(replace(facts, kubelets=silent))


def with_zones(facts, zones):
    return replace(facts, dns_setup=Reading(DnsSetup(facts.dns_setup.value.servers, zones)))


def test_the_domain_is_served_or_is_not(facts):
    node = facts.node("node1")
    resolv_conf.test_domain_is_served(facts, node)
    with pytest.raises(AssertionError, match=r"clusterDomain cluster\.local, and CoreDNS serves k8s\.local"):
        resolv_conf.test_domain_is_served(with_zones(facts, Reading(("k8s.local",))), node)
    with pytest.raises(NotApplicable, match="no ConfigMap"):
        resolv_conf.test_domain_is_served(
            with_zones(facts, Reading(problem="no ConfigMap", absent=True)), node
        )
    with pytest.raises(CannotTell, match="forbidden"):
        resolv_conf.test_domain_is_served(with_zones(facts, Reading(problem="forbidden")), node)


def test_a_pods_resolv_conf_is_held_against_its_kubelet(facts, fleet, site):
    node = facts.node("node1")
    question = asked(resolv_conf.test_pod_resolv_conf, site())
    text = (
        "search kubecheck-r1.svc.cluster.local svc.cluster.local cluster.local corp.test\n"
        "nameserver 10.96.0.10\noptions ndots:5\n"
    )
    answer = question.read(Raw(0, text.encode(), 0.0), "a pod")
    resolv_conf.test_pod_resolv_conf(answer, facts, node, fleet)
    dotted = replace(facts, kubelets={"node1": kubelet(domain="cluster.local.")})
    for line in (text, text.replace("cluster.local", "cluster.local.")):
        answer = question.read(Raw(0, line.encode(), 0.0), "a pod")
        resolv_conf.test_pod_resolv_conf(answer, dotted, node, fleet)
    for dns, domain in ((("10.96.0.11",), "cluster.local"), (("10.96.0.10",), "k8s.local"), ((), "")):
        changed = replace(facts, kubelets={"node1": kubelet(dns, domain)})
        with pytest.raises(AssertionError):
            resolv_conf.test_pod_resolv_conf(answer, changed, node, fleet)


def test_where_no_deployment_is_known_every_dns_pod_must_be_ready(facts):
    loose = replace(facts, dns_deployments=Reading(()))
    cluster_dns.test_dns_replicas_ready(loose, Policy())
    extra = replace(facts.pods.value[1], name="coredns-3", ready=False, waiting="CrashLoopBackOff")
    ready = Reading((*facts.pods.value, replace(extra, phase="Failed"), replace(extra, deleted="2026-01-01")))
    cluster_dns.test_dns_replicas_ready(replace(loose, pods=ready), Policy())
    broken = replace(loose, pods=Reading((*facts.pods.value, extra)))
    with pytest.raises(AssertionError, match=r"1 of 3 .* not ready: coredns-3 on node2: CrashLoopBackOff"):
        cluster_dns.test_dns_replicas_ready(broken, Policy())
    rolling = Reading((Deployment("kube-system", "coredns", 2, 2, 2),))
    cluster_dns.test_dns_replicas_ready(replace(broken, dns_deployments=rolling), Policy())


def test_replicas_on_one_node_fail_only_where_policy_asks(facts):
    asks = Policy.model_validate({"dns": {"spread": True}})
    servers.test_replicas_spread(facts, asks)
    together = tuple(replace(pod, node="node1") for pod in facts.pods.value)
    crowded = replace(facts, pods=Reading(together))
    with pytest.raises(AssertionError, match="all ready DNS pods run on node node1"):
        servers.test_replicas_spread(crowded, asks)
    with pytest.raises(NotApplicable):
        servers.test_replicas_spread(crowded, Policy())
    with pytest.raises(NotApplicable):
        servers.test_replicas_spread(replace(crowded, nodes=crowded.nodes[:1]), asks)


def test_each_replica_is_asked_over_both_transports_where_it_listens(facts, site):
    questions = asked(servers.test_each_replica_answers, site())
    assert list(questions) == [
        f"coredns-{n} on node{n} over {transport}" for n in (1, 2) for transport in ("UDP", "TCP")
    ]
    moved = tuple(replace(server, udp_port=5353) for server in facts.dns_setup.value.servers)
    changed = replace(facts, dns_setup=Reading(DnsSetup(moved, Reading(()))))
    questions = asked(servers.test_each_replica_answers, site(changed))
    assert questions["coredns-1 on node1 over UDP"].key.endswith("of 10.244.1.2:5353 over udp")


def test_without_a_replica_nothing_passes(site, facts):
    nobody = replace(facts, dns_setup=Reading(DnsSetup((), Reading(()))))
    questions = asked(servers.test_each_replica_answers, site(nobody))
    with pytest.raises(CannotTell):
        servers.test_each_replica_answers(questions, nobody)


def test_a_headless_name_has_every_pod_and_no_other(fleet, site, reply):
    question = asked(records.test_headless_service, site())
    both = ("10.244.1.5", "10.244.0.5")
    probe = fleet.probe("pod", "node1")
    records.test_headless_service(reply(both).to(question), probe, fleet)
    with pytest.raises(AssertionError, match="2 pods' addresses; missing: probe-node2"):
        records.test_headless_service(reply(both[1:]).to(question), probe, fleet)
    with pytest.raises(AssertionError, match=r"10\.9\.9\.9 is none"):
        records.test_headless_service(reply((*both, "10.9.9.9")).to(question), probe, fleet)


def test_a_pod_asks_for_those_of_its_group_alone(facts, fleet, site, reply):
    second = replace(fleet.probe("pod", "node1"), headless="probe-headless-2")
    apart = replace(fleet, probes=(second, *fleet.probes[1:]))
    question = asked(records.test_headless_service, site(fleet=apart))
    assert question.name == "probe-headless-2.kubecheck-r1.svc.cluster.local"
    records.test_headless_service(reply(("10.244.0.5",)).to(question), second, apart)
    with pytest.raises(AssertionError, match=r"10\.244\.1\.5 is none"):
        records.test_headless_service(reply(("10.244.0.5", "10.244.1.5")).to(question), second, apart)
    question = asked(records.test_reverse_of_pod, site(fleet=apart))
    name = "10-244-0-5.probe-headless{}.kubecheck-{}.svc.cluster.local"
    records.test_reverse_of_pod(reply(names=(name.format("-2", "r1"),)).to(question), second, facts, apart)
    with pytest.raises(AssertionError, match=r"expected a name in probe-headless-2\.kubecheck-r1"):
        records.test_reverse_of_pod(reply(names=(name.format("", "r1"),)).to(question), second, facts, apart)
    with pytest.raises(CannotTell, match="an earlier run's answer"):
        records.test_reverse_of_pod(
            reply(names=(name.format("-3", "r0"),)).to(question), second, facts, apart
        )


def test_a_pod_that_does_not_run_need_not_be_there(fleet, site, reply):
    gone = replace(fleet, probes=(fleet.probes[0], replace(fleet.probes[1], problem="not Ready")))
    question = asked(records.test_headless_service, site(fleet=gone))
    probe = gone.probe("pod", "node1")
    records.test_headless_service(reply(("10.244.0.5",)).to(question), probe, gone)
    records.test_headless_service(reply(("10.244.0.5", "10.244.1.5")).to(question), probe, gone)


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (records.test_headless_service, "probe-headless"),
        (records.test_reverse_of_pod, "probe-headless"),
        (records.test_external_name, "probe-external"),
        (records.test_large_answer, "probe-many"),
    ],
)
def test_what_was_refused_cannot_be_told(fleet, site, function, name):
    refused = replace(fleet, refused={f"kubecheck-r1/{name}": "a webhook denied it"})
    with pytest.raises(CannotTell, match=f"kubecheck-r1/{name} could not be made: a webhook denied it"):
        asked(function, site(fleet=refused))


def test_an_srv_record_has_the_port_and_the_service(facts, fleet, site, reply):
    question = asked(records.test_srv_record, site())
    good = reply(names=("0 100 80 probe.kubecheck-r1.svc.cluster.local",)).to(question)
    records.test_srv_record(good, fleet, facts)
    for names in ((), ("0 100 81 probe.kubecheck-r1.svc.cluster.local",), good.names * 2):
        with pytest.raises(AssertionError):
            records.test_srv_record(reply(names=names).to(question), fleet, facts)


def test_reverse_lookups(facts, fleet, site, reply):
    question = asked(records.test_reverse_of_service, site())
    assert question.name == "1.0.96.10.in-addr.arpa"
    records.test_reverse_of_service(
        reply(names=("Kubernetes.default.svc.cluster.local",)).to(question), facts
    )
    question = asked(records.test_reverse_of_pod, site())
    mine = "10-244-0-5.probe-headless.kubecheck-r1.svc.cluster.local"
    others = ("10-244-0-5.probe.kubecheck-r1.svc.cluster.local",)
    probe = fleet.probe("pod", "node1")
    records.test_reverse_of_pod(reply(names=(*others, mine)).to(question), probe, facts, fleet)
    with pytest.raises(AssertionError, match=r"expected a name in probe-headless\.kubecheck-r1"):
        records.test_reverse_of_pod(reply(names=others).to(question), probe, facts, fleet)
    earlier = mine.replace("-r1", "-r0")
    with pytest.raises(CannotTell, match="an earlier run's answer"):
        records.test_reverse_of_pod(reply(names=(earlier,)).to(question), probe, facts, fleet)


def test_without_the_reverse_zone_reverse_lookups_do_not_apply(facts, site):
    plain = with_zones(facts, Reading(("cluster.local",)))
    for function in (records.test_reverse_of_pod, records.test_reverse_of_service):
        with pytest.raises(NotApplicable, match="no reverse lookups"):
            asked(function, site(plain))
    absent = with_zones(facts, Reading(problem="no ConfigMap", absent=True))
    assert asked(records.test_reverse_of_pod, site(absent)).name == "5.0.244.10.in-addr.arpa"
    unknown = with_zones(facts, Reading(problem="forbidden"))
    with pytest.raises(CannotTell, match="forbidden"):
        asked(records.test_reverse_of_pod, site(unknown))


def test_an_external_name_is_an_alias_with_an_address(facts, site, reply):
    question = asked(records.test_external_name, site())
    target = ("kubernetes.default.svc.cluster.local",)
    records.test_external_name(reply(("10.96.0.1",), target).to(question), facts)
    for addresses, names in (((), target), (("10.96.0.1",), ()), (("10.96.0.2",), target)):
        with pytest.raises(AssertionError, match="expected alias kubernetes"):
            records.test_external_name(reply(addresses, names).to(question), facts)


def test_a_name_of_nobody(site, reply):
    questions = asked(records.test_no_such_name, site())
    over_dns, through_search = questions.values()
    nothing = through_search.read(Raw(1, b"wget: bad address 'x'\n", 0.1), "a pod")
    somebody = through_search.read(Raw(0, b"Connecting to x:80 (203.0.113.9:80)\n", 0.1), "a pod")
    refusal = reply(refusal="NXDOMAIN").to(over_dns)
    records.test_no_such_name({"dns": refusal, "search": nothing})
    with pytest.raises(AssertionError, match=r"203\.0\.113\.9"):
        records.test_no_such_name({"dns": refusal, "search": somebody})
    with pytest.raises(AssertionError, match="SERVFAIL"):
        records.test_no_such_name({"dns": reply(refusal="SERVFAIL").to(over_dns), "search": nothing})


def test_a_lookup_that_was_not_answered_does_not_show_that_there_is_no_such_name(site):
    through_search = asked(records.test_no_such_name, site())["through the search path"]
    raw = Raw(143, b"search corp.test\nnameserver 10.96.0.10\nTerminated\n", 3.0)
    with pytest.raises(NotApplicable, match=r"no answer in time .*dns\.outside_name"):
        records.test_no_such_name({"search": through_search.read(raw, "a pod")})
    with pytest.raises(CannotTell, match="for want of CPU"):
        records.test_no_such_name({"search": through_search.read(replace(raw, idle=0.5), "a pod")})


def test_a_large_answer_is_whole_over_tcp(facts, site, reply):
    questions = asked(records.test_large_answer, site())
    every = many_addresses(facts)

    def judge(udp, tcp):
        answers = {"over UDP": reply(udp).to(questions["over UDP"])}
        answers["over TCP"] = reply(tcp).to(questions["over TCP"])
        records.test_large_answer(answers, facts)

    judge(every[:20], every)
    with pytest.raises(AssertionError, match="expected all 60 addresses, 40 are missing"):
        judge(every[:20], every[:20])
    for udp in ((), ("10.0.0.1",)):
        with pytest.raises(AssertionError, match="expected some of 60 addresses"):
            judge(udp, every)


def test_an_outside_name_is_asked_where_policy_names_one(site, reply):
    with pytest.raises(NotApplicable):
        asked(lookup.test_outside_name, site())
    policy = Policy.model_validate({"dns": {"outside_name": "www.example.com."}})
    question = asked(lookup.test_outside_name, site(policy=policy))
    assert question.name == "www.example.com"
    lookup.test_outside_name(reply(("203.0.113.10",)).to(question))
    with pytest.raises(AssertionError, match=r"NXDOMAIN .*; expected an address"):
        lookup.test_outside_name(reply(refusal="NXDOMAIN").to(question))


def test_slow_lookups_fail_only_where_policy_says_how_fast(site):
    question = asked(lookup.test_lookups_are_steady, site())
    lines = "".join(f"lookup 0 {n}.00 {n}.50\n" for n in range(10))
    answer = question.read(Raw(0, lines.encode(), 5.0), "a pod")
    lookup.test_lookups_are_steady(answer, Policy())
    with pytest.raises(
        AssertionError, match=r"half of them within 500 ms .*; expected half of them within 100"
    ):
        lookup.test_lookups_are_steady(answer, Policy.model_validate({"dns": {"max_milliseconds": 100}}))
