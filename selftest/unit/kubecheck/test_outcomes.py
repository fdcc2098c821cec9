from itertools import chain, combinations

import pytest

from kubecheck.outcomes import Outcome, Verdict, verdict_of

SETS = list(chain.from_iterable(combinations(Outcome, size) for size in range(len(Outcome) + 1)))


@pytest.mark.parametrize("seen", SETS, ids=lambda seen: "+".join(seen) or "nothing")
def test_the_verdict_on_every_set_of_outcomes(seen):
    verdict = verdict_of(seen)
    if Outcome.FAILED in seen:
        assert verdict is Verdict.NOT_READY
    elif Outcome.PASSED in seen and Outcome.UNKNOWN not in seen:
        assert verdict is Verdict.READY
    else:
        assert verdict is Verdict.UNDECIDED


@pytest.mark.parametrize("seen", SETS, ids=lambda seen: "+".join(seen) or "nothing")
def test_neither_order_nor_number_of_results_changes_the_verdict(seen):
    assert verdict_of([*reversed(seen), *seen, *seen]) is verdict_of(iter(seen))


def test_a_run_that_checked_nothing_is_not_ready():
    assert verdict_of([]) is not Verdict.READY
    assert verdict_of([Outcome.NOT_APPLICABLE] * 3) is not Verdict.READY


def test_exit_codes_leave_pytests_own_ones_alone():
    codes = {verdict: verdict.exit_code for verdict in Verdict}
    assert codes == {
        Verdict.READY: 0,
        Verdict.NOT_READY: 1,
        Verdict.UNDECIDED: 10,
        Verdict.NO_VERDICT: 11,
    }
    assert not set(codes.values()) & {2, 3, 4, 5}
