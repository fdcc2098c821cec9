import pytest

from kubecheck.outcomes import CannotTell
from kubecheck.probes import Raw


def answered(line, status, output, tries=1):
    return line("the question", "true").read(Raw(status, output, 1.25, tries), "pod ns/p on node n1")


def test_the_evidence_says_what_was_asked_from_where_and_what_came_back(line):
    told = answered(line, 1, b"some\n  words ").told("other words")
    assert told == "asked the question from pod ns/p on node n1: some words (1.25 s); expected other words"


def test_the_tries_of_a_settling_question_are_told(line):
    assert "(1.25 s, the last of 7 tries)" in answered(line, 1, b"", tries=7).told("x")


def test_holding_passes_and_not_holding_fails(line):
    answered(line, 0, b"fine").must(True, "x")
    with pytest.raises(AssertionError):
        answered(line, 0, b"fine").must(False, "x")


@pytest.mark.parametrize(
    ("status", "output"),
    [
        (127, b"sh: nc: not found\n"),
        (127, b""),
        (126, b"sh: nc: Permission denied\n"),
        (1, b"no-such-applet: applet not found\n"),
        (1, b"sh: wget: not found\n"),
        (1, b"nc: unrecognized option: z\nBusyBox v1.35.0\n\nUsage: nc [-l]\n"),
        (1, b"nslookup: invalid option -- 't'\n"),
        (2, b"sh: can't fork: Resource temporarily unavailable\n"),
        (1, b"head: write error: No space left on device\n"),
        (139, b"Segmentation fault\n"),
        (134, b"Aborted\n"),
        (135, b"Bus error\n"),
        (132, b"Illegal instruction\n"),
    ],
)
def test_a_tool_that_could_not_work_taught_nothing(line, status, output):
    answer = answered(line, status, output)
    assert not answer.conclusive
    for holds in (True, False):
        with pytest.raises(CannotTell):
            answer.must(holds, "x")


@pytest.mark.parametrize(
    ("status", "output"),
    [
        (0, b"sh: something: not found\n"),
        (1, b"nc: can't connect to remote host (10.0.0.1): Connection refused\n"),
        (1, b"wget: server returned error: HTTP/1.1 404 Not Found\n"),
        (1, b"** server can't find x.test: NXDOMAIN\n"),
        (1, b""),
        (143, b"Terminated\n"),
        (137, b"Killed\n"),
        (124, b""),
    ],
)
def test_an_answer_of_the_cluster_is_conclusive_good_or_bad(line, status, output):
    assert answered(line, status, output).conclusive


@pytest.mark.parametrize(("status", "output"), [(143, b"Terminated\n"), (143, b""), (124, b"")])
def test_a_killed_tool_is_told_as_no_answer(line, status, output):
    assert answered(line, status, output).got == "no answer"


def test_what_a_killed_tool_had_printed_is_told_too(line):
    got = answered(line, 143, b"half a page\nTerminated\n").got
    assert "no answer" in got
    assert "half a page" in got


def test_long_and_broken_output_stays_readable(line):
    got = answered(line, 1, b"\xff\xfe" + b"x" * 5000).got
    assert len(got) <= 300
    assert got.startswith("\ufffd\ufffdx")


def test_nothing_is_told_with_the_exit_status(line):
    assert answered(line, 3, b" \n").got == "nothing (exit status 3)"
