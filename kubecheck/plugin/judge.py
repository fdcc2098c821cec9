"""Judging: the fixtures that checks take, and what their exceptions mean."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

import pytest
from pydantic import TypeAdapter

from kubecheck.checks import CannotTell, Facts, Node, NotApplicable, Policy, Probe, Standing
from kubecheck.checks.judging import own_words
from kubecheck.checks.vantage import Vantage
from kubecheck.outcomes import Outcome, Result
from kubecheck.plugin.run import RUN, Run, check_of, is_worker, vantage_in, vantage_of
from kubecheck.plugin.targets import targets_of
from kubecheck.plugin.tracebacks import without_values
from kubecheck.probes import Answer
from kubecheck.report.lines import plain
from kubecheck.report.matrix import NODE_LIMIT
from kubecheck.survey.survey import Answers

RESULT = TypeAdapter(Result)
SHOWN = {
    Outcome.PASSED: ("passed", ".", "PASSED", "green"),
    Outcome.FAILED: ("failed", "F", "FAILED", "red"),
    Outcome.UNKNOWN: ("unknown", "U", "UNKNOWN", "yellow"),
    Outcome.NOT_APPLICABLE: ("skipped", "s", "SKIPPED", "yellow"),
}
"""How pytest counts, marks and names an outcome, and in which colour."""
FOUND = pytest.StashKey[Answers]()
JUDGED = pytest.StashKey[Result]()
"""The last judgement of this process."""


def _run(request: pytest.FixtureRequest) -> Run:
    return request.config.stash[RUN]


@pytest.fixture
def facts(request: pytest.FixtureRequest) -> Facts:
    """What is: nodes, Services, metrics and so on."""
    return _run(request).facts


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Facts:
    """The facts, the rows of ``kubectl top`` among them, which may have to be waited for."""
    return _run(request).measured()


@pytest.fixture
def policy(request: pytest.FixtureRequest) -> Policy:
    """What is promised."""
    return _run(request).policy


@pytest.fixture
def fleet(request: pytest.FixtureRequest) -> Standing:
    """The probe pods of this run, once they stand."""
    return _run(request).standing()


@pytest.fixture
def node(request: pytest.FixtureRequest) -> Node:
    """The vantage's node."""
    return _run(request).facts.node(_vantage(request.node).node)


@pytest.fixture
def probe(request: pytest.FixtureRequest) -> Probe:
    """The vantage's own probe pod, whether it runs or not."""
    vantage = _vantage(request.node)
    return _run(request).standing().probe("node" if vantage.kind == "node" else "pod", vantage.node)


def _vantage(item: pytest.Item) -> Vantage:
    """The item's vantage. Raises RuntimeError: an AssertionError would say that the cluster is wrong."""
    vantage = vantage_of(item)
    if vantage is None:
        raise RuntimeError(f"{item.nodeid} has no vantage")
    return vantage


def _answers(request: pytest.FixtureRequest) -> Answers:
    item = request.node
    check, vantage = check_of(item), _vantage(item)
    if check is None:
        raise RuntimeError(f"{item.nodeid} is no check, and has no answers")
    found = _run(request).survey(item).answer(check, vantage)
    item.stash[FOUND] = found
    return found


@pytest.fixture
def answer(request: pytest.FixtureRequest) -> Answers:
    """What came back for the check's one question."""
    return _answers(request)


@pytest.fixture
def answers(request: pytest.FixtureRequest) -> Answers:
    """What came back, by target."""
    return _answers(request)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """Let go of what only running it needed: pytest keeps all items, a hundred for each node."""
    ran = yield
    if check_of(item) is not None:
        item.stash = item._store = pytest.Stash()  # the latter is its old name
        del item.callspec  # type: ignore[attr-defined]
    return ran


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, Any, Any]:
    """A fixture may find that a check does not apply; on some nodes none does, and without nodes few do."""
    run, vantage = item.config.stash.get(RUN, None), vantage_of(item)
    if run and check_of(item) and vantage is None:
        pytest.skip("the cluster has no node")
    if run and vantage and (reason := run.out_of_reach(vantage)):
        pytest.skip(reason)
    return (yield from _skipping(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """A check may find that it does not apply."""
    return (yield from _skipping(item))


def _skipping(item: pytest.Item) -> Generator[None, Any, Any]:
    try:
        return (yield)
    except NotApplicable as reason:
        if check_of(item) is None:
            raise
        told = str(reason)
        # It is kept with what was asked, and would keep every frame that it came through.
        reason.__traceback__ = None
    pytest.skip(told)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put the judgement into the report, so that it reaches the process that gathers results."""
    check, error = check_of(item), call.excinfo.value if call.excinfo else None
    message = _message(error)
    if check is not None and isinstance(error, AssertionError | CannotTell):
        # In place of a traceback, which nobody needs, and which takes pytest longer than all of the judging.
        item._repr_failure_py = lambda *_, **__: plain(message)  # type: ignore[method-assign, assignment]
    report = yield
    if check is None:
        return report
    report.keywords = {}  # dozens, which nobody asks a report for; pytest keeps them, and xdist sends each
    if call.excinfo is None and report.when != "call":
        return report
    outcome = _outcome(error)
    without_values(report.longrepr)
    if isinstance(error, pytest.skip.Exception):
        report.longrepr = (str(item.path), (item.location[1] or 0) + 1, f"Skipped: {plain(message)}")
    found = item.stash.get(FOUND, {})
    seconds = _longest(found) if FOUND in item.stash else call.duration
    result = Result(
        check=check.id,
        title=check.title,
        vantage=str(vantage_of(item) or vantage_in(item.nodeid)),
        outcome=outcome,
        message=message,
        runbook=check.runbook,
        remedy=check.remedy,
        seconds=round(float(seconds), 3),
        nodeid=item.nodeid,
        targets=targets_of(found, outcome, error),
    )
    item.config.stash[JUDGED] = result
    # pytest-xdist sends a worker's reports to the controller value by value, and takes one text at once.
    told = RESULT.dump_json(result).decode() if is_worker(item.config) else result
    report.kubecheck = told  # type: ignore[attr-defined]
    return report


def result_in(report: Any) -> Result | None:
    """The judgement that a report carries: as text where a worker has sent it, until it has been gathered.

    None where pytest-rerunfailures has the item judged once more: the last time counts.
    """
    if report.outcome == "rerun":
        return None
    body = getattr(report, "kubecheck", None)
    return RESULT.validate_json(body) if isinstance(body, str) else body


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(
    report: Any, config: pytest.Config
) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    """What could not be told is neither a failure nor an error of the run.

    In a large cluster no result gets a letter of its own: they would fill screens before the verdict.
    """
    if is_worker(config):
        return None  # whose terminal nobody sees
    found, run = result_in(report), config.stash.get(RUN, None)
    crowded = run is not None and len(run.facts.nodes) > NODE_LIMIT
    if found is None or not (crowded or found.outcome is Outcome.UNKNOWN):
        return None
    category, letter, word, colour = SHOWN[found.outcome]
    return category, "" if crowded else letter, (word, {colour: True})


def _outcome(error: BaseException | None) -> Outcome:
    if error is None:
        return Outcome.PASSED
    if isinstance(error, pytest.skip.Exception):
        return Outcome.NOT_APPLICABLE
    return Outcome.FAILED if isinstance(error, AssertionError) else Outcome.UNKNOWN


def _message(error: BaseException | None) -> str:
    if error is None:
        return ""
    if isinstance(error, AssertionError):
        return own_words(error)
    if isinstance(error, CannotTell | pytest.skip.Exception):
        return str(error)
    return f"{type(error).__name__}: {error}"


def _longest(found: Answers) -> float:
    each = found.values() if isinstance(found, Mapping) else [found]
    return max((one.raw.seconds for one in each if isinstance(one, Answer)), default=0.0)
