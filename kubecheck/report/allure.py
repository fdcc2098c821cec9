"""Allure's results: what allure-pytest makes of a test, with what kubecheck has to tell of it.

Each gets its words, labels, links, the evidence as steps and the raw answers when it is written, and its
cause at the end. What the fields mean: https://allurereport.org/docs/how-it-works/
"""

from __future__ import annotations

import inspect
import json
import os
import re
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kubecheck import __version__
from kubecheck.diagnosis import Cause
from kubecheck.outcomes import Outcome, Result, Target
from kubecheck.probes import Raw
from kubecheck.report.digest import explaining, first
from kubecheck.report.document import Ending
from kubecheck.report.lines import plain
from kubecheck.report.runbook import LINES

Json = dict[str, Any]

STATUS = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.UNKNOWN: "broken",
    Outcome.NOT_APPLICABLE: "skipped",
}
LONG = 4_000  # characters of one answer that are attached
TARGETS = 100  # targets of one result that are told; where there are more, those that failed come first
REPLACED = {"epic", "feature", "story", "severity", "host", "parentSuite", "suite", "subSuite"}


class AllureFolder:
    """The folder of a run's results."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.docs = _docs(path)

    def write(self, body: Json, result: Result, run: str, raws: Mapping[str, Raw]) -> None:
        """Write what allure-pytest has made of a test, with all that is known of its result by then.

        ``raws`` are the raw answers of its vantage by question.
        """
        body |= {
            "name": f"{result.title} [{result.vantage}]",
            "status": STATUS[result.outcome],
            "description": _description(body, result),
            "stop": body["start"] + round(result.seconds * 1000),
            "labels": [*_labels(result), *(x for x in body["labels"] if x["name"] not in REPLACED)],
            "links": [*body.get("links", ()), *_links(result, self.docs)],
            "steps": [*_evidence(result), *body.get("steps", ())],
            "attachments": [*body.get("attachments", ()), *_raw(result, raws, self.path)],
        }
        if result.outcome is not Outcome.PASSED:
            trace = "\n".join(f"next: {step}" for step in result.remedy)
            body["statusDetails"] = {"message": plain(result.message), "trace": trace}
        _write(self._file(result, run), body)

    def finish(self, ending: Ending) -> None:
        """Add the causes to the results that they explain, and what Allure shows beside all results."""
        told = {id(cause): _diagnosis(cause) for cause in ending.diagnosis.causes}
        attached = {cause: _attach(self.path, text) for cause, text in told.items()}
        causes = explaining(ending)
        for result in ending.results:
            mine = causes.get((result.check, result.vantage), ())
            file = self._file(result, ending.run)
            if not mine or not file.exists():  # it was judged where no file could be written
                continue
            body = json.loads(file.read_text(encoding="utf-8"))
            body["labels"] += [{"name": "tag", "value": cause.kind.id} for cause in mine]
            body["links"] += [
                {"type": "link", "name": cause.kind.title, "url": cause.kind.source} for cause in mine
            ]
            body["steps"] = [*(_cause_step(cause, attached[id(cause)]) for cause in mine), *body["steps"]]
            if result.outcome is not Outcome.PASSED:
                body["statusDetails"]["trace"] = "\n\n".join(told[id(cause)] for cause in mine)
            _write(file, body)
        _write(self.path / "categories.json", _categories(ending))
        _write_text(self.path / "environment.properties", _environment(ending))

    def _file(self, result: Result, run: str) -> Path:
        """Where a result lies; a cause finds it there again, in whatever process it was judged."""
        name = uuid.uuid5(uuid.NAMESPACE_URL, f"kubecheck:{run}/{result.check}/{result.vantage}")
        return self.path / f"{name}-result.json"


def _labels(result: Result) -> list[Json]:
    area = result.check.partition(".")[0]
    kind, _, node = result.vantage.partition(":")
    told = [
        ("epic", area),
        *(("feature", f"{line}: {LINES.get(line, '')}") for line in result.runbook),
        *([] if result.runbook else [("feature", "beyond the runbook")]),
        ("story", result.title),
        ("parentSuite", area),
        ("suite", result.check),
        ("severity", "critical" if result.runbook else "normal"),
        ("host", node or kind),
        *(("tag", line) for line in result.runbook),
    ]
    return [{"name": name, "value": value} for name, value in told]


def _links(result: Result, docs: str) -> Iterator[Json]:
    if docs:
        area, _, name = result.check.partition(".")
        yield {"type": "link", "name": result.check, "url": f"{docs}/checks/{area}.md#{name}"}
        for line in result.runbook:
            title = f"{line}: {LINES.get(line, '')}"
            yield {"type": "link", "name": title, "url": f"{docs}/runbook.md#{line.lower()}"}


def _docs(folder: Path) -> str:
    """The pages of the checks as seen from the report beside ``folder``; empty where there are none."""
    docs = Path(__file__).parents[2] / "docs"
    return os.path.relpath(docs, folder.parent) if (docs / "runbook.md").is_file() else ""


def _description(body: Json, result: Result) -> str:
    steps = "".join(f"\n- {step}" for step in result.remedy)
    return f"{inspect.cleandoc(body.get('description') or '')}\n\nNext steps:{steps}"


def _evidence(result: Result) -> list[Json]:
    """A step for each target, those that went wrong first."""
    order = [Outcome.FAILED, Outcome.UNKNOWN, Outcome.PASSED, Outcome.NOT_APPLICABLE]
    targets = sorted(result.targets, key=lambda target: order.index(target.outcome))
    steps = [_target_step(result, target) for target in targets[:TARGETS]]
    if len(targets) > TARGETS:
        steps.append({"name": f"... and {len(targets) - TARGETS} more targets", "status": "passed"})
    return steps


def _target_step(result: Result, target: Target) -> Json:
    said = target.got or ("as expected" if target.outcome is Outcome.PASSED else result.message)
    named = [("asked", target.asked), ("of", target.address), ("from", result.vantage)]
    return {
        "name": plain(f"{target.name or target.asked or result.vantage}: {said}"),
        "status": STATUS[target.outcome],
        "parameters": [{"name": name, "value": plain(value)} for name, value in named if value],
    }


def _cause_step(cause: Cause, attachment: Json) -> Json:
    finding = cause.finding
    # It stands beside each failure: what is attached once names all of them.
    steps = [
        f"blames {', '.join(first(finding.blames))}",
        *first(finding.confirmed),
        *(f"mend: {step}" for step in first(cause.remedy)),
    ]
    return {
        "name": plain(f"Cause: {finding.says}"),
        "status": "failed",
        "steps": [{"name": plain(step), "status": "passed"} for step in steps],
        "attachments": [attachment],
    }


def _diagnosis(cause: Cause) -> str:
    finding = cause.finding
    told = [
        f"cause: {finding.says} ({finding.confidence.name.lower()})",
        *(f"blames: {each}" for each in finding.blames),
        *(f"because: {each}" for each in finding.confirmed),
        *(f"mend: {each}" for each in cause.remedy),
        f"more: kubecheck explain {cause.kind.id}, {cause.kind.source}",
    ]
    return plain("\n".join(told))


def _raw(result: Result, raws: Mapping[str, Raw], folder: Path) -> list[Json]:
    """What came back for the questions of a result, attached in one piece."""
    asked = dict.fromkeys(target.asked for target in result.targets[:TARGETS] if target.asked in raws)
    told = [_answer(question, raws[question]) for question in asked]
    return [_attach(folder, "\n\n".join(told), "raw answers")] if told else []


def _answer(question: str, raw: Raw) -> str:
    tries = f", {raw.tries} tries" if raw.tries > 1 else ""
    text = raw.text.replace("\r\n", "\n").replace("\t", "    ")
    more = f"\n... and {len(text) - LONG} more characters" if len(text) > LONG else ""
    return f"# {question}\n# exit status {raw.status}, {raw.seconds:.2f} s{tries}\n{plain(text[:LONG])}{more}"


def _attach(folder: Path, text: str, name: str = "diagnosis") -> Json:
    file = f"{uuid.uuid4()}-attachment.txt"
    _write_text(folder / file, text)
    return {"name": name, "source": file, "type": "text/plain"}


def _categories(ending: Ending) -> list[Json]:
    """Allure puts a result into the first category that fits."""
    causes = [
        {
            "name": f"Cause: {plain(cause.finding.says)}",
            "matchedStatuses": ["failed", "broken"],
            "traceRegex": re.escape(_diagnosis(cause).partition("\n")[0]),
        }
        for cause in ending.diagnosis.causes
    ]
    return [
        *causes,
        {"name": "The cluster is wrong", "matchedStatuses": ["failed"]},
        {"name": "It could not be told", "matchedStatuses": ["broken"]},
        {"name": "It does not apply here", "matchedStatuses": ["skipped"]},
    ]


def _environment(ending: Ending) -> str:
    facts = ending.facts
    told = {
        "verdict": ending.verdict_told,
        "kubecheck": __version__,
        "Kubernetes": facts.server_version,
        "API server": facts.server,
        "nodes": str(len(facts.nodes)),
        "policy": ending.policy.profile,
        "run": ending.run,
    }
    # One line a value: whatever the API server says of its version, it is no second one.
    return "\n".join(
        f"{key.replace(' ', '_')}={' '.join(plain(value).split())}" for key, value in told.items()
    )


def _write(path: Path, body: Any) -> None:
    _write_text(path, json.dumps(body, ensure_ascii=False))


def _write_text(path: Path, text: str) -> None:
    path.write_bytes(f"{text}\n".encode(errors="replace"))
