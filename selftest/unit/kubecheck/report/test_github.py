import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubecheck.outcomes import Outcome
from kubecheck.report.github import (
    ANNOTATIONS,
    _code,
    _command,
    _md,
    annotated,
    annotation_without_verdict,
    summary,
    summary_without_verdict,
)

FAILED = Outcome.FAILED


def read(line):
    """Name, title and message of a command, as the runner reads it."""
    match = re.fullmatch(r"::(\w+) title=([^:,\r\n]*)::([^\r\n]*)", line)
    assert match, line

    def data(text):
        return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")

    return match[1], data(match[2].replace("%3A", ":").replace("%2C", ",")), data(match[3])


def test_a_cause_and_an_unexplained_check_are_an_annotation_each(ended, result, caused):
    explained = [result(outcome=FAILED, vantage=f"pod:n{n}") for n in range(9)]
    strange = [result(outcome=FAILED, check="dns.x", vantage=f"pod:n{n}", message="50% lost") for n in (1, 2)]
    told = [read(line) for line in annotated(ended([*explained, *strange], [caused(*explained)]))]
    assert told == [
        (
            "error",
            "kubecheck: CoreDNS does not run",
            (
                "CoreDNS does not run\nblames Deployment/kube-system/coredns\n"
                "mend: kubectl -n kube-system scale deployment coredns --replicas=2"
            ),
        ),
        ("error", "dns.x: Every pod reaches a pod on every node", "at pod: n1, n2\n50% lost"),
    ]


def test_there_are_no_more_annotations_than_github_shows(ended, result):
    lines = annotated(ended([result(outcome=FAILED, check=f"a.b{n}") for n in range(30)]))
    assert len(lines) == ANNOTATIONS
    assert "21 more" in lines[-1]


def test_what_could_not_be_told_is_a_warning_and_what_holds_is_nothing(ended, result):
    assert annotated(ended([result()])) == []
    (line,) = annotated(ended([result(), result(outcome=Outcome.UNKNOWN, message="no probe pod")]))
    assert read(line) == ("warning", "kubecheck: UNDECIDED", "no probe pod ")
    assert read(annotation_without_verdict("nobody\nthere"))[2] == "nobody\nthere"


@given(st.text(max_size=500), st.text(max_size=500))
def test_no_text_ends_a_command_or_begins_another(title, message):
    name, *_ = read(_command("error", title, message))
    assert name == "error"


def test_the_summary_has_the_verdict_the_causes_and_the_counts(ended, result, caused):
    explained = [result(outcome=FAILED, vantage=f"pod:n{n}") for n in range(9)]
    text = summary(
        ended(
            [
                *explained,
                result(outcome=FAILED, check="dns.x", message="strange"),
                result(outcome=Outcome.UNKNOWN, check="dns.y", message="no pod"),
                result(outcome=Outcome.NOT_APPLICABLE, message="run with --node-access"),
            ],
            [caused(*explained)],
        )
    )
    assert text.startswith("## ❌ kubecheck: NOT READY\n")
    assert "| failed | 10 |" in text
    assert (
        "| CoreDNS does not run | Deployment\\/kube\\-system\\/coredns | certain | 9 failures, 0 unknowns |"
        in text
    )
    assert "```sh\nkubectl -n kube-system scale deployment coredns --replicas=2\n```" in text
    assert "| dns\\.x\\: Every pod reaches a pod on every node | pod\\: node1 | strange |" in text
    assert "- 1 unknown: no pod" in text
    assert "run with \\-\\-node\\-access" in text
    assert summary(ended([result()])).startswith("## ✅ kubecheck: READY")
    assert "could not \\<be\\> reached" in summary_without_verdict("could not <be> reached")


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>x</script>",
        "![x](https://evil)",
        "a | b\n| c |",
        "`code`",
        "@team https://evil",
        "# head",
        "\\<b>",
    ],
)
def test_hostile_text_is_no_markup(hostile):
    text = _md(hostile)
    bare = re.sub(r"\\[!-/:-@\[-`{-~]", "", text.replace("<br>", ""))
    assert not re.search(r"[!-/:-@\[-`{-~]", bare)


@given(st.text())
def test_any_text_stays_in_its_cell(text):
    assert "\n" not in _md(text)
    assert not re.search(r"[!-/:-@\[-`{-~]", re.sub(r"\\[!-/:-@\[-`{-~]", "", _md(text).replace("<br>", "")))


@given(st.lists(st.text(alphabet="`~a \n"), max_size=3))
def test_no_command_ends_its_block(commands):
    first, *inside, last = _code(commands).split("\n")
    assert first == f"{last}sh"
    assert not any(line.strip().startswith(last) for line in inside)


def test_a_huge_run_stays_below_githubs_limit(ended, result):
    huge = [result(outcome=FAILED, check=f"a.b{n}", message="<" * 10_000) for n in range(500)]
    assert len(summary(ended(huge)).encode()) < 2**20
