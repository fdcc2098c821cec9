"""Progress on the terminal: while the cluster is read, the fleet comes up, answers come in, and at the end.

Under pytest-xdist the items are judged elsewhere, and its own progress is left alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest

from kubecheck.plugin.run import RUN, Run, check_of, is_worker, only_shows
from kubecheck.report.progress import PLAIN_SPINNER, SPINNER, Progress, Wait

PROGRESS = pytest.StashKey[Progress]()


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Keep a way to the terminal: while a test runs, pytest catches what is written to it."""
    if is_worker(config) or only_shows(config):
        return
    # The option is the terminal's own, and gone with it under `-p no:terminal`.
    if _reporter(config) is None or config.option.verbose < 0:
        return
    try:
        out = os.dup(sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):
        return  # whoever stands in for the terminal has no file
    live = os.isatty(out) and not os.environ.get("CI") and os.environ.get("TERM", "dumb") != "dumb"
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    config.stash[PROGRESS] = Progress(out, live=live, spinner=SPINNER if utf8 else PLAIN_SPINNER)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Let go of the terminal."""
    progress = config.stash.get(PROGRESS, None)
    if progress is not None:
        progress.close()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, Any, Any]:
    """An item may have to wait for the fleet and for its vantage's answers."""
    config = item.config
    run = config.stash.get(RUN, None)
    if PROGRESS not in config.stash or run is None or run.api is None or check_of(item) is None:
        return (yield)
    progress, writer = config.stash[PROGRESS], _reporter(config)._tw
    with progress.waiting(lambda: _awaited(run), line=writer._current_line, width=writer.fullwidth):
        return (yield)


def waiting(config: pytest.Config, phase: str, *, only_live: bool = False) -> AbstractContextManager[None]:
    """Tell that ``phase`` is waited for, at the beginning of a line; ``only_live`` on a terminal only."""
    progress, reporter = config.stash.get(PROGRESS, None), _reporter(config)
    if progress is None or (only_live and not progress.live):
        return nullcontext()
    if reporter._tw.width_of_current_line:
        reporter.ensure_newline()
    return progress.waiting(lambda: Wait(phase), width=reporter._tw.fullwidth)


def _reporter(config: pytest.Config) -> Any:
    return config.pluginmanager.get_plugin("terminalreporter")


def _awaited(run: Run) -> Wait:
    """What an item waits for: first the probe pods, then their answers."""
    future = run.standing_future
    if future is not None and not future.done() and run.fleet is not None:
        ready, wanted = run.fleet.ready
        if wanted and ready == wanted:
            return Wait("preparing the probe pods", "", "probe pods")
        return Wait("waiting for probe pods", f"{ready} of {wanted} ready", f"pods {ready}/{wanted}")
    done, total = 0, 0
    for survey in list(run.surveys.values()):
        got, asked = survey.progress
        done, total = done + got, total + asked
    if run.measuring is not None and done == total:
        return Wait("waiting for metrics-server's rows", "", "metrics")
    return (
        Wait("asking", f"{done} of {total} vantages have answered", f"{done}/{total}")
        if total
        else Wait("asking")
    )
