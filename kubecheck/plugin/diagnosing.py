"""Diagnosing at the end of a run, while its probe pods still stand to be asked."""

from __future__ import annotations

import time
from dataclasses import replace

from kubecheck.checks import CannotTell, Site, Vantage
from kubecheck.diagnosis import Diagnosis, Evidence, diagnose
from kubecheck.diagnosis.catalogue import all_kinds
from kubecheck.outcomes import Outcome
from kubecheck.plugin.run import Run
from kubecheck.probes import Answer, Question

SECONDS = 30.0  # for all further questions together; each by itself is limited too


def diagnosed(run: Run) -> Diagnosis:
    """What explains what went wrong in ``run``; answers to further questions become part of its record."""
    if not any(result.outcome in (Outcome.FAILED, Outcome.UNKNOWN) for result in run.results):
        return Diagnosis()
    standing = run.standing_if_any()
    ends = time.monotonic() + run.deadline.within(SECONDS)

    def ask(vantage: Vantage, question: Question) -> Answer | CannotTell:
        if standing is None:
            return CannotTell("this run put no probe pods there")
        site = Site(vantage, run.facts, run.policy, standing)
        known = run.answers.get(str(vantage), {}).get(question.key)
        if known is not None:
            return question.read(known, site.origin)
        if time.monotonic() > ends:
            return CannotTell("the time for further questions is over")
        try:
            raw = run.asker()(site, [question]).get(question.key)
        except CannotTell as trouble:
            return trouble
        if raw is None:
            return CannotTell(f"asked {question.key} from {site.origin}, and no answer came back")
        run.answers.setdefault(str(vantage), {})[question.key] = raw
        return question.read(raw, site.origin)

    return diagnose(Evidence(run.results, run.facts, run.policy, standing, ask), all_kinds())


def undiagnosed(run: Run) -> Diagnosis:
    """The failures of a run that was stopped: no cause was looked for, and none of them is explained."""

    def ask(*_: object) -> CannotTell:
        return CannotTell("the run was stopped")

    evidence = Evidence(run.results, run.facts, run.policy, run.standing_if_any(), ask)
    return replace(diagnose(evidence, ()), looked_for=False)
