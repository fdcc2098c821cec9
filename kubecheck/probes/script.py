"""All questions of a vantage as one script for ``sh``, and its output taken apart again.

What the script prints is an archive of its files: the ticks of a clock, a line for each answer, and what
each question printed, in a file of its own. So no output can forge an answer, and a file that is not whole,
because the connection was lost, is no answer. The archive is packed, and written as base64.

There are many questions and each is a process or two: whatever the shell can do by itself, or one process
for all of them, is not done by a process a question. That is why one watcher ends what takes too long.

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
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from shlex import quote

from kubecheck.probes.question import Question, Raw

OUTPUT_LIMIT = 2**18  # bytes that one question may print; what prints more meets a full disk
BLOCK = 512  # bytes of the blocks that a shell's ulimit counts, and of those of an archive
MARKER = "kubecheck-answers"  # what the archive follows
ARCHIVE_LIMIT = 2**28  # bytes; hundreds of answers, each as long as one may be, are less
GZIP = 31  # zlib's word for that format
AT_ONCE = 48  # questions under way at one vantage; each is a few small processes
PACE = 4  # questions that are begun without a look at how busy the vantage is
TICK = 0.5  # seconds from one tick of the clock to the next
BESIDE = 0.5  # seconds between the beginnings of questions that met the same load
ENOUGH = 5  # answers that tell how fast a vantage was
USUAL = 1.0  # seconds that suffice for most answers, with one lost packet among it
MARGIN = 3  # seconds beyond the limit that a question has itself, before it is ended

_PRELUDE = """\
dir=$(mktemp -d /tmp/kubecheck.XXXXXX) || exit 9
trap 'kill $clock; wait $clock; rm -rf "$dir"' EXIT
trap '' XFSZ  # to write more than may be is an error like another, and ends no shell
most=$(ulimit -H -f)
now() { read -r up rest </proc/uptime; }
now; echo "$up" >"$dir/ticks"
tick() {
  trap 'kill $!; wait $!; exit' TERM
  pause=TICK
  while :; do
    # Where busybox knows whole seconds only, there is no clock, and what takes too long is ended later.
    sleep $pause & wait $! || { pause=1; : >"$dir/ticks"; }
    now
    [ $pause = 1 ] || echo "$up" >>"$dir/ticks"
    for each in "$dir"/asked.*; do
      read -r asked due <"$each" && [ "${up%.*}${up#*.}" -ge "$due" ] && kill "$asked"
    done
  done
}
tick </dev/null >/dev/null 2>&1 &
clock=$!
ask() {
  number=$1; settling=$2; limit=$3; line=$4; tries=0
  ulimit -S -f BLOCKS  # no answer may fill the node's disk, or this shell's memory
  now; start=$up
  while :; do
    tries=$((tries + 1))
    eval "$line &" </dev/null >"$dir/out.$number" 2>&1
    echo "$! $((${up%.*}${up#*.} + limit))" >"$dir/asked.$number"
    wait $!
    status=$?
    : >"$dir/asked.$number"
    now; end=$up
    if [ "$status" -eq 0 ] || [ "$settling" -eq 0 ]; then break; fi
    if [ "$((${end%.*} - ${start%.*}))" -gt "$settling" ]; then break; fi
    # What is not settled soon is mostly broken: many askers at full speed would starve the node.
    if [ "$tries" -lt 5 ]; then sleep 0.2; else sleep 1; fi
    now
  done
  ulimit -S -f "$most"
  idle=0; up=0
  if [ "$status" -ne 0 ]; then now; idle=$up; sh -c :; sh -c :; sh -c :; now; fi
  echo "$number $status $tries $start $end $idle $up" >>"$dir/answers"
}
"""
_TOLD = 'now; echo "$up" >>"$dir/ticks"; cd "$dir"; tar -c -f - ticks answers out.* | gzip | base64'


def script(questions: Sequence[Question], seconds: int, settling: float) -> str:
    """The script that asks all ``questions`` side by side.

    ``seconds`` limits each question, ``settling`` is for those that may be asked again.
    """
    prelude = _PRELUDE.replace("TICK", str(TICK)).replace("BLOCKS", str(OUTPUT_LIMIT // BLOCK))
    lines = [prelude, "asked="]
    wait = ["wait $asked"] if questions else []  # of nobody it would be for everybody, the clock among them
    for begun, (number, question) in enumerate(_numbered(questions), start=1):
        patience = int(settling) if question.settles else 0
        line, limit = _line(question, seconds)
        lines.append(f'ask {number} {patience} {limit * 100} {quote(line)} & asked="$asked $!"')
        if begun % PACE == 0:
            lines.append("(:)")  # takes no time, unless there is no CPU: then the others are let go first
        if begun % AT_ONCE == 0:
            lines += wait
    return "\n".join([*lines, *wait, f"echo {MARKER}", _TOLD, "exit", ""])


def _line(question: Question, seconds: int) -> tuple[str, int]:
    """What asks it, as a command that runs in the background, and after how many seconds it is ended."""
    line = question.shell(seconds)
    return (line, seconds) if question.single else (f"{{ {line}\n}}", seconds + MARGIN)


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
    """What came back, by the question's key; a question without a whole answer is left out."""
    files = _files(output)
    ticks = _ticks(files.get("ticks", b"").split())
    found: dict[int, tuple[float, Raw]] = {}
    for line in files.get("answers", b"").splitlines():
        try:
            told, *times = line.split()
            number, (status, tries) = int(told), map(int, times[:2])
            start, end, idle_from, idle_to = map(float, times[2:])
            idle = max(idle_to - idle_from, _late(ticks, start, end))
            printed = files[f"out.{number}"]
        except (ValueError, KeyError):
            continue
        raw = Raw(status, printed, round(end - start, 2), tries, round(idle, 2))
        # A record is JSON, which has no other numbers.
        if 0 <= number < len(questions) and math.isfinite(start + raw.seconds + raw.idle):
            found[number] = start, raw
    answered = [(start, raw.seconds) for start, raw in found.values() if raw.status == 0 and raw.tries == 1]
    return {
        questions[number].key: replace(raw, idle=max(raw.idle, _slow(answered, start)))
        if raw.status and raw.tries == 1
        else raw
        for number, (start, raw) in found.items()
    }


def _files(output: bytes) -> dict[str, bytes]:
    """The whole files of the archive that the script printed, by name."""
    _, _, text = output.partition(MARKER.encode())
    written = b"".join(text.split())
    try:
        packed = base64.b64decode(written[: len(written) // 4 * 4], validate=True)
        archive = zlib.decompressobj(wbits=GZIP).decompress(packed, ARCHIVE_LIMIT)
    except (binascii.Error, zlib.error):
        return {}
    return dict(_whole(archive))


def _whole(archive: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file that is there to its end.

    Source: POSIX, pax, ustar interchange format
    """
    begin = 0
    while len(header := archive[begin : begin + BLOCK]) == BLOCK and header.strip(b"\0"):
        try:
            name, size = header[:100].rstrip(b"\0").decode(), int(header[124:136].strip(b"\0 "), 8)
        except ValueError:
            return
        content = archive[begin + BLOCK : begin + BLOCK + size]
        if size < 0 or len(content) < size:
            return
        yield name, content
        begin += BLOCK + (size + BLOCK - 1) // BLOCK * BLOCK


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
