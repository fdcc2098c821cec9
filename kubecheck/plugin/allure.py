"""Comes between pytest and allure-pytest, and between allure-pytest and its files.

allure-pytest looks at each test and at each of its fixtures, and takes longer over a check than all judging
does. Whatever there is to tell of a check, its result tells; so allure-pytest notes only what the check is,
and that once for all nodes.

It writes a result as soon as its test is over. By then all that kubecheck has to tell of it is known but its
cause, which is added at the end where there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import allure_commons
import pytest
from allure_commons.logger import AllureFileLogger, AllureMemoryLogger
from allure_commons.model2 import Label, Link, Parameter, TestResult
from allure_commons.types import AttachmentType, LabelType
from allure_commons.utils import md5, now, platform_label, represent, thread_tag
from allure_pytest import utils
from allure_pytest.listener import AllureListener

from kubecheck.outcomes import CannotTell
from kubecheck.plugin.judge import JUDGED
from kubecheck.plugin.run import RUN, check_of
from kubecheck.report.allure import AllureFolder
from kubecheck.report.document import Ending

RESULTS = pytest.StashKey["AllureResults"]()
LISTENER = "allure_listener"  # allure-pytest's name for it
Hook = Generator[None, Any, None]


class CheckListener(AllureListener):  # type: ignore[misc]
    """allure-pytest's own listener, which is quick with checks.

    What else runs beside them, and what anybody attaches, it takes as it always does.
    """

    def __init__(self, config: pytest.Config) -> None:
        super().__init__(config)
        self._of_check: dict[Any, dict[str, Any]] = {}

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Hook:
        """Note what a check is."""
        if check_of(item) is None:
            yield from super().pytest_runtest_setup(item)
            return
        test = self._test(item)
        function = item.function  # type: ignore[attr-defined]
        if function not in self._of_check:
            self._of_check[function] = _of_all_nodes(item)
        for name, value in self._of_check[function].items():
            setattr(test, name, list(value) if isinstance(value, list) else value)
        params = item.callspec.params if hasattr(item, "callspec") else {}
        test.parameters = [Parameter(name=name, value=represent(value)) for name, value in params.items()]
        test.historyId = utils.get_history_id(test.fullName, test.parameters, original_values=params)
        yield

    def _test(self, item: pytest.Item) -> TestResult:
        """The result that has been begun for an item; its name tells ``AllureResults`` of which."""
        uuid = self._cache.get(item.nodeid)
        if uuid is None:  # it is run once more
            uuid = self._cache.push(item.nodeid)
            self.allure_logger.schedule_test(uuid, TestResult(uuid=uuid, start=now()))
        test: TestResult = self.allure_logger.get_test(uuid)
        test.name = item.nodeid
        return test

    @pytest.hookimpl(hookwrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Hook:
        """A check's fixtures are not told by themselves."""
        if check_of(request.node) is None:
            yield from super().pytest_fixture_setup(fixturedef, request)
        else:
            yield

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Hook:
        """A check begins when its fixtures have what it judges."""
        if check_of(item) is None:
            yield from super().pytest_runtest_call(item)
        else:
            self._test(item).start = now()
            yield

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Hook:
        """Everything is known of a check by then."""
        if check_of(item) is None:
            yield from super().pytest_runtest_teardown(item)
        else:
            yield

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Hook:
        """A judgement tells the status. Attached are where a mistake was made, and what was printed."""
        if check_of(item) is None or call.when == "teardown":
            yield from super().pytest_runtest_makereport(item, call)
            return
        report = (yield).get_result()
        error = call.excinfo.value if call.excinfo else None
        if isinstance(error, Exception) and not isinstance(error, AssertionError | CannotTell):
            self.attach_data(report.longreprtext, "traceback", AttachmentType.TEXT, None)


def _of_all_nodes(item: pytest.Item) -> dict[str, Any]:
    """What an item's result has in common with those of the same function on other nodes."""
    name = utils.allure_full_name(item)
    labels = [
        *utils.allure_labels(item),
        *((LabelType.TAG, marker) for marker in utils.pytest_markers(item)),
        (LabelType.THREAD, thread_tag()),
        (LabelType.FRAMEWORK, "pytest"),
        (LabelType.LANGUAGE, platform_label()),
        ("package", utils.allure_package(item)),
    ]
    return {
        "fullName": name,
        "titlePath": utils.allure_title_path(item),
        "testCaseId": md5(name),
        "description": utils.allure_description(item),
        "descriptionHtml": utils.allure_description_html(item),
        "labels": [Label(name=name, value=value) for name, value in labels],
        "links": [Link(kind, url, name) for kind, url, name in utils.allure_links(item)],
    }


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
        if judged is None or judged.nodeid != result.name:
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

    def _written(self, write: Callable[[], None]) -> None:
        if self.problem:
            return
        try:
            write()
        except OSError as problem:
            self.problem = str(problem)


def _is_told(fixture: Any) -> bool:
    """Whether there is more to tell than that it went well."""
    return bool(fixture.steps or fixture.attachments or fixture.statusDetails)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Come between, where allure-pytest is there."""
    listener = config.pluginmanager.get_plugin(LISTENER)
    if listener is None:
        return
    checks = CheckListener(config)
    config.pluginmanager.unregister(listener)
    config.pluginmanager.register(checks, LISTENER)
    _replace(listener, checks, config)
    for plugin in allure_commons.plugin_manager.get_plugins():
        if isinstance(plugin, AllureFileLogger):
            results = config.stash[RESULTS] = AllureResults(plugin, config)
            _replace(plugin, results, config)


def _replace(theirs: Any, ours: Any, config: pytest.Config) -> None:
    """Let ``ours`` hear what Allure tells, in place of ``theirs``, until the end."""

    def let_go() -> None:
        allure_commons.plugin_manager.unregister(ours)
        allure_commons.plugin_manager.register(theirs)  # whose own end takes it away

    allure_commons.plugin_manager.unregister(theirs)
    allure_commons.plugin_manager.register(ours)
    config.add_cleanup(let_go)
