"""What metrics-server has measured is read beside everything else, and judged last."""

import threading
from dataclasses import replace
from types import SimpleNamespace

import pytest

from kubecheck.checks import API, PODS, check
from kubecheck.cluster.reading import Reading
from kubecheck.plugin import run as plugin_run
from kubecheck.plugin.collection import pytest_collection_modifyitems
from kubecheck.plugin.run import Run
from kubecheck.policy import Policy


@pytest.fixture
def started(facts, tmp_path, monkeypatch):
    """A run that begins to measure, and what lets the rows come: as they are, or as an exception."""
    come, rows = threading.Event(), []

    def slow(_api, known):
        come.wait(10)
        if isinstance(rows[0], Exception):
            raise rows[0]
        return replace(known, node_usage=Reading(rows[0]))

    monkeypatch.setattr(plugin_run, "measured", slow)
    run = Run(policy=Policy(), facts=facts, reports=tmp_path, api=SimpleNamespace())
    run.start_measuring()

    def let_come(what):
        rows.append(what)
        come.set()

    yield run, let_come
    let_come({})


def test_nobody_waits_for_rows_who_does_not_need_them(started, facts):
    run, _ = started
    assert run.measured(wait=False) is facts
    assert "metrics" not in run.timings


def test_whoever_needs_them_waits_and_has_them_from_then_on(started):
    run, let_come = started
    threading.Timer(0.1, let_come, [{"node1": None}]).start()
    assert run.measured().node_usage.value == {"node1": None}
    assert run.facts.node_usage.value == {"node1": None}
    assert run.timings["metrics"] >= 0.05
    assert run.measured() is run.facts


def test_a_defect_in_reading_them_is_that_of_their_checks_alone(started, facts):
    run, let_come = started
    let_come(RuntimeError("a defect"))
    for _ in range(2):
        with pytest.raises(RuntimeError, match="a defect"):
            run.measured()
    assert run.measured(wait=False) is facts


@check(title="Of the API", at=API, remedy=("look",))
def of_the_api():
    pass


@check(title="Of a pod", at=PODS, remedy=("look",))
def of_a_pod():
    pass


def item(name, function, fixtures=()):
    return SimpleNamespace(nodeid=f"tests/x.py::{name}", function=function, fixturenames=fixtures)


def test_they_are_judged_last():
    items = [
        item("rows[api:node1]", of_the_api, ["measured"]),
        item("asked[pod:node1]", of_a_pod),
        item("facts", of_the_api),
        item("other", lambda: None),
    ]
    pytest_collection_modifyitems(SimpleNamespace(stash={}), items)
    assert [each.nodeid.rpartition("::")[2] for each in items] == [
        "facts",
        "other",
        "asked[pod:node1]",
        "rows[api:node1]",
    ]
