"""verdict.json, and all files of a run in one call."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kubecheck import __version__
from kubecheck.cluster.facts import Facts
from kubecheck.cluster.requests_made import RequestsMade
from kubecheck.diagnosis import Cause, Diagnosis
from kubecheck.diagnosis.evidence import Symptom
from kubecheck.outcomes import NO_PROBES, Outcome, Result, Target, Verdict
from kubecheck.output import replacing, report_written
from kubecheck.policy import Policy
from kubecheck.report.digest import stopped_by_rights
from kubecheck.report.junit import junit, junit_without_verdict
from kubecheck.report.schema import (
    About,
    CauseFound,
    CheckResult,
    Cluster,
    Explained,
    Judged,
    MissingRight,
    NodeFound,
    NotJudged,
    Requests,
    Since,
)
from kubecheck.report.snapshot import SnapshotProblem, load_snapshot
from kubecheck.shard import WHOLE, Shard

if TYPE_CHECKING:
    from kubecheck.report.comparison import Comparison

LAST_VERDICT = "verdict-before.json"

_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True)
class Ending:
    """A run at its end: everything that reports tell. ``timings`` are seconds by phase.

    ``recorded`` is when the run began whose record was judged again, ``fleet_problem`` why there were no
    probe pods, ``pytest_code`` pytest's own exit code where it stands in place of the verdict's,
    ``since`` what became different since an earlier run. ``read_only`` says that the run created nothing, and
    looked at no more than the API tells. ``requests`` were made until the end was told; None for a
    record. ``shard`` is the share of the nodes that were judged.
    """

    results: list[Result]
    verdict: Verdict
    diagnosis: Diagnosis
    timings: dict[str, float]
    facts: Facts
    run: str
    started: datetime
    interrupted: bool
    policy: Policy = field(default_factory=Policy)
    ended: datetime = field(default_factory=lambda: datetime.now(UTC))
    recorded: datetime | None = None
    fleet_problem: str = ""
    pytest_code: int | None = None
    since: Comparison | None = None
    read_only: bool = False
    shard: Shard = WHOLE
    requests: RequestsMade | None = None

    @property
    def exit_code(self) -> int:
        """The exit code of the process."""
        return self.verdict.exit_code if self.pytest_code is None else self.pytest_code

    @cached_property
    def places(self) -> dict[tuple[str, str], int]:
        """Where among the results each one is, by its check and vantage."""
        return {(result.check, result.vantage): place for place, result in enumerate(self.results)}

    def with_outcome(self, outcome: Outcome) -> list[Result]:
        """The results of one outcome."""
        return [result for result in self.results if result.outcome is outcome]

    def counts(self) -> dict[str, int]:
        """Results by outcome, every outcome named."""
        counted = Counter(result.outcome for result in self.results)
        return {outcome.value: counted[outcome] for outcome in Outcome}

    @property
    def reservation(self) -> str:
        """What a verdict must not be read without: that it is of a share, or of what the API tells."""
        told = "" if self.shard.whole else f"shard {self.shard}: the others judge the rest"
        return "; ".join(each for each in (told, self._left_out()) if each)

    def _left_out(self) -> str:
        if not self.read_only:
            return ""
        checks = {result.check for result in self.results}
        looked_at = {result.check for result in self.results if result.message != NO_PROBES}
        left_out = len(checks - looked_at)
        return f"read-only: {left_out} {'check was' if left_out == 1 else 'checks were'} not looked at"

    @property
    def verdict_told(self) -> str:
        """The verdict, with what it must not be read without."""
        return f"{self.verdict} ({self.reservation})" if self.reservation else str(self.verdict)

    def last_line(self) -> str:
        """The verdict in a line."""
        counts = ", ".join(f"{number} {outcome}" for outcome, number in self.counts().items() if number)
        stopped = "stopped before its end; " if self.interrupted else ""
        reserved = f"{self.reservation}; " if self.reservation else ""
        seconds = (datetime.now(UTC) - self.started).total_seconds()
        return (
            f"verdict: {self.verdict} ({stopped}{reserved}{counts or 'nothing was checked'}; {seconds:.1f} s)"
        )


def write_reports(ending: Ending, folder: Path) -> None:
    """Write verdict.html, verdict.json and junit.xml. One that cannot be written is told, and not there."""
    # Only here: a run whose report nobody needs yet should not wait for the template engine.
    from kubecheck.report.html import page

    # Result by result: of a thousand nodes, all of them as JSON or XML would fill the memory.
    if _write(folder / "verdict.json", as_text(outline(ending) | {"checks": entries(ending)})):
        with suppress(OSError):  # nobody looks at it while there is a verdict.json
            (folder / LAST_VERDICT).unlink(missing_ok=True)
    _write(folder / "verdict.html", [page(ending)])
    _write(folder / "junit.xml", junit(ending))


def write_no_verdict(reason: str, folder: Path) -> None:
    """Write the verdict of a run that could not begin over an earlier one's, as ``write_reports`` does.

    The last verdict.json of a run that was judged is kept as LAST_VERDICT: the next one is compared with it.
    """
    with suppress(SnapshotProblem, OSError):
        load_snapshot(folder / "verdict.json")
        (folder / "verdict.json").replace(folder / LAST_VERDICT)
    from kubecheck.report.html import page_without_verdict

    ended = datetime.now(UTC).replace(microsecond=0)
    body = NotJudged(
        kubecheck=__version__, verdict="NO VERDICT", exit_code=11, reason=reason, ended=ended, checks=[]
    )
    _write(folder / "verdict.json", as_text(body.model_dump(mode="json", by_alias=True)))
    _write(folder / "verdict.html", [page_without_verdict(reason, ended)])
    _write(folder / "junit.xml", [junit_without_verdict(reason, ended)])


def document(ending: Ending) -> dict[str, Any]:
    """The content of verdict.json; `schema.py` says what it means."""
    return outline(ending) | {"checks": list(entries(ending))}


def outline(ending: Ending) -> dict[str, Any]:
    """The same without its results."""
    facts = ending.facts
    body = Judged(
        kubecheck=__version__,
        verdict=ending.verdict.value,
        exit_code=ending.exit_code,
        interrupted=ending.interrupted,
        run=ending.run,
        started=ending.started.replace(microsecond=0),
        ended=ending.ended.replace(microsecond=0),
        recorded=ending.recorded,
        counts=ending.counts(),
        fleet_problem=ending.fleet_problem,
        read_only=ending.read_only,
        shard=str(ending.shard),
        missing_rights=_missing_rights(ending),
        causes=[_cause(cause) for cause in ending.diagnosis.causes],
        diagnosed=ending.diagnosis.looked_for,
        unexplained=_grouped(ending.diagnosis.unexplained),
        since=Since.model_validate(ending.since.as_json()) if ending.since else None,
        cluster=Cluster(
            server=facts.server,
            version=facts.server_version,
            nodes=[
                NodeFound(name=node.name, kubelet=node.kubelet_version, ready=node.ready)
                for node in facts.nodes
            ],
        ),
        policy=ending.policy.model_dump(mode="json"),
        timings=ending.timings,
        requests=_requests(ending.requests),
        catalogue={
            result.check: About(title=result.title, runbook=list(result.runbook), remedy=list(result.remedy))
            for result in ending.results
        },
        checks=[],
    )
    return body.model_dump(mode="json", by_alias=True)


def entries(ending: Ending) -> Iterator[dict[str, Any]]:
    """Its results."""
    for result in ending.results:
        told = CheckResult(
            id=result.check,
            vantage=result.vantage,
            outcome=result.outcome.value,
            message=result.message,
            seconds=result.seconds,
            targets=_by_outcome(result.targets),
        )
        yield told.model_dump(mode="json", by_alias=True)


def as_text(body: dict[str, Any]) -> Iterator[str]:
    """``body`` as JSON, piece by piece: each field on a line, and each entry of a list or an iterator."""
    for number, (name, value) in enumerate(body.items()):
        yield f"{',' if number else '{'}\n {json.dumps(name)}: "
        if isinstance(value, list | Iterator):
            several = False
            for each in value:
                yield f"{',' if several else '['}\n  {_COMPACT.encode(each)}"
                several = True
            yield "\n ]" if several else "[]"
        else:
            yield _COMPACT.encode(value)
    yield "\n}"


def _requests(made: RequestsMade | None) -> Requests | None:
    return Requests(total=made.total, **made.as_json()) if made else None


def _by_outcome(targets: Iterable[Target]) -> dict[str, list[str]]:
    """The names of targets by what became of each; the only target of a result needs no name."""
    found: dict[str, list[str]] = defaultdict(list)
    for target in targets:
        if target.name:
            found[target.outcome.value].append(target.name)
    return dict(found)


def _missing_rights(ending: Ending) -> list[MissingRight] | None:
    missing = ending.facts.missing_rights.found
    if missing is None:
        return None
    return [
        MissingRight(
            part=right.part.value,
            verb=right.verb,
            what=right.what,
            namespace=right.namespace,
            name=right.name,
            why=right.why,
            checks=list(dict.fromkeys(result.check for result in stopped)),
        )
        for right, stopped in stopped_by_rights(ending)
    ]


def _cause(cause: Cause) -> CauseFound:
    finding = cause.finding
    return CauseFound(
        id=cause.kind.id,
        title=cause.kind.title,
        says=finding.says,
        blames=list(finding.blames),
        confidence=finding.confidence.name.lower(),
        confirmed=list(finding.confirmed),
        remedy=list(cause.remedy),
        source=cause.kind.source,
        explains=_grouped(finding.explains),
    )


def _grouped(symptoms: Iterable[Symptom]) -> list[Explained]:
    """Results, each with those of its targets that are meant; none for a result without several."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for symptom in sorted(symptoms, key=lambda each: (each.check, each.vantage, each.target)):
        found[symptom.check, symptom.vantage] += [symptom.target] if symptom.target else []
    return [
        Explained(check=check, vantage=vantage, targets=targets)
        for (check, vantage), targets in found.items()
    ]


def _write(path: Path, text: Iterable[str]) -> bool:
    def write() -> None:
        with replacing(path) as file:
            file.writelines(text)
            file.write("\n")

    return report_written(path, write)
