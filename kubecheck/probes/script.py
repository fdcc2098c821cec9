"""All questions of a vantage as one script for ``sh``, and its output taken apart again.

Each answer is one line: marker, the question's number, exit status, tries, seconds since boot
at the start and the end, the same around doing nothing, the output in base64, and a full stop.
Base64, so that no output can forge a line, and the full stop, so that a line cut off by a lost
connection is no answer. How long doing nothing takes is measured after a question that failed:
where even that is slow, the vantage is starved, and silence says nothing about whoever was asked.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from shlex import quote

from kubecheck.probes.question import Question, Raw

OUTPUT_LIMIT = 65536  # bytes kept of what one question prints
AT_ONCE = 48  # questions under way at one vantage; each is a few small processes
MARGIN = 3  # seconds beyond a question's own limit before its tool is killed

_PRELUDE = """\
dir=$(mktemp -d /tmp/kubecheck.XXXXXX) || exit 9
trap 'rm -rf "$dir"' EXIT
now() { read -r up rest </proc/uptime; echo "$up"; }
ask() {
  number=$1; settling=$2; line=$3; start=$(now); tries=0
  while :; do
    tries=$((tries + 1))
    timeout LIMIT sh -c "$line" </dev/null >"$dir/$number" 2>&1
    status=$?
    end=$(now)
    if [ "$status" -eq 0 ] || [ "$settling" -eq 0 ]; then break; fi
    if [ "$((${end%.*} - ${start%.*}))" -gt "$settling" ]; then break; fi
    sleep 0.2
  done
  idle=0; idled=0
  if [ "$status" -ne 0 ]; then idle=$(now); sh -c :; sh -c :; sh -c :; idled=$(now); fi
  { printf 'kubecheck-answer %s %s %s %s %s %s %s ' \\
      "$number" "$status" "$tries" "$start" "$end" "$idle" "$idled"
    head -c BYTES "$dir/$number" | base64 | tr -d '\\n'
    echo ' .'
  } >"$dir/$number.answer"
}
"""


def script(questions: Sequence[Question], seconds: int, settling: float) -> str:
    """The script that asks all ``questions`` side by side.

    ``seconds`` limits each question, ``settling`` is for those that may be asked again.
    """
    lines = [_PRELUDE.replace("LIMIT", str(seconds + MARGIN)).replace("BYTES", str(OUTPUT_LIMIT))]
    for begun, (number, question) in enumerate(_numbered(questions), start=1):
        patience = int(settling) if question.settles else 0
        lines.append(f"ask {number} {patience} {quote(question.shell(seconds))} &")
        if begun % AT_ONCE == 0:
            lines.append("wait")
    lines += ["wait", 'cat "$dir"/*.answer', "exit", ""]
    return "\n".join(lines)


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
    found: dict[str, Raw] = {}
    for line in output.split(b"\n"):
        fields = line.split(b" ")
        if len(fields) != 10 or fields[0] != b"kubecheck-answer" or fields[9].strip() != b".":
            continue
        try:
            question = questions[int(fields[1])]
            found[question.key] = Raw(
                status=int(fields[2]),
                output=base64.b64decode(fields[8], validate=True),
                seconds=round(float(fields[5]) - float(fields[4]), 2),
                tries=int(fields[3]),
                idle=round(float(fields[7]) - float(fields[6]), 2),
            )
        except (ValueError, IndexError, binascii.Error):
            continue
    return found
