"""Tracebacks tell where something went wrong, and keep values to themselves: they may be credentials.

pytest prints the arguments of functions in every long traceback, and all variables with --showlocals.
Whatever talks to the cluster has tokens and keys among them. A check's own frames have none, and keep
their values.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from _pytest._code.code import ExceptionChainRepr, ReprEntry

from kubecheck.checks.catalogue import suites


def without_values(told: Any) -> None:
    """Take the values of all frames but the checks' own out of ``told``, a traceback as pytest prints it.

    What is told in another form than frame by frame shows no values.
    """
    if not isinstance(told, ExceptionChainRepr):
        return
    checks = suites().resolve()
    for traceback, _, _ in told.chain:
        for entry in traceback.reprentries:
            if isinstance(entry, ReprEntry) and not _lies_in(checks, entry):
                entry.reprfuncargs = None
                entry.reprlocals = None


@pytest.hookimpl(tryfirst=True)
def pytest_internalerror(excrepr: Any) -> None:
    """Before the terminal prints it, or a worker sends it to the controller."""
    without_values(excrepr)


@pytest.hookimpl(tryfirst=True)
def pytest_keyboard_interrupt(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """Leave out the frames that stopped at an instruction of no line.

    A signal may arrive there. Python then tells None for the line, and pytest, which calculates with it,
    would end with a traceback of its own and without an exit code for the interruption.
    """
    excinfo.traceback = excinfo.traceback.filter(lambda entry: entry._rawentry.tb_lineno is not None)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """With --full-trace the terminal prints where an interrupted run was."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    without_values(getattr(reporter, "_keyboardinterrupt_memo", None))


def _lies_in(folder: Path, entry: ReprEntry) -> bool:
    place = entry.reprfileloc
    return place is not None and Path(place.path).resolve().is_relative_to(folder)
