"""The letters of results: each has one, but where they would fill screens."""

from types import SimpleNamespace

import pytest

from kubecheck.outcomes import Outcome
from kubecheck.plugin.judge import pytest_report_teststatus
from kubecheck.plugin.run import RUN
from kubecheck.report.matrix import NODE_LIMIT


@pytest.fixture
def shown(result, facts_of):
    """How pytest shows a result in a cluster of some nodes."""

    def show(outcome, nodes):
        report = SimpleNamespace(kubecheck=result(outcome=outcome), outcome="failed")
        facts = facts_of(tuple(f"n{number}" for number in range(nodes)))
        config = SimpleNamespace(stash={RUN: SimpleNamespace(facts=facts)})
        return pytest_report_teststatus(report, config)

    return show


def test_in_a_small_cluster_only_what_could_not_be_told_is_shown_in_an_own_way(shown):
    assert shown(Outcome.UNKNOWN, NODE_LIMIT) == ("unknown", "U", ("UNKNOWN", {"yellow": True}))
    assert shown(Outcome.FAILED, NODE_LIMIT) is None


@pytest.mark.parametrize("outcome", list(Outcome))
def test_in_a_large_one_nothing_has_a_letter_and_everything_is_counted(shown, outcome):
    category, letter, (word, _) = shown(outcome, NODE_LIMIT + 1)
    assert letter == ""
    assert category in ("passed", "failed", "unknown", "skipped")
    assert word == category.upper()


def test_what_is_no_check_is_left_to_pytest(facts_of):
    config = SimpleNamespace(stash={RUN: SimpleNamespace(facts=facts_of(("n1",)))})
    assert pytest_report_teststatus(SimpleNamespace(outcome="failed"), config) is None
