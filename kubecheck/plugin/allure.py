"""Comes between allure-pytest and its files, so that each result is complete when it is written.

allure-pytest writes a result as soon as its test is over. By then all that kubecheck has to tell of it is
known but its cause, which is added at the end where there is one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import allure_commons
import pytest
from allure_commons.logger import AllureFileLogger, AllureMemoryLogger

from kubecheck.outcomes import CannotTell, NotApplicable
from kubecheck.plugin.judge import JUDGED
from kubecheck.plugin.run import RUN
from kubecheck.report.allure import AllureFolder, is_of
from kubecheck.report.document import Ending

RESULTS = pytest.StashKey["AllureResults"]()
OWN_REASONS = tuple(f"{kind.__module__}.{kind.__qualname__}:" for kind in (CannotTell, NotApplicable))


class AllureResults:
    """Stands in for allure-pytest's own logger ``files``."""

    def __init__(self, files: AllureFileLogger, config: pytest.Config) -> None:
        self.files = files
        self.config = config
        self.folder = AllureFolder(files._report_dir)
        self.problem = ""
        """Why something could not be written; nothing is then, and the run goes on."""

    @allure_commons.hookimpl
    def report_result(self, result: Any) -> None:
        """A test is over."""
        judged = self.config.stash.get(JUDGED, None)
        if judged is None or not is_of(judged, result.fullName, result.parameters):
            self._written(lambda: self.files.report_result(result))  # no check, or stopped before its end
            return
        bodies = AllureMemoryLogger()
        bodies.report_result(result)
        run = self.config.stash[RUN]
        self._written(
            lambda: self.folder.write(bodies.test_cases[0], judged, run.id, run.raws(judged.vantage))
        )

    @allure_commons.hookimpl
    def report_container(self, container: Any) -> None:
        """A fixture is over; of most there is nothing to tell."""
        if any(_is_told(step) for step in (*container.befores, *container.afters)):
            self._written(lambda: self.files.report_container(container))

    @allure_commons.hookimpl
    def report_attached_file(self, source: Any, file_name: str) -> None:
        """Something was attached."""
        self._written(lambda: self.files.report_attached_file(source, file_name))

    @allure_commons.hookimpl
    def report_attached_data(self, body: Any, file_name: str) -> None:
        """Something was attached."""
        self._written(lambda: self.files.report_attached_data(body, file_name))

    @allure_commons.hookimpl
    def report_globals(self, globals_item: Any) -> None:
        """Something of the whole run."""
        self._written(lambda: self.files.report_globals(globals_item))

    def finish(self, ending: Ending) -> None:
        """Add what is known at the end only."""
        self._written(lambda: self.folder.finish(ending))

    def let_go(self) -> None:
        """Leave everything as allure-pytest had it."""
        allure_commons.plugin_manager.unregister(self)
        allure_commons.plugin_manager.register(self.files)

    def _written(self, write: Callable[[], None]) -> None:
        if self.problem:
            return
        try:
            write()
        except OSError as problem:
            self.problem = str(problem)


def _is_told(fixture: Any) -> bool:
    """Whether there is more to tell than that it went well. Why a check got no answer, its result tells."""
    details = fixture.statusDetails
    failed = details is not None and not (details.message or "").startswith(OWN_REASONS)
    return bool(fixture.steps or fixture.attachments or failed)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Come between allure-pytest and its files."""
    for plugin in allure_commons.plugin_manager.get_plugins():
        if isinstance(plugin, AllureFileLogger):
            allure_commons.plugin_manager.unregister(plugin)
            results = config.stash[RESULTS] = AllureResults(plugin, config)
            allure_commons.plugin_manager.register(results)
            config.add_cleanup(results.let_go)
