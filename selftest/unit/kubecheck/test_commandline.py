"""kubecheck's options are known where its plugin is asked for, and nowhere else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
OWN_OPTIONS = """
def pytest_addoption(parser):
    for name in ("--kubeconfig", "--context", "--policy", "--replay", "--run", "--reports", "--as"):
        parser.addoption(name)

def pytest_report_header(config):
    return f"own policy: {config.option.policy}"
"""
TELLING = """
def pytest_report_header(config):
    return f"confcutdir: {config.known_args_namespace.confcutdir}"
"""


@pytest.fixture
def typed(tmp_path):
    """Runs pytest in a folder, or another module; answers with its exit code and what it printed."""

    def run(folder, *arguments, module="pytest", **variables):
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}", **variables}
        done = subprocess.run(
            [sys.executable, "-m", module, "-p", "no:cacheprovider", *arguments],
            cwd=folder, env=environment, text=True, timeout=60,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        return done.returncode, done.stdout

    return run


@pytest.fixture
def project(tmp_path):
    """Another project in the same environment, with a passing test."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "test_own.py").write_text("def test_own():\n    pass\n")
    return folder


@pytest.mark.parametrize("where", [".", "tests/dns"])
def test_settings_beside_a_file_that_an_option_names_are_not_pytests(typed, tmp_path, where):
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -k nothing --strict-markers --deadline 1s\n")
    (tmp_path / "named.json").touch()
    code, said = typed(ROOT / where, "--collect-only", "--replay", tmp_path / "named.json")
    assert code == 0, said
    assert f"rootdir: {ROOT}\nconfigfile: pyproject.toml" in said
    assert "test_no_such_name" in said
    assert "deselected" not in said


def test_a_checkout_is_known_by_the_path_of_its_tests_too(typed, tmp_path, project):
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -k nothing\n")
    code, said = typed(project, "--collect-only", "--replay", project / "test_own.py", ROOT / "tests/dns")
    assert code == 0, said
    assert f"rootdir: {ROOT}\n" in said
    assert "deselected" not in said


def test_what_the_environment_adds_to_the_arguments_is_heeded(typed, tmp_path):
    (tmp_path / "named.json").touch()
    added = f"--replay {tmp_path / 'named.json'} -k no_such_name"
    code, said = typed(ROOT, "--collect-only", PYTEST_ADDOPTS=added)
    assert code == 0, said
    assert "configfile: pyproject.toml" in said
    assert "deselected" in said


@pytest.mark.parametrize(("given", "found"), [((), ROOT), (("--confcutdir", "tests"), "tests")])
def test_a_folder_above_which_no_conftest_is_looked_for_may_be_given(typed, tmp_path, given, found):
    (tmp_path / "telling.py").write_text(TELLING)
    named = ("--replay", tmp_path / "telling.py")
    code, said = typed(ROOT, "-p", "telling", "-p", "kubecheck.plugin", "--collect-only", *named, *given)
    assert code == 0, said
    assert f"confcutdir: {found}\n" in said


def test_the_command_reads_no_conftest_but_beside_its_own_checks(typed, tmp_path):
    (tmp_path / "telling.py").write_text(TELLING)
    code, said = typed(tmp_path, "-p", "telling", "--collect-only", module="kubecheck.cli")
    assert code == 0, said
    assert f"confcutdir: {ROOT / 'tests'}\n" in said


def test_the_command_refuses_an_option_whose_value_is_missing(typed, tmp_path):
    code, said = typed(tmp_path, "--reports", module="kubecheck.cli")
    assert code == 4, said
    assert "argument --reports: expected one argument" in said
    assert list(tmp_path.iterdir()) == []


def test_another_project_has_its_own_options_and_no_variable_touches_it(typed, project):
    (project / "conftest.py").write_text(OWN_OPTIONS)
    code, said = typed(project, "--policy", "mine", KUBECHECK_NODE_ACCESS="maybe")
    assert code == 0, said
    assert "own policy: mine" in said


def test_another_project_keeps_its_settings(typed, tmp_path, project):
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (tmp_path / "common").mkdir()
    (project / "pytest.ini").write_text("[pytest]\naddopts = . ../common\n")
    code, said = typed(project)
    assert code == 0, said
    assert f"rootdir: {project}\nconfigfile: pytest.ini" in said


def test_another_project_is_not_green_where_a_cluster_was_named(typed, project):
    code, said = typed(project, "--kubeconfig", "/nope", "--policy", "nope")
    assert code == 4, said
    assert "unrecognized arguments: --kubeconfig --policy" in said


def test_tests_that_judge_no_cluster_are_not_green_where_one_was_named(typed, project):
    for tests in (project, ROOT / "selftest/unit/kubecheck/test_shard.py"):
        code, said = typed(ROOT, tests, "--replay=nope", KUBECHECK_POLICY="nope")
        assert code == 4, said
        assert "these tests judge no cluster: leave out --replay" in said
        assert typed(ROOT, tests, KUBECHECK_POLICY="nope")[0] == 0
