"""All questions of a vantage as one script for ``sh``, and its output taken apart again.

Each answer is one line: marker, the question's number, exit status, tries, seconds since boot
at the start and the end, the same around doing nothing, the output as words of base64, and a full stop.
Base64, so that no output can forge a line, and the full stop, so that a line cut off by a lost
connection is no answer.

Whether the vantage had time to listen is measured beside that: a clock ticks from the first question
to the last, after a question that failed it is measured how long doing nothing takes, and the answers to
what was asked beside it tell how long anything took. Where a tick comes late, or even doing nothing is slow,
or most answers came late, the vantage is starved, and silence says nothing about whoever was asked.
"""

from __future__ import annotations

import base64
import binascii
import math
import statistics
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from shlex import quote

from kubecheck.probes.question import Question, Raw

OUTPUT_LIMIT = 2**18  # bytes that one question may print; what prints more meets a full disk
BLOCK = 512  # bytes of the blocks that a shell's ulimit counts
AT_ONCE = 48  # questions under way at one vantage; each is a few small processes
PACE = 4  # questions that are begun without a look at how busy the vantage is
TICK = 0.5  # seconds from one tick of the clock to the next
BESIDE = 0.5  # seconds between the beginnings of questions that met the same load
ENOUGH = 5  # answers that tell how fast a vantage was
USUAL = 1.0  # seconds that suffice for most answers, with one lost packet among it
MARGIN = 3  # seconds beyond a question's own limit before its tool is killed

_PRELUDE = """\
dir=$(mktemp -d /tmp/kubecheck.XXXXXX) || exit 9
trap 'kill $clock; wait $clock; rm -rf "$dir"' EXIT
trap '' XFSZ  # to write more than may be is an error like another, and ends no shell
most=$(ulimit -H -f)
# Each question is a few small processes, and there are many: where the shell itself can do it, it does.
now() { read -r up rest </proc/uptime; }
now; echo "$up" >"$dir/ticks"
tick() {
  trap 'kill $!; exit' TERM
  while sleep TICK & wait $!; do now; echo "$up" >>"$dir/ticks"; done
  : >"$dir/ticks"  # a busybox that knows whole seconds only: then there is no clock
}
tick </dev/null >/dev/null 2>&1 &
clock=$!
ask() {
  number=$1; settling=$2; line=$3; tries=0
  ulimit -S -f BLOCKS  # no answer may fill the node's disk, or this shell's memory
  now; start=$up
  while :; do
    tries=$((tries + 1))
    eval "$line" </dev/null >"$dir/$number" 2>&1
    status=$?
    now; end=$up
    if [ "$status" -eq 0 ] || [ "$settling" -eq 0 ]; then break; fi
    if [ "$((${end%.*} - ${start%.*}))" -gt "$settling" ]; then break; fi
    # What is not settled soon is mostly broken: many askers at full speed would starve the node.
    if [ "$tries" -lt 5 ]; then sleep 0.2; else sleep 1; fi
  done
  ulimit -S -f "$most"
  idle=0; up=0
  if [ "$status" -ne 0 ]; then now; idle=$up; sh -c :; sh -c :; sh -c :; now; fi
  told="kubecheck-answer $number $status $tries $start $end $idle $up"
  if [ -s "$dir/$number" ]; then
    echo $told $(base64 "$dir/$number") . >"$dir/$number.answer"
  else
    echo $told . >"$dir/$number.answer"
  fi
}
"""


def script(questions: Sequence[Question], seconds: int, settling: float) -> str:
    """The script that asks all ``questions`` side by side.

    ``seconds`` limits each question, ``settling`` is for those that may be asked again.
    """
    prelude = _PRELUDE.replace("TICK", str(TICK)).replace("BLOCKS", str(OUTPUT_LIMIT // BLOCK))
    lines = [prelude, "asked="]
    wait = ["wait $asked"] if questions else []  # of nobody it would be for everybody, the clock among them
    for begun, (number, question) in enumerate(_numbered(questions), start=1):
        patience = int(settling) if question.settles else 0
        lines.append(f'ask {number} {patience} {quote(_line(question, seconds))} & asked="$asked $!"')
        if begun % PACE == 0:
            lines.append("sh -c :")  # takes no time, unless there is no CPU: then the others are let go first
        if begun % AT_ONCE == 0:
            lines += wait
    told = 'now; echo kubecheck-ticks $(cat "$dir/ticks") $up'
    lines += [*wait, told, 'cat "$dir"/*.answer', "exit", ""]
    return "\n".join(lines)


def _line(question: Question, seconds: int) -> str:
    """What asks it, and is over some time after ``seconds`` at the latest."""
    line = question.shell(seconds)
    return line if question.gives_up else f"timeout {seconds + MARGIN} sh -c {quote(line)}"


def longest(questions: Sequence[Question], seconds: int, settling: float) -> float:
    """An upper bound for how long the script may run, in seconds."""
    settling_rounds = _rounds(sum(question.settles for question in questions))
    return _rounds(len(questions)) * (seconds + MARGIN) + settling_rounds * (settling + 1) + MARGIN


def _numbered(questions: Sequence[Question]) -> list[tuple[int, Question]]:
    """The questions with their numbers, those that settle first: in as few rounds as may be."""
    return sorted(enumerate(questions), key=lambda each: not each[1].settles)


def _rounds(number: int) -> int:
    return (number + AT_ONCE - 1) // AT_ONCE


def read_answers(output: bytes, questions: Sequence[Question]) -> dict[str, Raw]:
    """What came back, by the question's key; a question without a whole line is left out."""
    found: dict[int, tuple[float, Raw]] = {}
    ticks: list[float] = []
    for line in output.split(b"\n"):
        fields = line.split(b" ")
        if fields[0] == b"kubecheck-ticks":
            ticks = _ticks(fields[1:])
        if len(fields) < 9 or fields[0] != b"kubecheck-answer" or fields[-1].strip() != b".":
            continue
        try:
            number = int(fields[1])
            status, (start, end) = int(fields[2]), (float(fields[4]), float(fields[5]))
            idle = max(float(fields[7]) - float(fields[6]), _late(ticks, start, end)) if status else 0.0
            raw = Raw(
                status=status,
                output=base64.b64decode(b"".join(fields[8:-1]), validate=True),
                seconds=round(end - start, 2),
                tries=int(fields[3]),
                idle=round(idle, 2),
            )
            # A record is JSON, which has no other numbers.
            if 0 <= number < len(questions) and math.isfinite(start + raw.seconds + raw.idle):
                found[number] = start, raw
        except (ValueError, binascii.Error):
            continue
    answered = [(start, raw.seconds) for start, raw in found.values() if raw.status == 0 and raw.tries == 1]
    return {
        questions[number].key: replace(raw, idle=max(raw.idle, _slow(answered, start)))
        if raw.status and raw.tries == 1
        else raw
        for number, (start, raw) in found.items()
    }


def _ticks(fields: Sequence[bytes]) -> list[float]:
    try:
        return [float(each) for each in fields]
    except ValueError:
        return []


def _late(ticks: Sequence[float], start: float, end: float) -> float:
    """How many seconds too late the latest tick between ``start`` and ``end`` came."""
    between = [to - since for since, to in pairwise(ticks) if since <= end and to >= start]
    return max(0.0, max(between, default=0.0) - TICK)


def _slow(answered: Sequence[tuple[float, float]], start: float) -> float:
    """How many seconds too long those took that were answered and had begun at about the same time.

    ``answered`` are beginnings and durations. A silent server keeps the others from nothing, and a vantage
    that is short of CPU lets all of them wait: half of them then take longer than any network would.
    """
    beside = [seconds for begun, seconds in answered if abs(begun - start) <= BESIDE]
    if len(beside) < ENOUGH:
        return 0.0
    return round(max(0.0, statistics.median(beside) - USUAL), 2)
