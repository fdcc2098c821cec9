"""What is said of replicas that do not come up: on which node each of them hangs."""

import threading
import time

import pytest

from kubecheck.cluster.api import ApiError
from kubecheck.fleet.waiting import Wanted, wait_for_pods
from selftest.unit.kubecheck.conftest import make_node


def peer(name, node="", ready=False, reason="ImagePullBackOff"):
    """A replica that is ready, or hangs on ``node``."""
    state = {"waiting": {"reason": reason, "message": "no"}}
    status = {"phase": "Running", "podIP": "10.0.0.1", "conditions": [{"type": "Ready", "status": "True"}]}
    if not ready:
        status = {"phase": "Pending", "containerStatuses": [{"state": state}]}
    return {
        "metadata": {"namespace": "peers", "name": name},
        "spec": {"nodeName": node} if node else {},
        "status": status,
    }


class Api:
    """An API server with these pods, in which nothing happens."""

    def __init__(self, *pods):
        self.pods = pods

    def get(self, path, **query):
        return {"metadata": {"resourceVersion": "1"}, "items": list(self.pods)}

    def items(self, path, **query):
        return []

    def watch(self, path, version, seconds, **query):
        return iter(())


def problem(*pods, api=Api):
    found = wait_for_pods(
        api(*pods), "a=b", [], peers=len(pods), peer_namespace="peers", seconds=0.05, stop=threading.Event(),
        started=time.monotonic(), count=lambda ready: None,
    )  # fmt: skip
    return found.peer_problem


def test_the_node_of_a_replica_that_hangs_is_named():
    said = problem(peer("a", "n1", ready=True), peer("b", "n2"))
    assert said.startswith("1 of 2 replicas are ready")
    assert "on node n2: ImagePullBackOff: no" in said
    assert "n1" not in said


def test_one_that_no_scheduler_has_placed_has_none():
    assert "(no scheduler has looked at it yet" in problem(peer("a", reason="ContainerCreating"))


def test_a_kubelet_that_has_not_taken_it_up_is_named():
    silent = peer("a", "n3")
    silent["status"] = {"phase": "Pending"}
    assert "(on node n3: the kubelet of n3 has not taken it up" in problem(silent)


def test_all_ready_is_no_problem():
    assert problem(peer("a", "n1", ready=True)) == ""


class Eventful(Api):
    """One in which happens what each watch sends, or goes unseen before the second list."""

    def __init__(self, *pods, watches=(), unseen=()):
        super().__init__(*pods)
        self.watches, self.unseen = list(watches), list(unseen)

    @staticmethod
    def event(pods, kind, pod):
        others = [each for each in pods if each["metadata"] != pod["metadata"]]
        return others if kind == "DELETED" else [*others, pod]

    def watch(self, path, version, seconds, **query):
        for kind, pod in self.watches.pop(0) if self.watches else ():
            self.pods = self.event(self.pods, kind, pod)
            yield {"type": kind, "object": pod}
        for kind, pod in self.unseen:
            self.pods = self.event(self.pods, kind, pod)


def rejected(name, node):
    """A replica that its kubelet does not take; its ReplicaSet makes another one at once."""
    status = {"phase": "Failed", "reason": "OutOfpods", "message": "Node didn't have enough resource"}
    return peer(name, node) | {"status": status}


def peers_of(api, count, seconds=0.3):
    """What was found where so many replicas are to be."""
    return wait_for_pods(
        api, "a=b", [], peers=count, peer_namespace="peers", seconds=seconds, stop=threading.Event(),
        started=time.monotonic(), count=lambda ready: None,
    )  # fmt: skip


def test_a_replica_that_a_kubelet_rejects_is_replaced_and_that_is_waited_for():
    first = [peer("a", "n1", ready=True), rejected("b", "n2")]
    other = [("ADDED", peer("c", reason="ContainerCreating")), ("MODIFIED", peer("c", "n1", ready=True))]
    assert peers_of(Eventful(*first, watches=[other]), 2).peer_problem == ""
    said = peers_of(Eventful(*first), 2).peer_problem
    assert "on node n2: OutOfpods: Node didn't have enough resource" in said


def test_one_that_will_not_come_up_is_not_waited_for():
    begun = time.monotonic()
    said = peers_of(Eventful(peer("a", "n1", ready=True), peer("b", "n2")), 2, seconds=30).peer_problem
    assert "on node n2: ImagePullBackOff" in said
    assert time.monotonic() - begun < 5


GONE = [("DELETED", peer("b", "n2", ready=True)), ("MODIFIED", peer("c", "n1", ready=True))]


@pytest.mark.parametrize("more", [{"watches": [GONE]}, {"unseen": GONE}], ids=["watched", "unseen"])
def test_a_pod_that_is_gone_is_no_replica(more):
    pods = [peer("a", "n1", ready=True), peer("b", "n2", ready=True), peer("c", reason="ContainerCreating")]
    found = peers_of(Eventful(*pods, **more), 3)
    assert found.peer_problem.startswith("2 of 3 replicas are ready")
    assert [pod["metadata"]["name"] for pod in found.ready_peers] == ["a", "c"]


class Lost(Api):
    """One that is out of reach as soon as it has told of its pods once."""

    def watch(self, path, version, seconds, **query):
        raise ApiError(0, "Unreachable", "no answer in time")


def test_pods_that_cannot_be_watched_are_not_said_to_fail():
    with pytest.raises(ApiError, match="no answer in time"):
        problem(peer("a", "n1", reason="ContainerCreating"), api=Lost)


class Silent(Api):
    """One whose watches tell nothing: of ``pods`` the first list tells, of ``later`` the next one."""

    def __init__(self, *pods, later=()):
        super().__init__(*pods)
        self.later = later

    def watch(self, path, version, seconds, **query):
        time.sleep(seconds)
        if isinstance(self.later, Exception):
            self.get = self.refuse
        else:
            self.pods = self.later
        return iter(())

    def refuse(self, path, **query):
        raise self.later


def test_what_a_silent_watch_did_not_tell_is_read_at_the_end():
    ready = peer("b", "n2", ready=True)
    there = [peer("a", "n1", ready=True), peer("b", "n2", reason="ContainerCreating")]
    found = peers_of(Silent(*there, later=[there[0], ready]), 2)
    assert (found.peer_problem, found.ready_peers[1]) == ("", ready)
    said = peers_of(Silent(*there, later=[ready]), 2).peer_problem
    assert said.startswith("1 of 2 replicas are ready"), "a silent watch does not tell either what is gone"


def test_where_that_cannot_be_read_nothing_is_said_of_the_pods():
    there = peer("a", "n1", reason="ContainerCreating")
    with pytest.raises(ApiError, match="no answer in time"):
        peers_of(Silent(there, later=ApiError(0, "NoAnswer", "no answer in time")), 1)


BUSYBOX = "docker.io/library/busybox:1.37"
NO_MATCH = (
    f'rpc error: code = NotFound desc = failed to pull and unpack image "{BUSYBOX}": no match for platform in'
    " manifest: not found"
)
CRI_O = 'no image found in image index for architecture "arm64", variant "v8", OS "linux"'
DOCKER = "no matching manifest for linux/arm64/v8 in the manifest list entries"
CRUN = "failed to start container: exec container process `/bin/sh`: Exec format error"
CRASHED = "back-off 10s restarting failed container=busybox pod=probe-1_kubecheck-r1(4f)"
ENDED = {"exitCode": 255, "reason": "Error", "message": "exec /bin/sh: exec format error\n"}


def probe(state, last=None):
    """A probe pod whose container is in this state."""
    status = {"name": "busybox", "image": BUSYBOX, "state": state, "lastState": last or {}}
    return {
        "metadata": {"namespace": "probes", "name": "probe-1"},
        "spec": {"nodeName": "n1", "containers": [{"name": "busybox", "image": BUSYBOX}]},
        "status": {"phase": "Pending", "containerStatuses": [status]},
    }


def waiting(reason, message=""):
    return {"waiting": {"reason": reason, "message": message}}


def waited(api, seconds=5):
    """What is said of the probe pod, and how long that took."""
    began = time.monotonic()
    wanted = Wanted(make_node("n1"), "pod", "probes", "probe-1")
    found = wait_for_pods(
        api, "a=b", [wanted], peers=0, peer_namespace="peers", seconds=seconds, stop=threading.Event(),
        started=began, count=lambda ready: None,
    )  # fmt: skip
    return found.probe(wanted).problem, time.monotonic() - began


@pytest.mark.parametrize(
    ("pod", "told"),
    [
        (probe(waiting("ErrImagePull", NO_MATCH)), "ErrImagePull: image"),
        (probe(waiting("ImagePullBackOff", f"Back-off pulling image: {NO_MATCH}")), "no match for platform"),
        (probe(waiting("ErrImagePull", CRI_O)), 'for architecture "arm64"'),
        (probe(waiting("ErrImagePull", DOCKER)), "linux/arm64/v8"),
        (probe(waiting("CrashLoopBackOff", CRASHED), {"terminated": ENDED}), "exec format error"),
        (probe({"terminated": ENDED}), "exec format error"),
        (probe(waiting("RunContainerError", CRUN)), "RunContainerError: image"),
        (probe({"terminated": {"reason": "StartError", "exitCode": 128, "message": CRUN}}), "StartError"),
    ],
    ids=["pull", "back-off", "cri-o", "docker", "crash loop", "ended", "run error", "start error"],
)
def test_an_image_for_another_architecture_is_told_at_once(pod, told):
    said, took = waited(Api(pod))
    assert told in said
    assert f"image {BUSYBOX}: " in said
    assert took < 2


CREATING = probe(waiting("ContainerCreating"))


@pytest.mark.parametrize(
    "more",
    [{"watches": [[("DELETED", CREATING)]]}, {"unseen": [("DELETED", CREATING)]}],
    ids=["watched", "unseen"],
)
def test_a_probe_pod_that_was_deleted_is_told_and_not_waited_for(more):
    said, took = waited(Eventful(CREATING, **more), seconds=5)
    assert said == "it was deleted meanwhile"
    assert took < 2


class Forgetful(Api):
    """A kubelet that says once what hinders the pull, and then that it waits, as older ones do."""

    def watch(self, path, version, seconds, **query):
        yield {"type": "MODIFIED", "object": probe(waiting("ErrImagePull", NO_MATCH))}
        yield {"type": "MODIFIED", "object": probe(waiting("ImagePullBackOff", "Back-off pulling image"))}


def test_what_the_kubelet_said_once_is_kept():
    said, _ = waited(Forgetful(probe(waiting("ContainerCreating"))))
    assert "no match for platform" in said


def test_another_crash_is_waited_for():
    said, took = waited(Api(probe(waiting("CrashLoopBackOff", CRASHED))), seconds=0.2)
    assert said.startswith("CrashLoopBackOff: back-off")
    assert took >= 0.2


def event(reason, message, at, kind="Normal"):
    return {"reason": reason, "message": message, "type": kind, "lastTimestamp": f"2026-11-24T12:00:{at}Z"}


PULLING = event("Pulling", 'Pulling image "registry.example/busybox:1"', "01")


@pytest.mark.parametrize(
    ("events", "said"),
    [
        (
            [PULLING],
            'StillPulling: Pulling image "registry.example/busybox:1" since 2026-11-24T12:00:01Z, and it has',
        ),
        (
            [event("Pulled", 'Container image "registry.example/nginx:1" already present', "00"), PULLING],
            "StillPulling",
        ),
        (
            [PULLING, event("Pulled", 'Successfully pulled image "registry.example/busybox:1" in 1 s', "02")],
            "nobody says why",
        ),
        ([PULLING, event("FailedMount", "no such Secret", "00", "Warning")], "FailedMount: no such Secret"),
        (
            [event("Failed", "no", "03", "Warning"), event("BackOff", "too", "02", "Warning")],
            "on node n1: Failed: no)",
        ),
    ],
    ids=["pulling", "another pulled", "pulled", "a warning", "the last warning"],
)
def test_what_events_tell_of_a_replica_that_hangs(events, said):
    class Told(Api):
        def items(self, path, **query):
            return list(events)

    hanging = peer("a", "n1", reason="ContainerCreating")
    hanging["status"]["startTime"] = "2026-11-24T12:00:00Z"
    assert said in problem(hanging, api=Told)


def test_a_probe_is_in_the_group_that_its_pod_says():
    pod = probe(waiting("ErrImagePull", NO_MATCH))
    pod["metadata"]["labels"] = {"kubecheck.dev/headless": "probe-headless-7"}
    wanted = Wanted(make_node("n1"), "pod", "probes", "probe-1")
    found = wait_for_pods(
        Api(pod), "a=b", [wanted], peers=0, peer_namespace="peers", seconds=0.05, stop=threading.Event(),
        started=time.monotonic(), count=lambda ready: None,
    )  # fmt: skip
    assert found.probe(wanted).headless == "probe-headless-7"
