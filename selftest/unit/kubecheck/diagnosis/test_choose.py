"""The smallest set of causes."""

from collections.abc import Iterator

from kubecheck.diagnosis import diagnose
from kubecheck.diagnosis.cause import Confidence, Finding, cause, filled
from selftest.unit.kubecheck.diagnosis.made import evidence, failed, passed


def kind(name, *checks, confidence=Confidence.LIKELY, says="it is so"):
    """A kind of cause that explains the failures of ``checks``, where there are any."""

    def find(made) -> Iterator[Finding]:
        """What it means."""
        symptoms = made.find(*checks)
        if symptoms:
            yield Finding(says, ("Node/n1",), symptoms, confidence)

    find.__name__ = name
    return cause(title=name, confirm=(), remedy=("on {node}: mend {what}",), source="https://example.com")(
        find
    )


def chosen(made, *kinds):
    found = diagnose(made, kinds)
    return [each.kind.id for each in found.causes], [symptom.check for symptom in found.unexplained]


def test_one_cause_for_many_failures_is_told_alone(facts):
    made = evidence([failed("dns.a"), failed("dns.b"), failed("dns.c")], facts)
    assert chosen(made, kind("whole", "dns.*"), kind("part", "dns.a")) == (["whole"], [])


def test_two_independent_faults_are_two_causes(facts):
    made = evidence([failed("dns.a"), failed("dns.b"), failed("network.a")], facts)
    assert chosen(made, kind("small", "network.*"), kind("large", "dns.*")) == (["large", "small"], [])


def test_what_no_cause_explains_is_listed(facts):
    made = evidence([failed("dns.a"), failed("nodes.a"), passed("nodes.b")], facts)
    assert chosen(made, kind("dns", "dns.*")) == (["dns"], ["nodes.a"])


def test_a_certain_cause_goes_before_a_guess_that_explains_as_much(facts):
    made = evidence([failed("dns.a"), failed("dns.b")], facts)
    guess = kind("guess", "dns.*", confidence=Confidence.POSSIBLE)
    certain = kind("certain", "dns.*", confidence=Confidence.CERTAIN)
    assert chosen(made, guess, certain) == (["certain"], [])


def test_a_cause_that_others_explain_together_is_not_needed(facts):
    made = evidence([failed("dns.a"), failed("dns.b"), failed("dns.c"), failed("dns.d")], facts)
    middle = kind("middle", "dns.b", "dns.c", confidence=Confidence.CERTAIN)
    left, right = kind("left", "dns.a", "dns.b"), kind("right", "dns.c", "dns.d")
    assert chosen(made, left, middle, right)[0] == ["left", "right"]


def test_a_mistake_in_one_cause_is_told_and_costs_no_other(facts):
    def broken(_made) -> Iterator[Finding]:
        """It does not work."""
        raise KeyError("nothing here")

    made = evidence([failed("dns.a")], facts)
    wrong = cause(title="broken", confirm=(), remedy=(), source="")(broken)
    found = diagnose(made, [wrong, kind("dns", "dns.*")])
    assert [each.kind.id for each in found.causes] == ["dns"]
    assert found.defects == ("broken: KeyError('nothing here')",)


def test_placeholders_are_filled_and_others_stay_readable():
    assert filled("on {node}: kubectl get {what}", {"node": "n7"}) == "on n7: kubectl get WHAT"
    assert filled("jsonpath='{.data.ca}'", {}) == "jsonpath='{.data.ca}'"
