"""Where nothing is created: because it is not to be, and because it may not be."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from kubecheck.cluster.deadline import Deadline
from kubecheck.cluster.needed import rights
from kubecheck.cluster.priorities import PriorityClass
from kubecheck.cluster.reading import Reading
from kubecheck.outcomes import NO_PROBES, CannotTell, NotApplicable
from kubecheck.plugin.begin import pytest_report_header
from kubecheck.plugin.run import RUN, Run
from kubecheck.policy import Policy

NODEIDS = ["tests/network/test_pods.py::test_pod_to_pod[pod:node1]", "tests/x.py::test_y[rehearsal]"]


class Untouched:
    """An API that nobody may ask for anything."""

    deadline = Deadline()

    def __getattr__(self, name):
        raise AssertionError(f"{name} was called")


@pytest.fixture
def started(facts, tmp_path):
    """A run whose fleet was to be started, without the rights that are named."""

    def start(*missing, nodeids=NODEIDS, no_probes=False):
        lacking = tuple(right for right in rights(Policy()) if str(right) in missing)
        known = replace(facts, missing_rights=Reading(lacking))
        run = Run(policy=Policy(), facts=known, reports=tmp_path, api=Untouched(), no_probes=no_probes)
        run.start_fleet(nodeids)
        return run

    return start


def test_without_probes_nothing_is_started_and_nothing_applies(started):
    run = started(no_probes=True)
    assert run.fleet is None
    with pytest.raises(NotApplicable, match=NO_PROBES):
        run.standing()
    assert run.standing_if_any() is None


@pytest.mark.parametrize("missing", ["create namespaces", "delete namespaces", "create pods/exec"])
def test_without_a_right_that_probes_need_nothing_is_started_and_nothing_is_known(started, missing):
    run = started(missing)
    assert run.fleet is None
    with pytest.raises(CannotTell, match=f"these credentials may not {missing}"):
        run.standing()


def test_a_rehearsal_needs_no_right_to_probe(started):
    run = started(
        "create namespaces",
        "delete certificatesigningrequests.certificates.k8s.io",
        nodeids=NODEIDS[1:],
    )
    rehearsal = run.standing().rehearsal
    assert rehearsal.found is None
    assert "may not delete certificatesigningrequests" in rehearsal.problem


@pytest.mark.parametrize(
    ("policy", "options", "told"),
    [
        ({}, {}, "no peer Deployment is made: the default PriorityClass standard (value 1000) lets"),
        ({"priority_class": "standard"}, {}, "PriorityClass standard (value 1000) lets"),
        ({}, {"no_probes": True}, ""),
        ({}, {"replayed": "a record"}, ""),
    ],
    ids=["by default", "by its name", "no probes", "a record"],
)
def test_whether_pods_could_displace_others_is_told_before_there_are_any(
    facts, tmp_path, policy, options, told
):
    known = replace(facts, priority_classes=Reading((PriorityClass("standard", 1000, True, True),)))
    run = Run(Policy.model_validate({"probes": policy}), known, tmp_path, api=Untouched(), **options)
    config = SimpleNamespace(stash={RUN: run}, option=SimpleNamespace(replay="record.json", policy=None))
    lines = pytest_report_header(config)[2:]
    assert [line[: len(told)] for line in lines] == ([told] if told else [])
