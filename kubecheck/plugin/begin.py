"""The beginning: where reports go, what SIGTERM does, the policy, the cluster or the record."""

from __future__ import annotations

import signal
import time
from collections.abc import Generator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from types import FrameType
from typing import NoReturn

import pytest

from kubecheck import __version__
from kubecheck.cluster.api import Api
from kubecheck.cluster.connection import ConnectionProblem, connect
from kubecheck.cluster.deadline import Deadline
from kubecheck.cluster.discover import discover
from kubecheck.fleet.displacing import displacing, withheld
from kubecheck.outcomes import Verdict
from kubecheck.plugin.progress import waiting
from kubecheck.plugin.run import RUN, Run, handed_over, is_controller, is_worker, new_id, only_shows
from kubecheck.plugin.since import read_given
from kubecheck.policy import PolicyError, load_policy
from kubecheck.report.document import write_no_verdict
from kubecheck.report.lines import plain
from kubecheck.report.rights import missing_told
from kubecheck.report.snapshot import SnapshotProblem
from kubecheck.survey import RecordProblem, load_record
from kubecheck.survey.record import LAST_RECORD, RECORD

NO_VERDICT = pytest.StashKey[str]()
OF_LIVE_RUNS = (
    "--kubeconfig",
    "--context",
    "--as",
    "--as-group",
    "--node-access",
    "--deadline",
    "--shard",
    "--run",
)
"""The options that say something of the cluster that is asked, or of how; a record is asked nothing."""


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Make the reports folder ready, and send Allure's results there, unless another was named."""
    if is_worker(config):
        # pytest-xdist hands on what was typed, and not what has become of it.
        config.option.allure_report_dir = handed_over(config).get("allure")
        return
    if only_shows(config):
        return
    _must_fit(config)
    folder = _reports(config)
    try:
        _make_ready(folder)
        if not config.option.replay:
            _put_away_record(folder)
        if not config.getoption("allure_report_dir", "nowhere, where there is no Allure"):
            config.option.allure_report_dir = str(_made_empty(folder / "allure-results"))
    except OSError as problem:
        raise pytest.UsageError(
            f"reports cannot be written to {folder}: {problem.strerror};"
            " name another folder with --reports DIR"
        ) from None


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Get to know the cluster; without that there is nothing to run and no verdict."""
    config = session.config
    if is_worker(config) or only_shows(config):
        return
    signal.signal(signal.SIGTERM, _stop)
    try:
        read_given(config)
        with waiting(config, "reading the cluster"):
            config.stash[RUN] = _replay(config) if config.option.replay else _live(config)
    except (PolicyError, ConnectionProblem, RecordProblem, SnapshotProblem) as problem:
        _no_verdict(config, str(problem))
    except KeyboardInterrupt:
        _no_verdict(config, "the run was stopped while it read the cluster")


def pytest_report_header(config: pytest.Config) -> list[str]:
    """What is judged, in two lines; then missing rights, and whether the run's pods could displace others."""
    run = config.stash.get(RUN, None)
    if run is None:
        return []
    facts = run.facts
    where = f"record {config.option.replay}" if run.replayed else facts.server
    return [
        plain(
            f"kubecheck {__version__}: {where}, Kubernetes {facts.server_version}, {len(facts.nodes)} nodes"
        ),
        f"policy: {config.option.policy or run.policy.profile}; run {run.id}",
        *missing_told(facts.missing_rights.found or ()),
        *_displacing_told(run),
    ]


def _displacing_told(run: Run) -> list[str]:
    """A line where pods of this run could displace others; none for a record, whose pods are gone."""
    said = "" if run.replayed or run.no_probes else displacing(run.facts, run.policy)
    if not said:
        return []
    return [plain(f"no peer Deployment is made: {said}" if withheld(run.facts, run.policy) else said)]


@pytest.hookimpl(wrapper=True)
def pytest_unconfigure(config: pytest.Config) -> Generator[None, None, None]:
    """A run that could not begin still ends with its verdict, said once."""
    reason = config.stash.get(NO_VERDICT, None)
    if reason is None:
        return (yield)
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter._keyboardinterrupt_memo = None  # it would tell the exit a second time
    result = yield
    print(f"verdict: {Verdict.NO_VERDICT} ({reason})")
    return result


def _must_fit(config: pytest.Config) -> None:
    """Raise UsageError for options that do not go together."""
    if config.option.replay:
        if typed := [name for name in OF_LIVE_RUNS if _is_typed(config, name)]:
            raise pytest.UsageError(f"--replay judges what its record holds: leave out {', '.join(typed)}")
        return
    if config.option.no_probes and config.option.node_access:
        raise pytest.UsageError("--node-access looks through probe pods: leave it out, or --no-probes")
    if config.option.shard.whole:
        return
    if not config.option.run:
        raise pytest.UsageError("--shard needs --run ID, the same for all shards of a run")
    if is_controller(config):
        raise pytest.UsageError("--shard divides the work already: start more shards, and leave out -n")


def _is_typed(config: pytest.Config, name: str) -> bool:
    """Whether an option stands on the command line; variables are set once for all steps of a CI system."""
    return any(argument.partition("=")[0] == name for argument in config.invocation_params.args)


def _live(config: pytest.Config) -> Run:
    begun, started = time.monotonic(), datetime.now(UTC)
    deadline = Deadline(config.option.deadline)
    policy = load_policy(config.option.policy)
    api = connected(config, deadline)
    run = Run(
        policy=policy,
        facts=discover(api, policy, probes=not config.option.no_probes, shards=not config.option.shard.whole),
        reports=_reports(config),
        api=api,
        node_access=config.option.node_access,
        no_probes=config.option.no_probes,
        started=started,
        shard=config.option.shard,
        id=config.option.run or new_id(),
    )
    run.timings["facts"] = round(time.monotonic() - begun, 2)
    run.start_measuring()
    return run


def connected(config: pytest.Config, deadline: Deadline) -> Api:
    """The cluster that the options name, asked as whom they name. Raises ConnectionProblem."""
    given = config.option
    api = connect(given.kubeconfig, given.context, given.as_user, given.as_group)
    api.deadline = deadline
    return api


def _replay(config: pytest.Config) -> Run:
    record = load_record(Path(config.option.replay))
    policy = load_policy(config.option.policy) if config.option.policy else record.policy
    return Run(
        policy=policy,
        facts=record.facts,
        reports=_reports(config),
        replayed=record,
        no_probes=config.option.no_probes or record.no_probes,
        shard=record.shard,
        id=record.run,
    )


def _reports(config: pytest.Config) -> Path:
    return Path(config.invocation_params.dir, config.option.reports).resolve()


def _make_ready(folder: Path) -> None:
    """Make the folder of the reports, and write there: before a run, not after it, is the time to be told."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=folder) as trial:
        trial.write(b"kubecheck")


def _put_away_record(folder: Path) -> None:
    """Keep an earlier run's record under another name: as record.json it would be taken for this run's."""
    with suppress(FileNotFoundError):
        (folder / RECORD).replace(folder / LAST_RECORD)


def _made_empty(folder: Path) -> Path:
    """Allure's folder; emptied here and not by Allure's own option, which each worker would carry out."""
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        if old.is_file():
            old.unlink()
    return folder


def _no_verdict(config: pytest.Config, reason: str) -> NoReturn:
    reason = plain(" ".join(reason.split()))  # it may quote what a server said
    config.stash[NO_VERDICT] = reason
    write_no_verdict(reason, _reports(config))
    pytest.exit("kubecheck could not begin", returncode=Verdict.NO_VERDICT.exit_code)


def _stop(_signal: int, _frame: FrameType | None) -> NoReturn:
    # Only once: whoever sends SIGTERM again must not break off the cleaning up.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt("terminated")
