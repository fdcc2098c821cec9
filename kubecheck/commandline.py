"""The command line: kubecheck's options among pytest's, and pytest's settings found in spite of them."""

from __future__ import annotations

import copy
import os
import shlex
from typing import NoReturn

import pytest
from _pytest.config.findpaths import determine_setup

from kubecheck.environment import Environment
from kubecheck.options import declare

GROUP = "kubecheck"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add kubecheck's options; each may stand in the environment instead."""
    declare(Environment(parser.getgroup(GROUP, "kubecheck: the cluster to judge").addoption, _refuse))


def _refuse(text: str) -> NoReturn:
    raise pytest.UsageError(text)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> None:
    """Find pytest's own settings again, now that the options' values are known as such.

    pytest looks for its settings before any plugin is loaded. In ``pytest --kubeconfig
    ~/.kube/config`` it then takes the kubeconfig for a path to tests, and ~/.kube for the root of
    the project. There is no public way to look again; these are the steps of Config.parse, from
    the arguments as they were typed: nothing is kept of settings that were not to be found.
    """
    typed = [
        *shlex.split(os.environ.get("PYTEST_ADDOPTS", "")),
        *map(os.fspath, early_config.invocation_params.args),
    ]
    given = parser.parse_known_args(typed, namespace=copy.copy(early_config.option))
    root, inipath, settings, ignored = determine_setup(
        inifile=given.inifilename,
        override_ini=given.override_ini,
        args=given.file_or_dir,
        rootdir_cmd_arg=given.rootdir or None,
        invocation_dir=early_config.invocation_params.dir,
    )
    if (root, inipath) == (early_config.rootpath, early_config.inipath):
        return
    early_config._unconfigure_python_path()
    early_config._rootpath = root
    early_config._inipath = inipath
    early_config._inicfg = settings
    early_config._ignored_config_files = ignored
    early_config._inicache.clear()
    parser.extra_info.update(rootdir=str(root), inifile=str(inipath))
    early_config._configure_python_path()
    args[:] = [*early_config.getini("addopts"), *typed]
    early_config.known_args_namespace = given = parser.parse_known_args(
        args, namespace=copy.copy(early_config.option)
    )
    if given.confcutdir is None:
        given.confcutdir = str(inipath.parent if inipath else root)


def pytest_configure(config: pytest.Config) -> None:
    """Refuse options that nobody would heed: tests outside ``tests`` judge no cluster."""
    if config.pluginmanager.hasplugin("kubecheck.plugin"):
        return
    ours = {name for option in config._parser.getgroup(GROUP).options for name in option.names()}
    typed = {str(argument).partition("=")[0] for argument in config.invocation_params.args}
    if unheeded := sorted(ours & typed):
        raise pytest.UsageError(f"these tests judge no cluster: leave out {', '.join(unheeded)}")
