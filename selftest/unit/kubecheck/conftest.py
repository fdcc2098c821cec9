"""What the unit tests of kubecheck share: small made-up clusters, and results for reports."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir

from kubecheck.checks import Facts, Policy, Site, Standing, Vantage
from kubecheck.cluster.objects import Condition, Kubelet, Node, Pod, Service, ServicePort, Usage
from kubecheck.cluster.reading import Reading
from kubecheck.fleet.standing import Peer, Probe
from kubecheck.outcomes import Outcome, Result
from kubecheck.survey import Record, save_record

settings.register_profile("kubecheck", database=None, deadline=None, max_examples=40)
settings.load_profile("kubecheck")
# Hypothesis would leave a folder wherever one happens to be; what it keeps goes beside pytest's own cache.
set_hypothesis_home_dir(Path(__file__).parents[2] / ".pytest_cache/hypothesis")


def make_node(name, os="linux"):
    return Node(
        name=name,
        addresses=("192.168.232.1",),
        conditions=(Condition("Ready", "True", since="2026-01-01T00:00:00Z"),),
        kubelet_version="v1.36.4",
        runtime="containerd://1.6.20",
        os=os,
        architecture="amd64",
        unschedulable=False,
        taints=(),
        pod_cidrs=("10.244.1.0/24",),
        cpu=2.0,
        memory=4e9,
    )


@cache
def make_facts(names, windows=()):
    nodes = [make_node(name) for name in names] + [make_node(name, "windows") for name in windows]
    known = {
        "server": "https://192.168.232.236:8443",
        "server_version": "v1.36.4",
        "nodes": tuple(nodes),
        "pods": Reading((Pod("kube-system", "coredns-1", names[0], "Running", True, "10.244.1.2", False),)),
        "kubernetes_service": Reading(
            Service("default", "kubernetes", ("10.96.0.1",), (ServicePort("https", "TCP", 443),))
        ),
        "dns_service": Reading(
            Service("kube-system", "kube-dns", ("10.96.0.10",), (ServicePort("dns", "UDP", 53),))
        ),
        "dns_domain": Reading("cluster.local"),
        "metrics_api": Reading(problem="not there", absent=True),
        "node_usage": Reading({names[0]: Usage(0.25, 1e9, "2026-01-01T00:00:00Z")}),
        "kubelets": {names[0]: Reading(Kubelet(None, {"clusterDNS": ["10.96.0.10"], "maxPods": 110}))},
    }
    # What else there is to know could not be read in this cluster.
    unread = {field.name: Reading(problem=f"{field.name} could not be read") for field in fields(Facts)}
    return Facts(**{**unread, **known})


def with_full_disk(facts):
    """The same cluster, but for its first node, whose disk is full."""
    full = Condition("DiskPressure", "True", since="2026-01-01T00:00:00Z")
    first, *others = facts.nodes
    return replace(facts, nodes=(replace(first, conditions=(*first.conditions, full)), *others))


def save_made(facts, path, **more):
    """Write the record of a run that has read ``facts``, and asked nobody."""
    save_record(Record("r1", "2026-01-01T02:00:00+00:00", Policy(), facts, **more), path)
    return path


@cache
def make_standing(names, run="r1"):
    probes = [
        Probe(name, network, f"kubecheck-{run}", f"probe-{name}", f"10.244.{number}.5", "", 1.5)
        for network in ("pod", "node")
        for number, name in enumerate(names)
    ]
    return Standing(
        run=run,
        namespace=f"kubecheck-{run}",
        peer_namespace=f"kubecheck-{run}-peer",
        probes=tuple(probes),
        peers=(Peer(f"kubecheck-{run}-peer", "peer-1", names[0], "10.244.0.9"),),
        peer_problem="",
        services={f"kubecheck-{run}/probe": "10.96.12.34"},
    )


@pytest.fixture
def facts():
    """A cluster of two nodes."""
    return make_facts(("node1", "node2"))


@pytest.fixture(scope="session")
def facts_of():
    """Makes the facts of a cluster whose nodes have these names."""
    return make_facts


@pytest.fixture
def standing():
    """The fleet on the two nodes of ``facts``."""
    return make_standing(("node1", "node2"))


@pytest.fixture(scope="session")
def site_at():
    """Makes the site of a pod on one of a cluster's nodes."""

    def make(names, here, policy=None, run="r1"):
        names = tuple(names)
        return Site(Vantage("pod", here), make_facts(names), policy or Policy(), make_standing(names, run))

    return make


@pytest.fixture(scope="session")
def result():
    """Makes a result; what is not named is ordinary."""
    ordinary = Result(
        check="network.pod_to_pod",
        title="Every pod reaches a pod on every node",
        vantage="pod:node1",
        outcome=Outcome.PASSED,
        message="",
        runbook=("R13",),
        remedy=("kubectl get nodes",),
        seconds=0.25,
        nodeid="tests/network/test_pods.py::test_pod_to_pod[pod:node1]",
    )
    return lambda **changes: replace(ordinary, **changes)
