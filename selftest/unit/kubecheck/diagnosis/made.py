"""Runs made up for diagnoses: what failed where, in a cluster of which some facts are known."""

from dataclasses import replace

from kubecheck.checks import CannotTell, Policy
from kubecheck.cluster.reading import Reading
from kubecheck.diagnosis import Evidence, diagnose
from kubecheck.diagnosis.catalogue import all_kinds
from kubecheck.outcomes import Outcome, Result, Target
from kubecheck.probes import Raw


def judged(check, vantage, outcome, message="", targets=()):
    """One result; ``targets`` are names of bad targets, or Targets."""
    made = tuple(each if isinstance(each, Target) else Target(each, outcome) for each in targets)
    return Result(check, check, vantage, outcome, message, (), (), 0.1, f"{check}[{vantage}]", made)


def failed(check, vantage="api", message="", targets=()):
    return judged(check, vantage, Outcome.FAILED, message, targets)


def unknown(check, vantage="api", message="", targets=()):
    return judged(check, vantage, Outcome.UNKNOWN, message, targets)


def passed(check, vantage="api", targets=()):
    return judged(check, vantage, Outcome.PASSED, "", targets)


def told(**targets):
    """The message of a check that names its targets."""
    bad = {name.replace("__", "/").replace("_", "-"): text for name, text in targets.items()}
    return f"{len(bad)} of 9 fail: {', '.join(bad)}\n" + "\n".join(f"{n}: {t}" for n, t in bad.items())


def evidence(results, facts, *, policy=None, standing=None, answers=None, **known):
    """Evidence in which ``known`` are facts that could be read, and ``answers`` what further questions get.

    Answers are (status, output) by vantage and question's key.
    """
    readings = {
        name: value
        if isinstance(value, Reading) or name in ("nodes", "kubelets", "server")
        else Reading(value)
        for name, value in known.items()
    }

    def ask(vantage, question):
        found = (answers or {}).get((str(vantage), question.key))
        if found is None:
            return CannotTell("nobody was asked")
        status, output = found
        return question.read(Raw(status, output.encode(), 0.1), str(vantage))

    return Evidence(tuple(results), replace(facts, **readings), policy or Policy(), standing, ask)


def causes(made):
    """Ids and blamed objects of the causes that are told, the heaviest first."""
    return [(each.kind.id, each.finding.blames) for each in diagnose(made, all_kinds()).causes]


def unexplained(made):
    """What is left, as check@vantage."""
    return {f"{s.check}@{s.vantage}" for s in diagnose(made, all_kinds()).unexplained}
