"""PriorityClasses: a run displaces nobody unless its policy names a class that does."""

from dataclasses import replace

import pytest

from kubecheck.cluster.api import ApiError
from kubecheck.cluster.objects import Condition, Pod, Resources
from kubecheck.cluster.priorities import PriorityClass
from kubecheck.cluster.reading import Reading
from kubecheck.fleet import Fleet, FleetProblem
from kubecheck.fleet.displacing import displacing, withheld
from kubecheck.policy import Policy

DEFAULT = PriorityClass("standard", 1000, default=True, preempts=True)
NEVER = PriorityClass("never", 1000, default=False, preempts=False)
HIGH = PriorityClass("high", 5000, default=False, preempts=True)
CLASSES = (DEFAULT, NEVER, HIGH)


def pod(priority, **changes):
    ordinary = Pod("apps", "db-0", "node1", "Running", True, "10.244.1.9", False, priority=priority)
    return replace(ordinary, **changes)


def known(facts, *pods, classes=CLASSES):
    return replace(facts, priority_classes=Reading(classes), pods=Reading(pods))


def naming(name):
    return Policy.model_validate({"probes": {"priority_class": name}})


class TestWhoCouldBeDisplaced:
    def test_pods_below_a_default_class_that_preempts(self, facts):
        said = displacing(known(facts, pod(0), pod(999), pod(1000)), Policy())
        assert said == (
            "the default PriorityClass standard (value 1000) lets pods displace 2 of lower priority:"
            " set probes.priority_class in the policy to one with preemptionPolicy Never"
        )
        assert withheld(known(facts, pod(0)), Policy()) == said.replace(" 2 ", " 1 ")

    @pytest.mark.parametrize(
        "classes",
        [
            (),
            (NEVER, HIGH),
            (replace(DEFAULT, preempts=False),),
            (replace(DEFAULT, value=0),),
            (replace(DEFAULT, value=-5),),
        ],
        ids=["none", "no default", "never", "zero", "negative"],
    )
    def test_nobody_by_a_default_that_does_not_preempt(self, facts, classes):
        assert displacing(known(facts, pod(0), classes=classes), Policy()) == ""

    @pytest.mark.parametrize(
        "lower",
        [pod(1000), pod(-10), pod(0, node=""), pod(0, phase="Succeeded"), pod(0, phase="Failed")],
        ids=["equal", "to give way to all", "nowhere yet", "succeeded", "failed"],
    )
    def test_nobody_where_no_pod_stands_below(self, facts, lower):
        assert displacing(known(facts, lower), Policy()) == ""

    @pytest.mark.parametrize(
        ("changes", "room"),
        [
            ({}, True),
            ({"pod_slots": 6}, False),
            ({"allocatable": Resources(0.7, 4e9)}, False),
            ({"allocatable": Resources(2, 1.2e9)}, False),
            ({"unschedulable": True}, False),
            ({"taints": ("dedicated=db:NoSchedule",)}, False),
            ({"conditions": (Condition("Ready", "False"),)}, False),
            ({"os": "windows"}, False),
        ],
        ids=str,
    )
    def test_nobody_where_a_node_has_ample_room(self, facts, changes, room):
        free = {"allocatable": Resources(2, 4e9), "pod_slots": 110}
        last = replace(facts.nodes[-1], **{**free, **changes})
        large = pod(0, node=last.name, requests=Resources(0.5, 1e9))
        there = replace(known(facts, large), nodes=(*facts.nodes[:-1], last))
        assert bool(displacing(there, Policy())) is not room
        ended = replace(there, pods=Reading((pod(0), replace(large, phase="Failed"))))
        assert bool(displacing(ended, Policy())) is (
            not room and not changes.keys() & {"allocatable", "pod_slots"}
        )

    def test_of_several_defaults_the_lowest_holds(self, facts):
        lowest = PriorityClass("lowest", 10, default=True, preempts=False)
        assert displacing(known(facts, pod(0), classes=(DEFAULT, lowest)), Policy()) == ""

    def test_pods_that_may_not_be_read_could_be_displaced(self, facts):
        unread = replace(known(facts), pods=Reading(problem="pods is forbidden"))
        assert " lets pods displace those of lower priority: " in withheld(unread, Policy())

    def test_without_the_right_to_read_classes_the_run_goes_on(self, facts):
        unread = replace(known(facts, pod(0)), priority_classes=Reading(problem="is forbidden"))
        assert withheld(unread, Policy()) == ""

    def test_a_class_that_is_named_is_told_and_used(self, facts):
        there = known(facts, pod(0))
        assert displacing(there, naming("high")).startswith("PriorityClass high (value 5000) lets")
        assert withheld(there, naming("high")) == ""
        assert displacing(there, naming("never")) == ""
        assert displacing(there, naming("nowhere")) == "", "the API server tells that"


class Cluster:
    """What is created in it; no pod ever comes up. ``refuses`` says why no pod is taken."""

    server = "https://192.168.232.236:8443"

    def __init__(self, refuses=""):
        self.refuses = refuses
        self.created = []

    def create(self, path, body):
        self.created.append(body)
        if body["kind"] == "Pod" and self.refuses:
            raise ApiError(403, "Forbidden", self.refuses)
        metadata = {"namespace": path.split("/namespaces/")[-1].partition("/")[0], **body["metadata"]}
        return {**body, "metadata": metadata, "spec": {"clusterIP": "10.96.0.9", **body.get("spec", {})}}

    def items(self, _path, **_query):
        return []

    def get(self, _path, **_query):
        return {"items": [], "metadata": {"resourceVersion": "1"}}

    def watch(self, *_arguments, **_query):
        return iter(())

    def of_kind(self, kind):
        return [body for body in self.created if body["kind"] == kind]


def stand(cluster, facts, priority_class=""):
    timing = {"pods_ready": 0.05, "settling": 0}
    policy = {
        "probes": {"priority_class": priority_class},
        "timing": timing,
        "network": {"node_ports": False},
    }
    return Fleet(cluster, Policy.model_validate(policy), facts, "r1").stand(["pod", "node"], {"pod", "node"})


class TestTheFleet:
    @pytest.fixture
    def away(self, facts):
        """A cluster of two nodes that are not Ready, and of a pod that could be displaced."""
        gone = Condition("Ready", "False", message="the kubelet stopped")
        return replace(
            known(facts, pod(0)), nodes=tuple(replace(node, conditions=(gone,)) for node in facts.nodes)
        )

    def test_has_no_deployment_that_could_displace_others(self, away):
        cluster = Cluster()
        standing = stand(cluster, away)
        assert cluster.of_kind("Deployment") == []
        assert "PriorityClass standard" in standing.withheld
        assert (standing.peers, standing.peer_problem) == ((), "")

    @pytest.mark.parametrize("name", ["standard", "high", "never"])
    def test_has_one_of_the_class_that_is_named(self, away, name):
        cluster = Cluster()
        standing = stand(cluster, away, name)
        (made,) = cluster.of_kind("Deployment")
        assert made["spec"]["template"]["spec"]["priorityClassName"] == name
        assert standing.withheld == ""
        assert standing.peer_problem.startswith("0 of 3 replicas are ready")

    def test_tells_at_once_that_a_class_is_not_there(self, facts):
        said = 'pods "probe-node1" is forbidden: no PriorityClass with name nowhere was found'
        with pytest.raises(FleetProblem, match=f"was refused: {said}"):
            stand(Cluster(said), known(facts), "nowhere")

    def test_probe_pods_are_of_the_class_that_is_named(self, facts):
        cluster = Cluster()
        stand(cluster, known(facts), "never")
        pods = cluster.of_kind("Pod")
        assert len(pods) == 4
        assert {each["spec"]["priorityClassName"] for each in pods} == {"never"}
