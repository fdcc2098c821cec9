"""What could not be told calls for certain causes; for likely ones only where nothing has failed."""

from kubecheck.diagnosis import Confidence, Kind, diagnose
from kubecheck.diagnosis.cause import Finding
from selftest.unit.kubecheck.diagnosis.made import evidence, failed, unknown


def kind(name, *checks, sure=Confidence.CERTAIN):
    def find(seen):
        explained = seen.find(*checks)
        if explained:
            yield Finding(name, (f"Node/{name}",), explained, sure)

    return Kind(name, name, (), (), "", "", find)


LIKELY = [kind("one", "a.one", sure=Confidence.LIKELY), kind("two", "a.two")]
KINDS = [kind("one", "a.one"), kind("two", "a.two")]


def ids(made, kinds=LIKELY):
    return [each.kind.id for each in diagnose(made, kinds).causes]


def test_alone_it_is_explained(facts):
    made = evidence([unknown("a.one")], facts)
    assert ids(made) == ["one"]
    assert not diagnose(made, LIKELY).unexplained


def test_beside_a_failure_it_calls_for_no_likely_cause(facts):
    assert ids(evidence([unknown("a.one"), failed("a.two")], facts)) == ["two"]


def test_beside_a_failure_a_certain_cause_is_named_still(facts):
    assert sorted(ids(evidence([unknown("a.one"), failed("a.two")], facts), KINDS)) == ["one", "two"]


def test_a_certain_cause_is_not_named_twice_over(facts):
    both = [*KINDS, kind("both", "a.one", "a.two")]
    assert ids(evidence([unknown("a.one"), failed("a.two")], facts), both) == ["both"]


def test_nothing_wrong_has_no_cause(facts):
    assert ids(evidence([], facts)) == []
