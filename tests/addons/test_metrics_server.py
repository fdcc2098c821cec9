"""metrics-server: what ``kubectl top`` shows."""

from datetime import UTC, datetime

from kubecheck.checks import (
    API,
    EACH_NODE,
    METRICS_SETTLED,
    CannotTell,
    Facts,
    Node,
    NotApplicable,
    Policy,
    check,
    listed,
    settled_pods,
)

LOOK = (
    "kubectl get apiservice v1beta1.metrics.k8s.io -o yaml",
    "kubectl -n kube-system logs deployment/metrics-server --tail=50",
)


def metrics_expected(facts: Facts, policy: Policy) -> None:
    """Only a cluster that has the metrics API, or promises it, is judged by it."""
    if facts.metrics_api.absent and not policy.addons.metrics_server:
        raise NotApplicable("the metrics API is not installed, and policy does not ask for it")


@check(title="The metrics API is available", at=API, runbook=("R3",), remedy=LOOK)
def test_metrics_api_available(facts: Facts, policy: Policy) -> None:
    """The aggregation layer reaches metrics-server: its APIService is Available.

    Source: https://kubernetes.io/docs/tasks/debug/debug-cluster/resource-metrics-pipeline/
    """
    metrics_expected(facts, policy)
    if facts.metrics_api.absent:
        raise AssertionError("the metrics API is not installed, and policy asks for metrics-server")
    said = facts.metrics_api.value
    assert said.status == "True", f"APIService v1beta1.metrics.k8s.io: {said.reason} {said.message}"


@check(
    title="Each node has a row in kubectl top node, with plausible figures",
    at=EACH_NODE,
    runbook=("R3",),
    remedy=(*LOOK, "kubectl get --raw /api/v1/nodes/NODE/proxy/metrics/resource"),
)
def test_node_has_metrics(measured: Facts, policy: Policy, node: Node) -> None:
    """CPU and memory are above zero and not above what the node has.

    metrics-server leaves out a node that it cannot scrape: all others still have their rows.
    Source: https://kubernetes-sigs.github.io/metrics-server/
    """
    metrics_expected(measured, policy)
    usage = measured.node_usage.value.get(node.name)
    if usage is None:
        raise AssertionError(f"kubectl top node has no row for {node.name}")
    # A little over its capacity is a matter of sampling, twice is a wrong unit or a wrong node.
    assert 0 < usage.cpu <= node.cpu * 2, f"{node.name}: {usage.cpu:.3f} cores used of {node.cpu:g}"
    assert 0 < usage.memory <= node.memory, f"{node.name}: {usage.memory:.0f} bytes used of {node.memory:.0f}"


@check(
    title="Each node's metrics are fresh",
    at=EACH_NODE,
    runbook=("R3",),
    remedy=(*LOOK, "kubectl get --raw /apis/metrics.k8s.io/v1beta1/nodes/NODE"),
)
def test_node_metrics_fresh(measured: Facts, policy: Policy, node: Node) -> None:
    """The node's sample is no older than policy allows, by the API server's clock.

    metrics-server keeps showing the last sample of a kubelet that it cannot scrape any more, and the
    autoscaler goes on deciding by it.
    Source: --metric-resolution in https://kubernetes-sigs.github.io/metrics-server/
    """
    metrics_expected(measured, policy)
    usage = measured.node_usage.value.get(node.name)
    if usage is None or not usage.sampled:
        raise CannotTell(f"kubectl top node has no row for {node.name}, so there is nothing to be fresh")
    age = (parse_time(measured.clock.value) - parse_time(usage.sampled)).total_seconds()
    limit = policy.addons.metrics_max_age_seconds
    assert age <= limit, (
        f"the sample of {node.name} in metrics.k8s.io is of {usage.sampled}, {age:.0f} s old;"
        f" expected at most {limit:.0f} s (addons.metrics_max_age_seconds)"
    )


@check(
    title="Every running pod has a row in kubectl top pod",
    at=API,
    runbook=("R4",),
    remedy=(*LOOK, "kubectl top pod --all-namespaces"),
)
def test_pods_have_metrics(measured: Facts, policy: Policy) -> None:
    """Rows are there, with memory in use, and no pod that has run for two minutes is without one.

    A younger pod or container may not have been read twice yet, which its CPU figure needs, and a row that is
    missing is asked for again, since a single reading may be incomplete. A kubelet that was restarted has no
    figures of its pods at first, so for two minutes theirs cannot be told where those of the node itself are
    there.

    Source: https://kubernetes-sigs.github.io/metrics-server/
    """
    metrics_expected(measured, policy)
    rows = measured.pod_usage.value
    assert rows, "kubectl top pod has no row at all"
    empty = [name for name, usage in rows.items() if usage.memory <= 0]
    assert not empty, f"no memory in use, says the row of {listed(empty)}"
    expected = settled_pods(measured.pods.value, rows)
    without = [pod for pod in expected if pod.full_name not in rows]
    young = {node: kubelet_just_started(measured, node) for node in sorted({pod.node for pod in without})}
    missing = [pod.full_name for pod in without if not young[pod.node]]
    assert not missing, f"{len(missing)} of {len(expected)} running pods have no row: {listed(missing)}"
    if without:
        names = listed([pod.full_name for pod in without])
        raise CannotTell(f"{names} without a row: {listed(list(young.values()), '; ')}")


def kubelet_just_started(facts: Facts, node: str) -> str:
    """That the node's kubelet started too lately for its pods' rows to be missed; empty where it did not.

    Also empty where the node's own row is missing, for then metrics-server does not reach it at all.
    """
    if node not in (facts.node_usage.found or {}):
        return ""
    kubelet = facts.kubelets[node].found if node in facts.kubelets else None
    if kubelet is None or kubelet.started is None:
        return ""
    age = (parse_time(facts.clock.value) - datetime.fromtimestamp(kubelet.started, UTC)).total_seconds()
    if age > METRICS_SETTLED:
        return ""
    return f"the kubelet of {node} started {max(age, 0.0):.0f} s ago, and two readings of it are needed"


def parse_time(text: str) -> datetime:
    """A Kubernetes timestamp."""
    return datetime.fromisoformat(text)
