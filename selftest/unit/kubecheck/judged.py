"""A run judged in this process, from facts and answers, without pytest."""

from __future__ import annotations

import importlib
import inspect

from kubecheck.checks import CannotTell, NotApplicable
from kubecheck.checks.catalogue import suites
from kubecheck.checks.check import declared
from kubecheck.checks.judging import own_words
from kubecheck.checks.site import Site
from kubecheck.outcomes import Outcome, Result
from kubecheck.plugin.targets import targets_of
from kubecheck.survey.survey import _answers, _asked


def all_checks():
    """The function of every check."""
    paths = sorted(suites().glob("*/test_*.py"))
    modules = [importlib.import_module(f"tests.{path.parent.name}.{path.stem}") for path in paths]
    return [each for module in modules for each in vars(module).values() if declared(each)]


def judged(function, site, answers):
    """The result of a check at ``site``. What it may not raise comes through.

    ``answers`` are raw answers by question key.
    """
    check = declared(function)
    found = _answers(_asked(check, site), answers, site) if check.asks else {}
    outcome, message, error = Outcome.PASSED, "", None
    try:
        if isinstance(found, Exception):
            raise found
        function(**{name: _given(name, site, found) for name in inspect.signature(function).parameters})
    except AssertionError as problem:
        outcome, message, error = Outcome.FAILED, own_words(problem), problem
    except CannotTell as problem:
        outcome, message, error = Outcome.UNKNOWN, str(problem), problem
    except NotApplicable as problem:
        outcome, message, error = Outcome.NOT_APPLICABLE, str(problem), problem
    return Result(
        check.id, check.title, str(site.vantage), outcome, message, check.runbook, check.remedy, 0.1,
        f"tests/{check.id}[{site.vantage}]", targets_of(found, outcome, error),
    )  # fmt: skip


def _given(name, site, found):
    values = {
        "facts": lambda: site.facts,
        "measured": lambda: site.facts,
        "policy": lambda: site.policy,
        "fleet": lambda: site.fleet,
        "vantage": lambda: site.vantage,
        "node": lambda: site.node,
        "probe": lambda: site.probe,
        "answer": lambda: _told(found),
        "answers": lambda: _told(found),
    }
    return values[name]()


def _told(found):
    if isinstance(found, CannotTell):
        raise found
    return found


def sites(function, facts, policy, standing):
    """The sites at which a check is judged."""
    return [Site(vantage, facts, policy, standing) for vantage in declared(function).at.vantages(facts)]
