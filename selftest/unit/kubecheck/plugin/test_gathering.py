"""Of each item one result is kept, however often it was judged."""

from types import SimpleNamespace

import pytest

from kubecheck.outcomes import Outcome
from kubecheck.plugin.end import Gathering


@pytest.fixture
def kept(result):
    """What is kept of an item that was judged so, one after the other."""

    def gather(*told):
        run = SimpleNamespace(results=[])
        gathering = Gathering(run, {})
        for outcome, of_pytest in told:
            report = pytest.TestReport("item", ("file", 1, "item"), {}, of_pytest, None, "call")
            report.kubecheck = result(outcome=outcome)
            hook = gathering.pytest_runtest_logreport(report)
            next(hook)
            with pytest.raises(StopIteration):
                hook.send(None)
        assert not gathering.others_failed
        return [found.outcome for found in run.results]

    return gather


PASSED, FAILED, UNKNOWN = Outcome.PASSED, Outcome.FAILED, Outcome.UNKNOWN


def test_what_pytest_rerunfailures_has_run_again_counts_as_the_last_time(kept):
    assert kept((FAILED, "rerun"), (UNKNOWN, "rerun"), (PASSED, "passed")) == [PASSED]
    assert kept((UNKNOWN, "rerun"), (FAILED, "failed")) == [FAILED]


def test_of_what_two_processes_have_judged_the_worse_counts(kept):
    assert kept((PASSED, "passed"), (FAILED, "failed")) == [FAILED]
    assert kept((FAILED, "failed"), (PASSED, "passed")) == [FAILED]
    assert kept((FAILED, "failed"), (UNKNOWN, "failed")) == [FAILED]
    assert kept((UNKNOWN, "failed"), (PASSED, "passed"), (PASSED, "passed")) == [UNKNOWN]


def test_an_item_that_ends_twice_is_one_that_came_to_its_end():
    gathering = Gathering(SimpleNamespace(results=[]), {})
    for nodeid in ("a", "b", "a"):
        gathering.pytest_runtest_logfinish(nodeid)
    assert len(gathering.finished) == 2
