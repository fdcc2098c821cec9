"""OpenMetrics text of a run, for the textfile collector of node_exporter.

The collector reads files named ``*.prom`` in the older Prometheus format, so only gauges are written, whose
text is the same in both: https://prometheus.io/docs/specs/om/open_metrics_spec/
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from kubecheck import __version__
from kubecheck.outcomes import Outcome, Verdict
from kubecheck.output import replacing
from kubecheck.report.document import Ending
from kubecheck.report.lines import plain

Samples = Iterable[tuple[Mapping[str, str], float]]


def metrics(ending: Ending) -> str:
    """The metrics of a run that came to its end."""
    failures = Counter(result.check for result in ending.with_outcome(Outcome.FAILED))
    blamed = {
        (cause.kind.id, blames): cause.finding.confidence.name.lower()
        for cause in ending.diagnosis.causes
        for blames in cause.finding.blames or ("",)
    }
    total = round((ending.ended - ending.started).total_seconds(), 2)
    about = {"version": __version__, "server": ending.facts.server, "kubernetes": ending.facts.server_version}
    return _text(
        _verdict(ending.verdict),
        _family("kubecheck_about", "What was checked, by what.", [(about, 1)]),
        _family(
            "kubecheck_read_only",
            "1 where the run created nothing, and looked at no more than the API tells (--no-probes).",
            [({}, float(ending.read_only))],
        ),
        _family("kubecheck_nodes", "Nodes of the cluster.", [({}, len(ending.facts.nodes))]),
        _family(
            "kubecheck_checks",
            "Results by outcome; a check has one at each vantage.",
            [({"outcome": outcome}, number) for outcome, number in ending.counts().items()],
        ),
        _family(
            "kubecheck_check_failures",
            "Vantages at which a check failed; only of checks that failed.",
            [({"check": check}, number) for check, number in sorted(failures.items())],
        ),
        _family(
            "kubecheck_cause",
            "1 for each object that a cause blames.",
            [
                ({"cause": cause, "blames": blames, "confidence": confidence}, 1)
                for (cause, blames), confidence in sorted(blamed.items())
            ],
        ),
        _family(
            "kubecheck_unexplained_failures",
            "Failures that no known cause explains.",
            [({}, len({(each.check, each.vantage) for each in ending.diagnosis.unexplained}))],
        ),
        _family(
            "kubecheck_duration_seconds",
            "How long a phase of the run took, and the run in total.",
            [({"phase": phase}, seconds) for phase, seconds in {**ending.timings, "total": total}.items()],
        ),
        _last_run(),
    )


def metrics_without_verdict() -> str:
    """The metrics of a run that could not begin."""
    return _text(_verdict(Verdict.NO_VERDICT), _last_run())


def write_metrics(text: str, path: Path) -> None:
    """Put ``text`` into ``path`` in one step, so that no collector ever reads half of it. Raises OSError."""
    with replacing(path) as file:
        file.write(text)


def _verdict(verdict: Verdict) -> str:
    samples = [({"verdict": each.value}, float(each is verdict)) for each in Verdict]
    return _family("kubecheck_verdict", "1 for the verdict of the last run, 0 for the others.", samples)


def _last_run() -> str:
    seconds = round(datetime.now(UTC).timestamp(), 3)
    return _family(
        "kubecheck_last_run_timestamp_seconds", "When the last run ended, as Unix time.", [({}, seconds)]
    )


def _text(*families: str) -> str:
    return "".join((*families, "# EOF\n"))


def _family(name: str, meaning: str, samples: Samples) -> str:
    lines = [f"# HELP {name} {meaning}", f"# TYPE {name} gauge"]
    for labels, value in samples:
        inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        lines.append(f"{name}{f'{{{inside}}}' if inside else ''} {value:.15g}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return plain(text).replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
