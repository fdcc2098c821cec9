"""A run as data: policy, facts, fleet and raw answers, enough to judge it again without a cluster."""

from __future__ import annotations

import base64
import json
import math
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from kubecheck import __version__
from kubecheck.cluster.facts import Facts
from kubecheck.cluster.sound import FACTS
from kubecheck.fleet.standing import Standing
from kubecheck.input import TooLarge, parse_json, read_text
from kubecheck.output import replacing
from kubecheck.policy import Policy
from kubecheck.probes import Raw
from kubecheck.shard import WHOLE, Shard

SCHEMA = 1
FILE_LIMIT = 512 * 1024 * 1024  # bytes
RECORD = "record.json"
LAST_RECORD = "record-before.json"
"""The names of a run's record, and of an earlier run's where a later one has left none."""

STANDING = TypeAdapter(Standing)


class RecordProblem(Exception):
    """The file is no record that can be judged; the text is one sentence."""


@dataclass(frozen=True)
class Record:
    """Everything that judging needs.

    ``answers`` and ``troubles`` are by vantage. ``standing`` is None when no fleet was needed, or
    when there was none for the reason in ``fleet_problem``; with ``no_probes`` none was wanted.
    ``shard`` is the share of the nodes whose answers are here.
    """

    run: str
    started: str
    policy: Policy
    facts: Facts
    standing: Standing | None = None
    fleet_problem: str = ""
    answers: dict[str, dict[str, Raw]] = field(default_factory=dict)
    troubles: dict[str, str] = field(default_factory=dict)
    no_probes: bool = False
    shard: Shard = WHOLE


def save_record(record: Record, path: Path) -> None:
    """Write ``record`` as JSON, a line for each field and for each vantage's answers.

    So nothing of it stands in memory a second time but one line. Raises OSError.
    """
    fields = {
        "schema": SCHEMA,
        "kubecheck": __version__,
        "run": record.run,
        "started": record.started,
        "policy": record.policy.model_dump(mode="json"),
        "facts": FACTS.dump_python(record.facts, mode="json"),
        "standing": STANDING.dump_python(record.standing, mode="json") if record.standing else None,
        "fleet_problem": record.fleet_problem,
        "troubles": record.troubles,
        "no_probes": record.no_probes,
        "shard": str(record.shard),
    }
    with replacing(path) as file:
        file.write("{\n")
        file.writelines(f" {json.dumps(name)}: {json.dumps(value)},\n" for name, value in fields.items())
        file.write(' "answers": {')
        for number, (vantage, raws) in enumerate(record.answers.items()):
            member = json.dumps(raws_to_json({vantage: raws}))[1:-1]
            file.write(f"{',' if number else ''}\n  {member}")
        file.write("\n }\n}\n")


def load_record(path: Path) -> Record:
    """Read what ``save_record`` wrote. Raises RecordProblem."""
    try:
        body = parse_json(read_text(path, FILE_LIMIT))
    except FileNotFoundError:
        raise RecordProblem(f"record {path} does not exist: name the record.json of a run") from None
    except TooLarge:
        raise RecordProblem(f"record {path} is larger than a record can be; is it the right file?") from None
    except (OSError, ValueError) as problem:
        raise RecordProblem(f"record {path} cannot be read: {problem}") from None
    if isinstance(body, dict) and "verdict" in body:
        raise RecordProblem(f"{path} is the verdict of a run and no record: name the {RECORD} of that run")
    if not isinstance(body, dict) or body.get("schema") != SCHEMA:
        raise RecordProblem(
            f"record {path} is no record of schema {SCHEMA}, the one that kubecheck {__version__} reads"
        )
    try:
        return Record(
            run=str(body["run"]),
            started=_time(body["started"]),
            # A tuple is a list in JSON, which the model's strict mode takes only from JSON.
            policy=Policy.model_validate_json(json.dumps(body["policy"])),
            facts=FACTS.validate_python(body["facts"]),
            standing=STANDING.validate_python(body["standing"]) if body["standing"] else None,
            fleet_problem=str(body["fleet_problem"]),
            answers=raws_from_json(body["answers"]),
            troubles={str(key): str(value) for key, value in body["troubles"].items()},
            # Records of earlier versions do not have these two.
            no_probes=bool(body.get("no_probes")),
            shard=Shard.parse(body.get("shard", str(WHOLE))),
        )
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RecordProblem(f"record {path} is damaged at {where}: {first['msg']}") from None
    except (KeyError, ValueError, TypeError, AttributeError, ArithmeticError) as problem:
        raise RecordProblem(f"record {path} is damaged: {problem!r}") from None


def raws_to_json(answers: dict[str, dict[str, Raw]]) -> dict[str, Any]:
    """Raw answers as JSON values; output in base64, because it need not be text."""
    return {
        vantage: {
            key: [raw.status, raw.seconds, raw.tries, base64.b64encode(raw.output).decode(), raw.idle]
            for key, raw in raws.items()
        }
        for vantage, raws in answers.items()
    }


def raws_from_json(body: dict[str, Any]) -> dict[str, dict[str, Raw]]:
    """The reverse of ``raws_to_json``. Raises ValueError, TypeError or AttributeError."""
    return {vantage: {key: _raw(*fields) for key, fields in raws.items()} for vantage, raws in body.items()}


def _time(text: Any) -> str:
    """A time in RFC 3339 as it is. Raises ValueError or TypeError for what is none."""
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return str(text)


def _raw(status: Any, seconds: Any, tries: Any, output: Any, idle: Any = 0.0) -> Raw:
    """A raw answer from its JSON values; records of earlier versions do not have the last one."""
    text = base64.b64decode(output, validate=True)
    raw = Raw(int(status), text, float(seconds), int(tries), float(idle))
    if not math.isfinite(raw.seconds + raw.idle):
        raise ValueError(f"{seconds} and {idle} are no seconds")
    return raw
