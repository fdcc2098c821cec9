"""The floor: what a bare script on the same client library needs for the same number of pods.

Two namespaces, a pod on each Linux node in both, Ready, one exec into each, deletion asked for. It judges
nothing. ``python -m bench.floor --kubeconfig FILE --image BUSYBOX`` prints its seconds by phase as JSON, and
then waits until its namespaces are gone, so that their removal meets nobody else's run.
"""

from __future__ import annotations

import argparse
import json
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

from kubernetes import client, config, watch
from kubernetes.stream import stream

AT_ONCE = 16  # requests under way
PATIENCE = 120  # seconds until all pods are Ready


def main() -> None:
    """Print the seconds of each phase."""
    parser = argparse.ArgumentParser(prog="python -m bench.floor", description=__doc__)
    parser.add_argument("--kubeconfig", required=True)
    parser.add_argument("--image", required=True, help="a busybox image that the nodes have or can pull")
    parser.add_argument("--pull-policy", default="IfNotPresent")
    options = parser.parse_args()
    marks = [("start", time.monotonic())]
    config.load_kube_config(options.kubeconfig)
    core = client.CoreV1Api()
    found = core.list_node(label_selector="kubernetes.io/os=linux").items
    nodes = [node.metadata.name for node in found if node.metadata]
    run = secrets.token_hex(3)
    namespaces = [f"floor-{run}-a", f"floor-{run}-b"]
    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for name in namespaces:
                core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=name)))
            pods = [(namespace, node) for namespace in namespaces for node in nodes]
            list(
                pool.map(lambda each: core.create_namespaced_pod(each[0], _pod(run, each[1], options)), pods)
            )
            _wait(core, run, len(pods))
            marks.append(("deploy", time.monotonic()))
            list(pool.map(lambda each: _exec(options.kubeconfig, *each), pods))
            marks.append(("exec", time.monotonic()))
    finally:
        for name in namespaces:
            core.delete_namespace(name)
    marks.append(("delete", time.monotonic()))
    print(json.dumps({name: end - begun for (_, begun), (name, end) in pairwise(marks)}), flush=True)
    _wait_until_gone(core, namespaces)


def _pod(run: str, node: str, options: argparse.Namespace) -> client.V1Pod:
    container = client.V1Container(
        name="busybox",
        image=options.image,
        image_pull_policy=options.pull_policy,
        command=["sleep", "600"],
    )
    return client.V1Pod(
        metadata=client.V1ObjectMeta(name=f"probe-{node}", labels={"floor": run}),
        spec=client.V1PodSpec(
            node_name=node,
            termination_grace_period_seconds=0,
            tolerations=[client.V1Toleration(operator="Exists")],
            containers=[container],
        ),
    )


def _wait(core: client.CoreV1Api, run: str, wanted: int) -> None:
    ready: set[tuple[str, str]] = set()
    for event in watch.Watch().stream(
        core.list_pod_for_all_namespaces, label_selector=f"floor={run}", timeout_seconds=PATIENCE
    ):
        pod = event["object"]
        if any(each.type == "Ready" and each.status == "True" for each in pod.status.conditions or ()):
            ready.add((pod.metadata.namespace, pod.metadata.name))
        if len(ready) == wanted:
            return
    raise SystemExit(f"{len(ready)} of {wanted} pods were Ready after {PATIENCE} s")


def _wait_until_gone(core: client.CoreV1Api, namespaces: list[str]) -> None:
    for name in namespaces:
        field = f"metadata.name={name}"
        listed = core.list_namespace(field_selector=field)
        if not listed.items:
            continue
        assert listed.metadata is not None
        for event in watch.Watch().stream(
            core.list_namespace,
            field_selector=field,
            resource_version=listed.metadata.resource_version,
            timeout_seconds=PATIENCE,
        ):
            if event["type"] == "DELETED":
                break
        else:
            raise SystemExit(f"the namespace {name} still stands after {PATIENCE} s")


def _exec(kubeconfig: str, namespace: str, node: str) -> None:
    # A client of its own: while it streams, the library turns a whole client into one for WebSockets.
    with config.new_client_from_config(kubeconfig) as api:
        said = stream(
            client.CoreV1Api(api).connect_get_namespaced_pod_exec,
            f"probe-{node}",
            namespace,
            command=["echo", "here"],
            stdout=True,
        )
    if said.strip() != "here":
        raise SystemExit(f"exec into the pod on {node} gave {said!r}")


if __name__ == "__main__":
    main()
