"""verdict.json, and all files of a run in one call."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kubecheck import __version__
from kubecheck.cluster.facts import Facts
from kubecheck.diagnosis import Cause, Diagnosis
from kubecheck.diagnosis.evidence import Symptom
from kubecheck.outcomes import Outcome, Result, Verdict
from kubecheck.report.junit import junit

SCHEMA = 1


@dataclass(frozen=True)
class Ending:
    """A run at its end: everything that reports tell. ``timings`` are seconds by phase."""

    results: list[Result]
    verdict: Verdict
    diagnosis: Diagnosis
    timings: dict[str, float]
    facts: Facts
    run: str
    started: datetime
    interrupted: bool

    def with_outcome(self, outcome: Outcome) -> list[Result]:
        """The results of one outcome."""
        return [result for result in self.results if result.outcome is outcome]

    def counts(self) -> dict[str, int]:
        """Results by outcome, every outcome named."""
        counted = Counter(result.outcome for result in self.results)
        return {outcome.value: counted[outcome] for outcome in Outcome}

    def last_line(self) -> str:
        """The verdict in a line."""
        counts = ", ".join(f"{number} {outcome}" for outcome, number in self.counts().items() if number)
        stopped = "stopped before its end; " if self.interrupted else ""
        seconds = (datetime.now(UTC) - self.started).total_seconds()
        return f"verdict: {self.verdict} ({stopped}{counts or 'nothing was checked'}; {seconds:.1f} s)"


def write_reports(ending: Ending, folder: Path) -> None:
    """Write verdict.json and junit.xml."""
    _write(folder / "verdict.json", json.dumps(document(ending), indent=1, ensure_ascii=False))
    _write(folder / "junit.xml", junit(ending))


def write_no_verdict(reason: str, folder: Path) -> None:
    """Write the verdict.json of a run that could not begin; no folder is made for it."""
    if folder.is_dir():
        body = {"schema": SCHEMA, "verdict": Verdict.NO_VERDICT.value, "reason": reason, "checks": []}
        _write(folder / "verdict.json", json.dumps(body, indent=1, ensure_ascii=False))


def document(ending: Ending) -> dict[str, Any]:
    """The content of verdict.json."""
    facts = ending.facts
    return {
        "schema": SCHEMA,
        "kubecheck": __version__,
        "verdict": ending.verdict.value,
        "run": ending.run,
        "started": ending.started.isoformat(timespec="seconds"),
        "counts": ending.counts(),
        "checks": [
            {
                "id": result.check,
                "title": result.title,
                "vantage": result.vantage,
                "outcome": result.outcome.value,
                "runbook": list(result.runbook),
                "message": result.message,
                "seconds": result.seconds,
                "targets": [
                    {"name": target.name, "outcome": target.outcome.value} for target in result.targets
                ],
            }
            for result in ending.results
        ],
        "causes": [_cause(cause) for cause in ending.diagnosis.causes],
        "unexplained": _grouped(ending.diagnosis.unexplained),
        "cluster": {
            "server": facts.server,
            "version": facts.server_version,
            "nodes": [
                {"name": node.name, "kubelet": node.kubelet_version, "ready": node.ready}
                for node in facts.nodes
            ],
        },
        "timings": ending.timings,
    }


def _cause(cause: Cause) -> dict[str, Any]:
    finding = cause.finding
    return {
        "id": cause.kind.id,
        "title": cause.kind.title,
        "says": finding.says,
        "blames": list(finding.blames),
        "confidence": finding.confidence.name.lower(),
        "confirmed": list(finding.confirmed),
        "remedy": list(cause.remedy),
        "source": cause.kind.source,
        "explains": _grouped(finding.explains),
    }


def _grouped(symptoms: Iterable[Symptom]) -> list[dict[str, Any]]:
    """Results, each with those of its targets that are meant; none for a result without several."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for symptom in sorted(symptoms, key=lambda each: (each.check, each.vantage, each.target)):
        found[symptom.check, symptom.vantage] += [symptom.target] if symptom.target else []
    return [
        {"check": check, "vantage": vantage, "targets": targets}
        for (check, vantage), targets in found.items()
    ]


def _write(path: Path, text: str) -> None:
    # JSON may carry half of a surrogate pair, which no text file can.
    path.write_text(text + "\n", encoding="utf-8", errors="replace")
