"""What is no file of the reports folder, or is finished there: Allure, metrics, GitHub's log and summary."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from kubecheck.output import written
from kubecheck.plugin.allure import RESULTS
from kubecheck.plugin.begin import NO_VERDICT
from kubecheck.plugin.end import ENDING
from kubecheck.plugin.run import is_worker


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a metrics file that could not be written, before a run and not after it."""
    path = _metrics_file(config)
    if path and not is_worker(config) and not path.parent.is_dir():
        raise pytest.UsageError(f"--metrics-file: there is no folder {path.parent} to write {path.name} to")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write what is no file of the reports folder; the verdict is known by now, and not yet told."""
    config = session.config
    ending = config.stash.get(ENDING, None)
    if ending is None:
        return
    if RESULTS in config.stash:
        results = config.stash[RESULTS]
        results.finish(ending)
        if results.problem:
            print(f"kubecheck: Allure's results could not all be written: {results.problem}", file=sys.stderr)
    if path := _metrics_file(config):
        from kubecheck.report.metrics import metrics, write_metrics

        written("--metrics-file", lambda: write_metrics(metrics(ending), path))
    if on_github():
        from kubecheck.report.github import summary

        _add_summary(summary(ending))


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Annotate the job's log; GitHub shows annotations wherever in the log they stand."""
    ending = config.stash.get(ENDING, None)
    if ending is None or not on_github():
        return
    from kubecheck.report.github import annotated

    for line in annotated(ending):
        terminalreporter.write_line(line)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """A run that could not begin is told too: a gate that is silent looks like one that is green."""
    reason = config.stash.get(NO_VERDICT, None)
    if reason is None:
        return
    if path := _metrics_file(config):
        from kubecheck.report.metrics import metrics_without_verdict, write_metrics

        written("--metrics-file", lambda: write_metrics(metrics_without_verdict(), path))
    if on_github():
        from kubecheck.report.github import annotation_without_verdict, summary_without_verdict

        print(annotation_without_verdict(reason))
        _add_summary(summary_without_verdict(reason))


def on_github() -> bool:
    """Whether this is a job of GitHub Actions."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def _add_summary(text: str) -> None:
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if path:
        written("the job's summary", lambda: _append(Path(path), text))


def _append(path: Path, text: str) -> None:
    # The job's other steps, and other runs of this one, have written there too.
    with path.open("a", encoding="utf-8", errors="replace") as file:
        file.write(text)


def _metrics_file(config: pytest.Config) -> Path | None:
    given = config.option.metrics_file
    return Path(config.invocation_params.dir, given) if given else None
