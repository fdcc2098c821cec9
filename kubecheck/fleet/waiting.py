"""Waiting for pods on one watch, until each is Ready or will not be."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kubecheck.cluster.api import Api, ApiError
from kubecheck.cluster.objects import Node
from kubecheck.fleet.manifests import HEADLESS_LABEL
from kubecheck.fleet.standing import HEADLESS, Probe

Json = dict[str, Any]
Key = tuple[str, str]  # namespace and name

# Container states from which the kubelet does not find a way out by itself in good time.
HOPELESS = {
    "CreateContainerConfigError",
    "CreateContainerError",
    "ErrImageNeverPull",
    "ImageInspectError",
    "ImagePullBackOff",
    "InvalidImageName",
}
STILL_PULLING = "StillPulling"
# What containerd, docker and CRI-O say when an image has nothing for a node's architecture, and what becomes
# of a program for another one.
OTHER_PLATFORM = re.compile(
    r"no match for platform|no matching manifest for|no image found in [\w ]+ for architecture"
    r"|exec format error",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Wanted:
    """A probe pod that shall stand on ``node``."""

    node: Node
    network: str
    namespace: str
    name: str


@dataclass(frozen=True)
class Found:
    """The run's pods when the waiting ended, and since when each is Ready, in seconds."""

    pods: dict[Key, Json]
    ready_after: dict[Key, float]
    reasons: dict[Key, str]
    ready_peers: tuple[Json, ...]
    peer_problem: str

    def probe(self, wanted: Wanted) -> Probe:
        """What became of ``wanted``."""
        key = (wanted.namespace, wanted.name)
        pod = self.pods.get(key, {})
        return Probe(
            node=wanted.node.name,
            network=wanted.network,
            namespace=wanted.namespace,
            name=wanted.name,
            address=pod.get("status", {}).get("podIP", ""),
            problem="" if key in self.ready_after else self.reasons.get(key, "it was never seen"),
            seconds=round(self.ready_after.get(key, 0.0), 2),
            addresses=tuple(each["ip"] for each in pod.get("status", {}).get("podIPs") or ()),
            # As the pod has it: another shard that made it may have counted the nodes at another time.
            headless=pod.get("metadata", {}).get("labels", {}).get(HEADLESS_LABEL, HEADLESS),
        )


def wait_for_pods(
    api: Api,
    selector: str,
    wanted: Sequence[Wanted],
    *,
    peers: int,
    peer_namespace: str,
    seconds: float,
    stop: threading.Event,
    started: float,
    count: Callable[[int], None],
) -> Found:
    """Wait until each wanted pod and ``peers`` replicas are Ready or hopeless, ``seconds`` at most.

    ``count`` hears how many pods are Ready by now. Raises ApiError when they cannot be watched: what
    became of them is not known then.
    """
    keys = [(each.namespace, each.name) for each in wanted]
    pods: dict[Key, Json] = {}
    ready_after: dict[Key, float] = {}
    foreign: dict[Key, str] = {}  # kept, because the kubelet says it once and then only waits
    gone: set[Key] = set()

    def see(event: Json) -> None:
        item = event["object"]
        key = _key(item)
        if event["type"] == "DELETED":
            gone.add(key)
            for known in (pods, ready_after, foreign):
                known.pop(key, None)
            return
        gone.discard(key)
        pods[key] = item
        if is_ready(item):
            ready_after.setdefault(key, time.monotonic() - started)
        else:
            ready_after.pop(key, None)
            foreign[key] = other_platform(item) or foreign.get(key, "")

    def settled(key: Key) -> bool:
        return key in ready_after or key in gone or bool(foreign.get(key)) or hopeless(pods.get(key, {}))

    def done() -> bool:
        # A replica that has ended, or never began because its kubelet refused it, is replaced at once.
        of_peers = [
            key for key, pod in pods.items() if key[0] == peer_namespace and settled(key) and not _ended(pod)
        ]
        return len(of_peers) >= peers and all(map(settled, keys))

    if not done():
        for events in follow(api, "/api/v1/pods", seconds, labelSelector=selector):
            if stop.is_set():
                break
            for event in events:
                see(event)
            count(len(ready_after))
            if done():
                break

    late = [key for key in pods if key not in ready_after]
    reasons = {key: foreign.get(key) or reason_for(api, pods[key]) for key in late}
    reasons |= dict.fromkeys(gone, "it was deleted meanwhile")
    ready = tuple(item for key, item in pods.items() if key[0] == peer_namespace and key in ready_after)
    short = ""
    if len(ready) < peers:
        said = sorted({_placed(pods[key], reasons[key]) for key in late if key[0] == peer_namespace})
        short = f"{len(ready)} of {peers} replicas are ready after {time.monotonic() - started:.0f} s"
        short += f" ({'; '.join(said)})" if said else "; no other pod was created"
    return Found(pods, ready_after, reasons, ready, short)


def follow(api: Api, path: str, seconds: float, **selectors: Any) -> Iterator[list[Json]]:
    """What becomes of the objects at ``path`` within ``seconds``: events, as many as are known at a time.

    All objects come first, and again after each watch that ended, the last one too: it may have been silent.
    What went meanwhile comes as DELETED then. Raises ApiError.
    """
    known: dict[Key, Json] = {}
    ends = time.monotonic() + seconds
    while True:
        page = api.get(path, **selectors)
        there = {_key(item): item for item in page.get("items") or ()}
        gone = [{"type": "DELETED", "object": item} for key, item in known.items() if key not in there]
        yield [*gone, *({"type": "ADDED", "object": item} for item in there.values())]
        known = there
        left = ends - time.monotonic()
        if left <= 0:
            return
        for event in api.watch(path, page["metadata"]["resourceVersion"], left, **selectors):
            if event["type"] == "ERROR":
                break
            if event["type"] == "DELETED":
                known.pop(_key(event["object"]), None)
            else:
                known[_key(event["object"])] = event["object"]
            yield [event]


def _key(item: Json) -> Key:
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]


def _placed(pod: Json, reason: str) -> str:
    node = pod.get("spec", {}).get("nodeName")
    return f"on node {node}: {reason}" if node else reason


def is_ready(pod: Json) -> bool:
    """Whether the pod's Ready condition is True and it has an address."""
    status = pod.get("status", {})
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions") or ())
    return ready and bool(status.get("podIP"))


def hopeless(pod: Json) -> bool:
    """Whether waiting longer for the pod makes no sense."""
    return _ended(pod) or any(waiting["reason"] in HOPELESS for waiting in _waiting(pod))


def _ended(pod: Json) -> bool:
    return pod.get("status", {}).get("phase") in ("Failed", "Succeeded")


def other_platform(pod: Json) -> str:
    """What the pod's status says of an image that is not for its node's architecture; empty where nothing."""
    images = {each["name"]: each.get("image", "") for each in pod.get("spec", {}).get("containers") or ()}
    for status in pod.get("status", {}).get("containerStatuses") or ():
        for state in (status.get("state") or {}, status.get("lastState") or {}):
            for told in state.values():
                message = (told or {}).get("message", "")
                if OTHER_PLATFORM.search(message):
                    image = images.get(status.get("name", "")) or status.get("image", "")
                    return f"{told.get('reason', 'Error')}: image {image}: {message.strip()}"
    return ""


def reason_for(api: Api, pod: Json) -> str:
    """Why the pod is not Ready, in the kubelet's or the scheduler's words."""
    status = pod.get("status", {})
    if status.get("phase") == "Failed":
        return f"{status.get('reason', 'Failed')}: {status.get('message', '')}".strip(": ")
    for waiting in _waiting(pod):
        if waiting["reason"] not in ("ContainerCreating", "PodInitializing"):
            return f"{waiting['reason']}: {waiting.get('message', '')}".strip(": ")
    said = _told_in_events(api, pod)
    if said:
        return said
    for condition in status.get("conditions") or ():
        if condition["status"] == "False" and condition.get("message"):
            return str(condition["message"])
    node = pod.get("spec", {}).get("nodeName")
    if not node:
        return "no scheduler has looked at it yet: is kube-scheduler at work?"
    if not status.get("startTime"):  # a kubelet's first word about a pod
        return f"the kubelet of {node} has not taken it up: does it reach an API server?"
    return f"it is {status.get('phase', 'Pending')} and nobody says why"


def _waiting(pod: Json) -> list[Json]:
    statuses = pod.get("status", {}).get("containerStatuses") or []
    return [
        c["state"]["waiting"] for c in statuses if (c.get("state") or {}).get("waiting", {}).get("reason")
    ]


def _told_in_events(api: Api, pod: Json) -> str:
    """The latest warning; where there is none, that an image has not come yet."""
    metadata = pod["metadata"]
    try:
        events = api.items(
            f"/api/v1/namespaces/{metadata['namespace']}/events",
            fieldSelector=f"involvedObject.name={metadata['name']}",
        )
    except ApiError:
        return ""  # the reason is a help, and without it the pod's status still speaks
    events.sort(key=lambda event: event.get("lastTimestamp") or "")
    for event in reversed(events):
        if event.get("type") == "Warning":
            return f"{event['reason']}: {event['message']}"
    # A registry that does not answer is waited for; the kubelet's next word would be that it failed.
    come = " ".join(event["message"] for event in events if event["reason"] == "Pulled")
    for event in events:
        image = event["message"].partition('"')[2]  # Pulling image "..."
        if event["reason"] == "Pulling" and image not in come:
            return (
                f"{STILL_PULLING}: {event['message']} since {event.get('lastTimestamp')}, and it has not come"
            )
    return ""
