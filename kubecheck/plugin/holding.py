"""Allure's results are held until they can be complete, so that each is written once and not two times.

allure-pytest writes a result as soon as its test is over, and a file for each fixture of each test. What
kubecheck has to tell of a result, the cause among it, is known at the end; and of fixtures that have attached
nothing, and have not failed, there is nothing to tell.
"""

from __future__ import annotations

import contextlib
import pickle
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import allure_commons
import pytest
from allure_commons.logger import AllureFileLogger, AllureMemoryLogger

from kubecheck.plugin.run import is_worker

IN_MEMORY = 2**24  # bytes
HELD = pytest.StashKey["Held"]()


class Held:
    """Stands in for allure-pytest's own logger ``files``.

    A worker's results are written at once: it is another process that completes them.
    """

    def __init__(self, files: AllureFileLogger, *, at_once: bool) -> None:
        self.files = files
        self.at_once = at_once
        # As objects, those of a thousand nodes would take hundreds of MiB. The file has no name.
        self.results = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - until the end of the run

    @allure_commons.hookimpl
    def report_result(self, result: Any) -> None:
        """A test is over."""
        if self.at_once:
            self.files.report_result(result)
        else:
            pickle.dump(result, self.results)

    @allure_commons.hookimpl
    def report_container(self, container: Any) -> None:
        """A fixture is over."""
        steps = (*container.befores, *container.afters)
        if any(each.steps or each.attachments or each.statusDetails for each in steps):
            self.files.report_container(container)

    @allure_commons.hookimpl
    def report_attached_file(self, source: Any, file_name: str) -> None:
        """Something was attached."""
        self.files.report_attached_file(source, file_name)

    @allure_commons.hookimpl
    def report_attached_data(self, body: Any, file_name: str) -> None:
        """Something was attached."""
        self.files.report_attached_data(body, file_name)

    @allure_commons.hookimpl
    def report_globals(self, globals_item: Any) -> None:
        """Something of the whole run."""
        self.files.report_globals(globals_item)

    def taken(self, folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
        """What was held, each with the file that it belongs into; nothing is held afterwards."""
        for result in self._read():
            bodies = AllureMemoryLogger()
            bodies.report_result(result)
            yield folder / result.file_pattern.format(prefix=uuid.uuid4()), bodies.test_cases[0]

    def let_go(self) -> None:
        """Write what nobody took, and leave everything as allure-pytest had it."""
        allure_commons.plugin_manager.unregister(self)
        allure_commons.plugin_manager.register(self.files)
        for result in self._read():
            self.files.report_result(result)
        self.results.close()

    def _read(self) -> Iterator[Any]:
        self.results.seek(0)
        with contextlib.suppress(EOFError):
            while True:
                yield pickle.load(self.results)  # noqa: S301 - this process has just pickled it
        self.results.seek(0)
        self.results.truncate()


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Come between allure-pytest and its files."""
    for plugin in allure_commons.plugin_manager.get_plugins():
        if isinstance(plugin, AllureFileLogger):
            allure_commons.plugin_manager.unregister(plugin)
            held = config.stash[HELD] = Held(plugin, at_once=is_worker(config))
            allure_commons.plugin_manager.register(held)
            config.add_cleanup(held.let_go)
