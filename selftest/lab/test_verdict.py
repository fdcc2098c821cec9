"""First light: the verdict on a healthy cluster, and on three that are broken."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kubernetes import client

from lab.handle import Lab
from selftest.lab.conftest import Run, until

Kubecheck = Callable[..., Run]


def vantages(outcomes: set[tuple[str, str]]) -> dict[str, set[str]]:
    """Vantages by check."""
    found: dict[str, set[str]] = {}
    for check, vantage in outcomes:
        found.setdefault(check, set()).add(vantage)
    return found


def test_healthy_lab_is_ready_three_times_alike(
    kubecheck: Kubecheck, leftovers: Callable[[], list[str]]
) -> None:
    runs = [kubecheck() for _ in range(3)]
    for run in runs:
        assert run.code == 0, run.output
        assert run.output.rstrip().splitlines()[-1].startswith("verdict: READY (")
        assert run.with_outcome("passed")
        assert not run.with_outcome("failed") | run.with_outcome("unknown")
        assert run.outcomes == runs[0].outcomes
    assert leftovers() == []


def test_every_node_is_a_vantage(kubecheck: Kubecheck, lab: Lab) -> None:
    run = kubecheck()
    by_check = vantages(run.with_outcome("passed"))
    assert by_check["network.kubernetes_service_reachable"] == {
        f"{kind}:{node}" for kind in ("pod", "node") for node in lab.nodes
    }
    assert by_check["network.pod_to_pod"] == {f"pod:{node}" for node in lab.nodes}
    assert by_check["nodes.node_ready"] == {f"api:{node}" for node in lab.nodes}


def test_workers_give_the_same_results_with_one_fleet(kubecheck: Kubecheck, tmp_path: Path) -> None:
    alone = kubecheck()
    split = kubecheck("-n", "4", "-v")
    assert split.code == 0, split.output
    assert split.outcomes == alone.outcomes
    assert split.verdict["run"] in split.output
    # Every worker asked through the probe pods of the one run, and each node's items went to one worker.
    workers: dict[str, set[str]] = {}
    for worker, node in re.findall(
        r"^\[(gw\d+)\].*\[(?:pod|node|api):([\w-]+)\]", split.output, re.MULTILINE
    ):
        workers.setdefault(node, set()).add(worker)
    assert len(workers) == 5
    assert all(len(found) == 1 for found in workers.values()), workers
    assert len(set.union(*workers.values())) == 4


def test_replay_needs_no_cluster_and_gives_the_same_verdict(kubecheck: Kubecheck, tmp_path: Path) -> None:
    live = kubecheck()
    nowhere = tmp_path / "nowhere"
    nowhere.write_text("this is no kubeconfig")
    for options in ((), ("-n", "2")):
        again = kubecheck("--replay", str(live.reports / "record.json"), *options, kubeconfig=nowhere)
        assert (again.code, again.outcomes) == (live.code, live.outcomes), again.output


def test_only_what_is_selected_is_asked(kubecheck: Kubecheck) -> None:
    run = kubecheck("-k", "node_ready")
    assert run.code == 0, run.output
    assert {check for check, _ in run.outcomes} == {"nodes.node_ready"}
    assert "deploy" not in run.verdict["timings"]


@pytest.fixture
def without_dns(lab: Lab, api: client.ApiClient) -> Iterator[None]:
    """CoreDNS scaled to nothing, and back."""
    apps = client.AppsV1Api(api)
    core = client.CoreV1Api(api)

    def ready() -> int:
        return apps.read_namespaced_deployment("coredns", "kube-system").status.ready_replicas or 0

    before = apps.read_namespaced_deployment("coredns", "kube-system").spec.replicas
    apps.patch_namespaced_deployment_scale("coredns", "kube-system", {"spec": {"replicas": 0}})
    until(
        lambda: not core.list_namespaced_pod("kube-system", label_selector="k8s-app=kube-dns").items,
        "no CoreDNS pod runs",
    )
    yield
    apps.patch_namespaced_deployment_scale("coredns", "kube-system", {"spec": {"replicas": before}})
    until(lambda: ready() == before, "CoreDNS is ready again")

    def rejected(node: str) -> bool:
        return "kube-system/kube-dns" in lab.exec_on_node(node, ["iptables-save", "-t", "filter"]).stdout

    # The next test may end a kube-proxy: each must have taken the new endpoints over by then.
    until(lambda: not any(rejected(node) for node in lab.nodes), "every kube-proxy knows CoreDNS again")


@pytest.mark.usefixtures("without_dns")
def test_dead_dns_is_red_and_nothing_else(kubecheck: Kubecheck, lab: Lab) -> None:
    run = kubecheck()
    assert run.code == 1, run.output
    pods = {f"pod:{node}" for node in lab.nodes}
    both = pods | {f"node:{node}" for node in lab.nodes}
    failed = vantages(run.with_outcome("failed"))
    assert failed["dns.dns_replicas_ready"] == {"api"}
    for check in ("pod_resolves_kubernetes", "pod_resolves_own_namespace", "pod_resolves_other_namespace"):
        assert failed[f"dns.{check}"] == pods
    of_network = {check: found for check, found in failed.items() if not check.startswith("dns.")}
    assert of_network == {"network.dns_service_over_tcp": both, "network.dns_service_over_udp": both}
    # Replicas that are not there cannot be asked one by one.
    assert set(vantages(run.with_outcome("unknown"))) == {
        "dns.each_replica_answers",
        "dns.each_replica_is_current",
    }


@pytest.fixture
def without_kube_proxy(lab: Lab) -> Iterator[str]:
    """kube-proxy ended on one node, whose old rules stay."""
    node = lab.nodes[-1]
    lab.stop(node, "kube-proxy")
    yield node
    lab.start(node, "kube-proxy")


def test_dead_kube_proxy_shows_in_a_new_service_on_its_node(
    kubecheck: Kubecheck, without_kube_proxy: str, lab: Lab
) -> None:
    run = kubecheck()
    assert run.code == 1, run.output
    node = without_kube_proxy
    failed = vantages(run.with_outcome("failed"))
    both = {f"pod:{node}", f"node:{node}"}
    # The node has no rules for any Service of this run, and at its address the others miss the NodePort.
    assert {check: found for check, found in failed.items() if check.startswith("network.")} == {
        "network.new_service_works": both,
        "network.service_of_other_namespace": {f"pod:{node}"},
        "network.service_spreads": both,
        "network.pod_reaches_itself": {f"pod:{node}"},
        "network.large_transfer_through_service": both,
        "network.node_port": {f"{kind}:{name}" for kind in ("pod", "node") for name in lab.nodes},
    }
    assert not run.with_outcome("unknown")


@pytest.fixture
def without_a_route(lab: Lab, api: client.ApiClient) -> Iterator[tuple[str, str]]:
    """One worker's route to the other worker's pods removed."""
    source, target = lab.nodes[-2:]
    cidr = client.CoreV1Api(api).read_node(target).spec.pod_cidr
    route = lab.exec_on_node(source, ["ip", "route", "show", cidr]).stdout.strip()
    assert route, f"{source} has no route to {cidr}"
    lab.exec_on_node(source, ["ip", "route", "del", *route.split()])
    yield source, target
    lab.exec_on_node(source, ["ip", "route", "replace", *route.split()])


def test_missing_route_is_red_between_its_two_nodes_only(
    kubecheck: Kubecheck, without_a_route: tuple[str, str], lab: Lab
) -> None:
    run = kubecheck()
    assert run.code == 1, run.output
    source, target = without_a_route
    failed = vantages(run.with_outcome("failed"))
    # Answers need the way back, so both ends of the pair fail, and no other node.
    assert failed["network.pod_to_pod"] == {f"pod:{source}", f"pod:{target}"}
    messages = {
        c["vantage"]: c["message"]
        for c in run.verdict["checks"]
        if c["id"] == "network.pod_to_pod" and c["message"]
    }
    assert target in messages[f"pod:{source}"]
    assert not any(
        node in messages[f"pod:{source}"].partition(":")[2].split("\n")[0] for node in lab.nodes[:3]
    )
    # Only a NodePort shows it to others: one end of the pair forwards to a pod at the other end.
    elsewhere = {
        check
        for check, found in failed.items()
        for vantage in found
        if vantage.partition(":")[2] not in (source, target)
    }
    assert elsewhere <= {"addons.dashboard_node_port", "network.node_port"}
    assert not run.with_outcome("unknown")
