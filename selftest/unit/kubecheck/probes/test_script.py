import base64
import gzip
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubecheck.probes import Raw
from kubecheck.probes.question import KILLED, STARVED
from kubecheck.probes.script import (
    AT_ONCE,
    MARGIN,
    MARKER,
    OUTPUT_LIMIT,
    _files,
    longest,
    read_answers,
    script,
)
from selftest.unit.kubecheck.probes.printed import archived, printed

NOTHING_LEFT = ([], [])


def left(pod):
    return pod.processes, pod.files


def test_many_questions_are_asked_side_by_side(pod, line):
    questions = {str(n): line(f"q{n}", f"sleep 0.5; echo {n}") for n in range(AT_ONCE + 12)}
    begun = time.monotonic()
    answers = pod.ask(questions)
    assert time.monotonic() - begun < 15, "two rounds of half a second, not one question after the other"
    assert {name: answer.raw.text for name, answer in answers.items()} == {name: name for name in questions}
    assert all(0.4 <= answer.raw.seconds < 10 for answer in answers.values())
    assert left(pod) == NOTHING_LEFT


def test_no_questions_give_no_answers(pod):
    assert read_answers(pod.run("exit\n"), []) == {}
    assert pod.ask({}) == {}


def test_status_and_both_outputs_come_back(pod, line):
    answer = pod.ask({"x": line("x", "echo out; echo err >&2; exit 7")})["x"]
    assert answer.raw.status == 7
    assert answer.raw.output == b"out\nerr\n"
    assert answer.raw.tries == 1


def test_a_line_keeps_its_quotes_dollars_and_newlines(pod, line):
    tricky = """printf '%s|' "a 'b'" '$HOME' "`echo c`" \\\\ ; echo '\nd'"""
    assert pod.ask({"x": line("x", tricky)})["x"].raw.output == b"a 'b'|$HOME|c|\\|\nd\n"


def test_a_line_reads_nothing_of_the_script(pod, line):
    answers = pod.ask({"greedy": line("greedy", "cat"), "other": line("other", "echo here")})
    assert answers["greedy"].raw.output == b""
    assert answers["other"].raw.text == "here"


def test_a_hanging_question_is_killed_in_time_and_harms_no_other(pod, line, monkeypatch):
    monkeypatch.setattr("kubecheck.probes.script.MARGIN", 1)
    begun = time.monotonic()
    answers = pod.ask({"hangs": line("hangs", "exec sleep 600"), "fine": line("fine", "echo fine")})
    assert time.monotonic() - begun < 15
    assert answers["hangs"].raw.status != 0
    assert answers["hangs"].conclusive
    assert 1.5 <= answers["hangs"].raw.seconds < 10
    assert answers["fine"].raw.text == "fine"
    assert left(pod) == NOTHING_LEFT


def test_silence_at_a_starved_vantage_is_inconclusive_and_an_answer_is_not(line):
    question = line("x", "true")
    slow, quick = STARVED + 0.1, STARVED - 0.1

    def conclusive(status, output, idle):
        return question.read(Raw(status, output, 3.0, idle=idle), "pod x").conclusive

    assert not conclusive(143, b"", slow)
    assert not conclusive(1, b"nc: connection timed out", slow)
    assert conclusive(1, b"connection refused", slow)
    assert conclusive(0, b"", slow)
    assert conclusive(143, b"", quick)


def test_doing_nothing_is_measured_after_a_failure_only(pod, line):
    output = pod.run(script([line("good", "true"), line("bad", "false")], 5, 0))
    answers = sorted(_files(output)["answers"].decode().splitlines())
    assert answers[0].endswith(" 0 0")
    _, _, _, _, end, since, to = answers[1].split()
    assert float(end) <= float(since) <= float(to)


def test_a_clock_that_stood_still_during_a_question_tells_of_starvation(line):
    questions = [line("slow", "x"), line("later", "x"), line("good", "x")]
    answers = {
        "slow": "143 1 10.6 13.6 14.0 14.02",
        "later": "143 1 13.0 14.1 14.0 14.02",
        "good": "0 1 10.6 13.6 0 0",
    }
    found = read_answers(printed("10.00\n10.51\n12.90\n13.41\n13.92\n14.20\n", **answers), questions)
    assert {key: raw.idle for key, raw in found.items()} == {"slow": 1.89, "later": 0.02, "good": 1.89}
    assert found["slow"].starved
    assert not read_answers(printed(**answers), questions)["slow"].starved, "without a clock"


def test_where_most_answers_come_late_silence_tells_nothing(line):
    def idle_of(*seconds, beside=10.2):
        questions = [line("silent", "x"), *(line(str(n), "x") for n in range(len(seconds)))]
        others = {f"other{n}": f"0 1 {beside} {beside + s} 0 0" for n, s in enumerate(seconds)}
        output = printed(silent="143 1 10.0 13.0 14.0 14.02", **others)
        return read_answers(output, questions)["silent"].idle

    assert idle_of(2.4, 2.7, 2.8, 3.1, 2.9, 0.1) == 1.75
    assert idle_of(0.2, 0.3, 0.3, 2.9, 2.9) == 0.02, "most were in time"
    assert idle_of(2.4, 2.7, 2.8, 3.1) == 0.02, "too few to tell"
    assert idle_of(2.4, 2.7, 2.8, 3.1, 2.9, beside=11.0) == 0.02, "asked at another time"


def test_the_clock_ticks_while_a_question_waits(pod, line):
    output = pod.run(script([line("x", "sleep 1.2; false")], 5, 0))
    ticks = [float(each) for each in _files(output)["ticks"].split()]
    assert 3 <= len(ticks) <= 6
    assert ticks == sorted(ticks)


def test_without_fractions_of_seconds_there_is_no_clock_and_what_hangs_is_ended(pod, line, monkeypatch):
    monkeypatch.setattr("kubecheck.probes.script.MARGIN", 0)
    question = line("hangs", "sleep 600")
    output = pod.run(script([question], 1, 0).replace("pause=0.5", "pause=half"))
    assert len(_files(output)["ticks"].split()) == 1
    assert read_answers(output, [question])["hangs"].status in KILLED


def test_what_is_one_program_is_ended_in_time_and_has_no_process_more(pod, line):
    class Single(line):
        single = True

    answers = pod.ask({"one": Single("one", "sleep 600"), "pipe": Single("pipe", "printf hi | sleep 600")})
    for answer in answers.values():
        assert answer.raw.status in KILLED
        assert 1 <= answer.raw.seconds < 3
    assert left(pod) == NOTHING_LEFT


def test_a_settling_question_is_asked_until_it_holds(pod, line, opening_port):
    connect = f"nc -w 1 127.0.0.1 {opening_port(1.0)} -e true"
    answer = pod.ask({"x": line("x", connect, settles=True)}, settling=10)["x"]
    assert answer.raw.status == 0
    assert answer.raw.tries > 1
    assert 0.5 < answer.raw.seconds < 10


def test_a_question_that_may_not_settle_is_asked_once(pod, line, opening_port):
    connect = f"nc -w 1 127.0.0.1 {opening_port(1.0)} -e true"
    answer = pod.ask({"x": line("x", connect)}, settling=10)["x"]
    assert answer.raw.status == 1
    assert answer.raw.tries == 1


def test_settling_ends_and_the_failure_stays_one(pod, line):
    answer = pod.ask({"x": line("x", "echo still not; exit 3", settles=True)}, settling=1)["x"]
    assert answer.raw.status == 3
    assert answer.raw.tries > 1
    assert answer.raw.text == "still not", "the last try's output alone"
    assert 1 <= answer.raw.seconds < 10


def test_big_output_is_cut_and_does_not_hold_up_others(pod, line):
    """It tells something of whoever was asked: no answer of ours is that long."""
    answers = pod.ask(
        {
            "big": line("big", "head -c 3000000 /dev/zero | tr '\\0' x"),
            "just": line("just", f"head -c {OUTPUT_LIMIT} /dev/zero"),
            "small": line("small", "echo small"),
        }
    )
    assert answers["big"].raw.output == b"x" * OUTPUT_LIMIT
    assert answers["big"].raw.status != 0
    assert answers["big"].conclusive
    assert answers["just"].raw.output == b"\0" * OUTPUT_LIMIT
    assert answers["small"].raw.text == "small"


def test_binary_output_comes_back_byte_by_byte(pod, line):
    every = "".join(f"\\{byte:03o}" for byte in range(256))
    assert pod.ask({"x": line("x", f"printf '{every}'")})["x"].raw.output == bytes(range(256))


FORGED = archived(
    {"answers": "0 0 1 0.00 0.01 0 0\n1 0 1 0.00 0.01 0 0\n", "out.0": "f", "out.1": "f"}
).decode()
FORGED = FORGED.replace("\n", "\\n")


def test_output_cannot_forge_an_answer(pod, line):
    answers = pod.ask(
        {"honest": line("honest", "echo no; exit 1"), "forger": line("forger", f"printf '{FORGED}'")}
    )
    assert answers["honest"].raw.status == 1
    assert answers["honest"].raw.text == "no"
    assert answers["forger"].raw.text.startswith(MARKER)


def test_a_pod_that_cannot_write_prints_no_answer(pod, line):
    text = script([line("x", "echo x")], 1, 0).replace("/tmp/kubecheck", "/nowhere/kubecheck")
    assert read_answers(pod.run(text), [line("x", "echo x")]) == {}


@pytest.fixture(scope="module")
def real_output(pod, line):
    """The output of a real run, and its questions."""
    questions = [
        line("empty", "true"),
        line("text", "echo some words; exit 1"),
        line("binary", "printf '\\000\\377\\n . '"),
        line("forger", f"printf '{FORGED}'"),
    ]
    return pod.run(script(questions, 1, 0)), questions


def test_cut_off_at_any_byte_an_answer_is_missing_and_never_wrong(real_output):
    output, questions = real_output
    whole = read_answers(output, questions)
    assert set(whole) == {"empty", "text", "binary", "forger"}
    for end in range(len(output)):
        assert read_answers(output[:end], questions).items() <= whole.items(), f"cut at {end}"


def test_beginning_at_any_byte_an_answer_is_missing_and_never_wrong(real_output):
    output, questions = real_output
    whole = read_answers(output, questions)
    for start in range(len(output)):
        assert read_answers(output[start:], questions).items() <= whole.items(), f"begun at {start}"


def test_lines_ended_by_a_terminal_are_read_too(real_output):
    output, questions = real_output
    assert read_answers(output.replace(b"\n", b"\r\n"), questions) == read_answers(output, questions)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_an_error(line, output):
    assert read_answers(output, [line("x", "true")]) == {}
    assert read_answers(MARKER.encode() + base64.b64encode(output), [line("x", "true")]) == {}
    packed = base64.b64encode(gzip.compress(output))
    assert read_answers(MARKER.encode() + packed, [line("x", "true")]) == {}


@given(st.binary(max_size=300), st.binary(max_size=300), st.integers(0, 2000))
def test_an_archive_with_any_bytes_in_it_is_read_without_an_error(line, answers, patch, place):
    archive = bytearray(
        gzip.decompress(base64.b64decode(archived({"answers": "", "out.0": "x"})[len(MARKER) :]))
    )
    archive[512 : 512 + len(answers)] = answers
    archive[place : place + len(patch)] = patch
    output = MARKER.encode() + base64.b64encode(gzip.compress(bytes(archive)))
    assert set(read_answers(output, [line("x", "true")])) <= {"x"}


@pytest.mark.parametrize(
    "told",
    [
        "99 0 1 0.0 0.0 0 0",
        "-1 0 1 0.0 0.0 0 0",
        "x 0 1 0.0 0.0 0 0",
        "0 0 1 nan inf 0 0",
        "0 0 1 0.0 0.0 0",
        "0 0 1 0.0 0.0 0 0 0",
        f"0 {'9' * 5000} 1 0.0 0.0 0 0",
        "0 0 1 0.0 0.0 \xff 0",
    ],
)
def test_a_line_that_is_none_is_no_answer(line, told):
    output = archived({"answers": f"{told}\n", "out.0": "x", "out.99": "x", "out.-1": "x"})
    assert read_answers(output, [line("x", "true")]) == {}


@given(
    count=st.integers(1, 200), seconds=st.integers(1, 30), settling=st.floats(0, 120), settles=st.booleans()
)
def test_the_bound_is_never_below_what_the_script_may_take(line, count, seconds, settling, settles):
    questions = [line(str(n), "false", settles=settles) for n in range(count)]
    rounds = -(-count // AT_ONCE)
    worst_round = seconds + MARGIN + (settling if settles else 0)
    assert longest(questions, seconds, settling) >= rounds * worst_round


@pytest.mark.parametrize("times", ["nan 1 0 0", "0 inf 0 0", "0 1 0 1e999", "1 2 nan 0"])
def test_times_that_are_no_numbers_are_no_answer(line, times):
    assert read_answers(printed(x=f"1 1 {times}"), [line("x", "true")]) == {}
