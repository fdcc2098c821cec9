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


class Lost(Api):
    """One that is out of reach as soon as it has told of its pods once."""

    def watch(self, path, version, seconds, **query):
        raise ApiError(0, "Unreachable", "no answer in time")


def test_pods_that_cannot_be_watched_are_not_said_to_fail():
    with pytest.raises(ApiError, match="no answer in time"):
        problem(peer("a", "n1", reason="ContainerCreating"), api=Lost)


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
