"""What could not be told calls for causes only where nothing has failed."""

from kubecheck.diagnosis import Confidence, Kind, diagnose
from kubecheck.diagnosis.cause import Finding
from selftest.unit.kubecheck.diagnosis.made import evidence, failed, unknown


def kind(name, *checks):
    def find(seen):
        explained = seen.find(*checks)
        if explained:
            yield Finding(name, (f"Node/{name}",), explained, Confidence.CERTAIN)

    return Kind(name, name, (), (), "", "", find)


KINDS = [kind("one", "a.one"), kind("two", "a.two")]


def ids(made):
    return [each.kind.id for each in diagnose(made, KINDS).causes]


def test_alone_it_is_explained(facts):
    made = evidence([unknown("a.one")], facts)
    assert ids(made) == ["one"]
    assert not diagnose(made, KINDS).unexplained


def test_beside_a_failure_it_calls_for_no_cause(facts):
    assert ids(evidence([unknown("a.one"), failed("a.two")], facts)) == ["two"]


def test_nothing_wrong_has_no_cause(facts):
    assert ids(evidence([], facts)) == []
