"""What became different since an earlier run: which run that is, and telling it at the end."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from kubecheck.report.comparison import Comparison, compared
from kubecheck.report.document import LAST_VERDICT, Ending
from kubecheck.report.lines import cut
from kubecheck.report.snapshot import Snapshot, SnapshotProblem, load_snapshot

GIVEN = pytest.StashKey[Snapshot]()
SINCE = pytest.StashKey[Comparison]()


def read_given(config: pytest.Config) -> None:
    """Read the file that --compare-with names, before anything is asked. Raises SnapshotProblem."""
    if config.option.compare_with:
        config.stash[GIVEN] = load_snapshot(Path(config.option.compare_with))


def with_comparison(config: pytest.Config, ending: Ending, reports: Path) -> Ending:
    """``ending`` with what changed since the earlier run, if there is one. Before reports are overwritten."""
    ending = compared(ending, _earlier(config, ending, reports))
    if ending.since is not None:
        config.stash[SINCE] = ending.since
    return ending


def _earlier(config: pytest.Config, ending: Ending, reports: Path) -> Snapshot | None:
    """The run that --compare-with names, or the one before in the same folder, if it is of this cluster."""
    if GIVEN in config.stash:
        return config.stash[GIVEN]
    begun = ending.recorded or ending.started
    for name in ("verdict.json", LAST_VERDICT):
        with suppress(SnapshotProblem):  # nobody asked for this comparison
            last = load_snapshot(reports / name)
            return last if last.server == ending.facts.server and last.started < begun else None
    return None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> Generator[None, None, None]:
    """Tell the difference after everything else."""
    result = yield
    since = config.stash.get(SINCE, None)
    if since is not None and terminalreporter.verbosity > -2:
        width = terminalreporter._tw.fullwidth if terminalreporter.isatty else 0
        everything = terminalreporter.verbosity > 0
        for line in since.lines() if everything else since.summary():
            terminalreporter.write_line(line if everything else cut(line, width))
    return result
