"""A good guest: what a run changes in a cluster, and what becomes of it when the run is killed or cut off."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client

from lab.handle import Lab
from selftest.lab.conftest import Run, until, write_kubeconfig
from selftest.running import ROOT
from selftest.tunnels import relay

Kubecheck = Callable[..., Run]
Start = Callable[..., "subprocess.Popen[str]"]
OURS = "app.kubernetes.io/managed-by=kubecheck"
RESTLESS = {  # what Kubernetes itself writes all the time
    ("", "events"),
    ("events.k8s.io", "events"),
    ("coordination.k8s.io", "leases"),
    ("metrics.k8s.io", "nodes"),
    ("metrics.k8s.io", "pods"),
}


def every_object(api: client.ApiClient) -> dict[str, Any]:
    """All that the API server lists, with what people or controllers want of each: not its status."""

    def get(path: str) -> dict[str, Any]:
        answer = api.call_api("GET", api.configuration.host + path, {"Accept": "application/json"})
        return dict(json.loads(answer.read()))

    groups = [("", "/api/v1")]
    groups += [
        (group["name"], f"/apis/{group['preferredVersion']['groupVersion']}")
        for group in get("/apis")["groups"]
    ]
    found: dict[str, Any] = {}
    for group, path in groups:
        for kind in get(path)["resources"]:
            if "list" not in kind["verbs"] or (group, kind["name"]) in RESTLESS:
                continue
            for item in get(f"{path}/{kind['name']}")["items"]:
                metadata = item["metadata"]
                name = f"{path}/{kind['name']} {metadata.get('namespace', '')}/{metadata['name']}"
                wanted = {key: item[key] for key in item if key not in ("metadata", "status")}
                labels = {key: metadata.get(key) for key in ("uid", "labels", "annotations", "finalizers")}
                found[name] = wanted | labels
    return found


def test_a_run_changes_nothing_but_its_own(kubecheck: Kubecheck, api: client.ApiClient) -> None:
    before = every_object(api)
    run = kubecheck()
    assert run.code == 0, run.output
    after = every_object(api)
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert changed == set()


@pytest.fixture
def half_way(start: Start, leftovers: Callable[[], list[str]], api: client.ApiClient) -> Start:
    """Start a run, and wait until its pods run."""
    core = client.CoreV1Api(api)

    def begin(*options: str, kubeconfig: Path | None = None) -> "subprocess.Popen[str]":
        process = start(*options, kubeconfig=kubeconfig)
        until(
            lambda: (
                process.poll() is not None
                or bool(core.list_pod_for_all_namespaces(label_selector=OURS).items)
            ),
            "the run has created pods",
        )
        assert process.poll() is None, process.communicate()[0]
        return process

    return begin


def clean(lab: Lab, *options: str) -> str:
    """What ``kubecheck clean`` says."""
    command = [sys.executable, "-m", "kubecheck.cli", "clean", "--kubeconfig", str(lab.kubeconfig), *options]
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_what_a_killed_run_left_ends_by_itself_and_the_next_run_removes_it(
    half_way: Start,
    kubecheck: Kubecheck,
    lab: Lab,
    leftovers: Callable[[], list[str]],
    api: client.ApiClient,
) -> None:
    half_way().kill()
    core = client.CoreV1Api(api)
    left = leftovers()
    assert len(left) == 3
    assert "may be under way until" in clean(lab)
    assert leftovers() == left
    # Its deadline is half an hour away: as if that had passed.
    for name in left:
        over = {"metadata": {"annotations": {"kubecheck.dev/deadline": "2020-01-01T00:00:00+00:00"}}}
        core.patch_namespace(name, over)
    probes = f"{OURS},kubecheck.dev/role=probe"
    for pod in core.list_pod_for_all_namespaces(label_selector=probes).items:
        assert 0 < pod.spec.active_deadline_seconds <= 1800
        sooner = {"spec": {"activeDeadlineSeconds": 1}}
        core.patch_namespaced_pod(pod.metadata.name, pod.metadata.namespace, sooner)

    def ended() -> bool:
        pods = core.list_pod_for_all_namespaces(label_selector=probes).items
        return {pod.status.phase for pod in pods} == {"Failed"}

    until(ended, "the probe pods have ended by themselves")
    run = kubecheck("-k", "pod_resolves_kubernetes")
    assert run.code == 0, run.output
    until(lambda: leftovers() == [], "what the killed run left is gone")


def test_two_runs_at_once_do_not_meet(
    start: Start, kubecheck: Kubecheck, leftovers: Callable[[], list[str]], tmp_path: Path
) -> None:
    some = ("-k", "pod_resolves_kubernetes or node_to_node or deployment_becomes_ready")
    other = start(*some, "--reports", str(tmp_path / "other"))
    run = kubecheck(*some)
    output, _ = other.communicate(timeout=120)
    assert (run.code, other.returncode) == (0, 0), run.output + output
    # Each has asked for the removal of its own, and waits for it only as long as something becomes of it.
    until(lambda: leftovers() == [], "what both made is gone")


def test_a_cluster_that_is_lost_half_way_is_told_in_good_time(
    half_way: Start, lab: Lab, leftovers: Callable[[], list[str]], tmp_path: Path
) -> None:
    with relay("127.0.0.1", lab.api_port()) as way:
        through = write_kubeconfig(lab, tmp_path / "kubeconfig", server=f"https://{way.address}")
        process = half_way("--deadline", "15s", kubeconfig=through)
        way.cut.set()
        output, _ = process.communicate(timeout=90)
    assert process.returncode == 10, output
    assert "verdict: UNDECIDED" in output
    assert "the deadline of 15 s" in output
    assert "By hand: kubectl delete namespaces,certificatesigningrequests -l kubecheck.dev/run=" in output
    assert "Traceback" not in output
    assert len(leftovers()) == 3
    clean(lab, "--all")
    assert leftovers() == []
