from itertools import product

import pytest

from kubecheck.checks import for_each
from kubecheck.checks.judging import TOLD
from kubecheck.outcomes import CannotTell, NotApplicable

HOLDS, FAILS, UNKNOWN, UNASKED, NOT_HERE = "holds", "fails", "unknown", CannotTell("not asked"), "not here"


def judge(name, target):
    if target == FAILS:
        raise AssertionError(f"{name} is wrong")
    if target == UNKNOWN:
        raise CannotTell(f"{name} did not say")
    if target == NOT_HERE:
        raise NotApplicable(f"{name} has none")
    assert target == HOLDS


def outcome(*targets):
    try:
        for_each({f"t{number}": target for number, target in enumerate(targets)}, judge)
    except AssertionError:
        return "failed"
    except CannotTell:
        return "unknown"
    except NotApplicable:
        return "not applicable"
    return "passed"


def test_nothing_to_look_at_is_unknown():
    with pytest.raises(CannotTell, match="nothing to look at"):
        for_each({}, judge)


@pytest.mark.parametrize("targets", list(product([HOLDS, FAILS, UNKNOWN, UNASKED], repeat=3)), ids=str)
def test_one_failure_fails_one_unknown_is_unknown_and_only_all_that_hold_pass(targets):
    if FAILS in targets:
        assert outcome(*targets) == "failed"
    elif UNKNOWN in targets or UNASKED in targets:
        assert outcome(*targets) == "unknown"
    else:
        assert outcome(*targets) == "passed"


@pytest.mark.parametrize("targets", [(NOT_HERE, FAILS), (FAILS, NOT_HERE)], ids=str)
def test_a_target_that_does_not_apply_hides_no_failure(targets):
    assert outcome(*targets) == "failed"


def test_the_message_names_all_that_fail_and_only_those():
    targets = {"good": HOLDS, "bad": FAILS, "worse": FAILS, "mute": UNKNOWN}
    with pytest.raises(AssertionError) as failed:
        for_each(targets, judge)
    first, *evidence = str(failed.value).splitlines()
    assert first == "2 of 4 fail: bad, worse"
    assert evidence == ["bad: bad is wrong", "worse: worse is wrong"]


def test_what_could_not_be_told_is_named_too():
    with pytest.raises(CannotTell) as unknown:
        for_each({"good": HOLDS, "mute": UNKNOWN, "unasked": UNASKED}, judge)
    assert str(unknown.value).splitlines() == [
        "2 of 3 could not be told: mute, unasked",
        "mute: mute did not say",
        "unasked: not asked",
    ]


def test_of_many_failures_all_are_named_and_some_are_shown():
    with pytest.raises(AssertionError) as failed:
        for_each({f"t{number}": FAILS for number in range(30)}, judge)
    first, *evidence = str(failed.value).splitlines()
    assert all(f"t{number}" in first for number in range(30))
    assert len(evidence) == TOLD


def test_one_target_alone_speaks_for_itself():
    with pytest.raises(AssertionError, match=r"^only is wrong$"):
        for_each({"only": FAILS}, judge)


def test_another_error_of_a_judge_is_not_swallowed():
    with pytest.raises(ZeroDivisionError):
        for_each({"x": HOLDS}, lambda _name, _target: 1 / 0)


def test_compared_values_that_pytest_adds_do_not_cut_off_the_other_targets():
    def rewritten(name, _target):
        raise AssertionError(f"{name} is wrong\nassert 1 == 2\n +  where 1 = one()")

    with pytest.raises(AssertionError) as told:
        for_each({"t0": 0, "t1": 1}, rewritten)
    assert str(told.value) == "2 of 2 fail: t0, t1\nt0: t0 is wrong\nt1: t1 is wrong"
