"""The end: clean up, find the verdict, write the reports, say it, set the exit code."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator
from contextlib import suppress
from datetime import datetime
from typing import Any

import pytest

from kubecheck.cluster.api import ApiError
from kubecheck.cluster.deadline import Deadline
from kubecheck.diagnosis import Diagnosis
from kubecheck.outcomes import Result, Verdict, verdict_of
from kubecheck.output import report_written
from kubecheck.plugin.diagnosing import diagnosed, undiagnosed
from kubecheck.plugin.judge import result_in
from kubecheck.plugin.progress import waiting
from kubecheck.plugin.run import RUN, Run, is_worker
from kubecheck.plugin.since import with_comparison
from kubecheck.plugin.workers import HANDOVER
from kubecheck.report.document import Ending, write_reports
from kubecheck.report.runbook import WORST
from kubecheck.report.terminal import tell
from kubecheck.survey import Record, save_record
from kubecheck.survey.record import LAST_RECORD, RECORD

REMOVE = 15.0  # seconds to ask for the removal of what the run has created, however many requests that takes
CONFIRM = 60.0  # and to wait until the run's namespaces are really gone
GATHERING = pytest.StashKey["Gathering"]()
ENDING = pytest.StashKey[Ending]()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, None, None]:
    """Before the terminal's summary: verdict and reports. After it: the last line, and confirm."""
    config = session.config
    run = config.stash.get(RUN, None)
    if run is None or is_worker(config):
        return (yield)
    try:
        gathering = config.stash[GATHERING]
        run.measured(wait=False)  # for the record, where no check has waited for it
        run.note_survey(run.survey_seconds())
        run.note_judging()
        if session.exitstatus == pytest.ExitCode.INTERRUPTED and (session.shouldfail or session.shouldstop):
            # So -x ends under pytest-xdist, and --stepwise everywhere: by itself, and nobody is kept waiting.
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        broken_off = session.exitstatus in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR)
        # Counted too: pytest's exit code tells nothing where a hook of its own failed while it stopped.
        interrupted = broken_off or len(gathering.finished) < session.testscollected
        try:
            # Who wants to stop is not kept waiting for answers.
            diagnosis = undiagnosed(run) if broken_off else _diagnose(config, run)
        finally:
            removal = _remove(run, patient=not broken_off)
        verdict = _verdict(run, interrupted=interrupted)
        if session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            pytest_code = 1 if gathering.others_failed else None
        else:
            pytest_code = int(session.exitstatus)
        recorded = datetime.fromisoformat(run.replayed.started) if run.replayed else None
        ending = Ending(
            run.results,
            verdict,
            diagnosis,
            dict(run.timings),
            run.facts,
            run.id,
            run.started,
            interrupted,
            policy=run.policy,
            recorded=recorded,
            fleet_problem=_fleet_problem(run),
            pytest_code=pytest_code,
            read_only=run.no_probes,
            shard=run.shard,
            requests=run.requests,
        )
        ending = with_comparison(config, ending, run.reports)
        _write(run, ending)
        config.stash[ENDING] = ending
        session.exitstatus = ending.exit_code
    finally:
        if HANDOVER in config.stash:
            config.stash[HANDOVER].close()
    result = yield
    if run.fleet is not None and run.fleet.left_to:
        print(run.fleet.left_to)
    print(ending.last_line(), flush=True)
    # The verdict stays the last line of whatever keeps the output.
    with waiting(config, "waiting until the run's namespaces are gone", only_live=True):
        problem = removal or _remove_late(run) or _confirm(run)
    if problem:
        print(problem, file=sys.stderr)
    for defect in diagnosis.defects:
        print(
            f"kubecheck has a defect, please report it: a cause was not looked for: {defect}", file=sys.stderr
        )
    return result


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> Generator[None, None, None]:
    """Tell failures in kubecheck's own words, grouped, in place of pytest's one section for each."""
    ending = config.stash.get(ENDING, None)
    if ending is None:
        return (yield)
    stats = terminalreporter.stats
    ours = {key: [r for r in stats[key] if result_in(r)] for key in ("failed", "error") if key in stats}
    for key in ours:
        stats[key] = [r for r in stats[key] if not result_in(r)]
    try:
        result = yield
    finally:
        for key, reports in ours.items():
            stats.setdefault(key, []).extend(reports)
    if terminalreporter.verbosity > -2:
        tell(
            ending,
            terminalreporter,
            config.stash[RUN].reports,
            width=terminalreporter._tw.fullwidth if terminalreporter.isatty else 0,
            everything=terminalreporter.verbosity > 0,
        )
    return result


class Gathering:
    """Gathers the judgements of all processes, in the one that reports."""

    def __init__(self, run: Run, stats: dict[str, list[Any]]) -> None:
        self.run = run
        self.stats = stats
        self.others_failed = False
        """Whether a test that is no check failed."""
        self.finished: set[str] = set()
        """Which of the collected items came to their end."""
        self.places: dict[str, int] = {}
        """Where among the results each item's is."""

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Count, once where several processes run the item."""
        self.finished.add(nodeid)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None, Any, Any]:
        """Keep what makereport put there, once: pytest keeps the report too."""
        found = result_in(report)
        if found:
            self._keep(found)
            report.kubecheck = found  # type: ignore[attr-defined]
        elif report.failed:
            self.others_failed = True
        told = yield
        if found is None and report.passed:
            # The terminal counts no set-up and no tear-down that went well, and keeps them all the same.
            self.stats.pop("", None)
        return told

    def _keep(self, found: Result) -> None:
        """Keep one result of each item: the worse, where processes judge the same or its end fails too."""
        results = self.run.results
        place = self.places.setdefault(found.nodeid, len(results))
        if place == len(results):
            results.append(found)
        elif WORST.index(found.outcome) < WORST.index(results[place].outcome):
            results[place] = found


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """In the process that reports: begin to gather."""
    run = session.config.stash.get(RUN, None)
    if run is not None and not is_worker(session.config):
        terminal = session.config.pluginmanager.get_plugin("terminalreporter")
        gathering = Gathering(run, terminal.stats if terminal else {})
        session.config.stash[GATHERING] = gathering
        session.config.pluginmanager.register(gathering, "kubecheck-gathering")


def _diagnose(config: pytest.Config, run: Run) -> Diagnosis:
    begun = time.monotonic()
    with waiting(config, "diagnosing"):
        diagnosis = diagnosed(run)
    if diagnosis.causes or diagnosis.unexplained:
        run.timings["diagnose"] = round(time.monotonic() - begun, 2)
    return diagnosis


def _verdict(run: Run, *, interrupted: bool) -> Verdict:
    verdict = verdict_of(result.outcome for result in run.results)
    return Verdict.UNDECIDED if interrupted and verdict is Verdict.READY else verdict


def _write(run: Run, ending: Ending) -> None:
    with suppress(OSError):  # it was there when the run began; what is missing now is told by each file
        run.reports.mkdir(parents=True, exist_ok=True)
    if run.replayed is None:  # else the record it came from stays the record of that run
        _save(run, ending)  # first: out of it everything else can be made again
    write_reports(ending, run.reports)


def _save(run: Run, ending: Ending) -> None:
    answers, troubles = run.gathered()
    record = Record(
        run.id,
        run.started.isoformat(),
        run.policy,
        run.facts,
        run.standing_if_any(),
        ending.fleet_problem,
        answers,
        troubles,
        run.no_probes,
        run.shard,
    )
    if report_written(run.reports / RECORD, lambda: save_record(record, run.reports / RECORD)):
        with suppress(OSError):  # an earlier one is in nobody's way
            (run.reports / LAST_RECORD).unlink(missing_ok=True)


def _fleet_problem(run: Run) -> str:
    """Why there are no probe pods; empty where they stand, or none were needed."""
    if run.replayed is not None:
        return run.replayed.fleet_problem
    future = run.standing_future
    return str(future.exception() or "") if future and future.done() else ""


def _remove_late(run: Run) -> str:
    """Wait for shards that have not come; where they do not, remove what was left for them."""
    if run.fleet is None or run.fleet.sharing is None or not run.fleet.unclaimed:
        return ""
    with suppress(KeyboardInterrupt):  # who stops it now wants them gone now
        time.sleep(run.fleet.sharing.awaited)
    return _remove(run, patient=False)


def _remove(run: Run, *, patient: bool = True) -> str:
    if run.fleet is None:
        return ""
    run.fleet.api.deadline = Deadline(REMOVE)  # whatever is left of the run's own
    try:
        run.fleet.remove(patient=patient)
    except ApiError as problem:
        return f"kubecheck could not ask for the removal of all that it made: {problem}. {_by_hand(run)}"
    return ""


def _confirm(run: Run) -> str:
    if run.fleet is None:
        return ""
    run.fleet.api.deadline = Deadline(CONFIRM)
    begun = time.monotonic()
    try:
        left = run.fleet.left(CONFIRM)
    except ApiError as problem:
        return f"kubecheck could not see whether its namespaces are gone: {problem}. {_by_hand(run)}"
    run.timings["clean up"] = round(time.monotonic() - begun, 2)
    if not left:
        return ""
    reasons = "; ".join(sorted(set(left.values())))
    took = run.timings["clean up"]
    return f"still there after {took:.0f} s: namespaces {', '.join(left)} ({reasons}). {_by_hand(run)}"


def _by_hand(run: Run) -> str:
    return f"By hand: kubectl delete namespaces,certificatesigningrequests -l kubecheck.dev/run={run.id}"
