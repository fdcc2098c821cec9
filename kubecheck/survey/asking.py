"""Who gives the raw answers of a vantage: its probe pod, or a record of an earlier run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from kubecheck.checks.site import Site
from kubecheck.cluster.api import Api
from kubecheck.fleet.exec import ExecProblem, run_script
from kubecheck.outcomes import CannotTell
from kubecheck.probes import Question, Raw
from kubecheck.probes.script import longest, read_answers, script


class Asker(Protocol):
    """Something that answers questions for a vantage."""

    def __call__(self, site: Site, questions: Sequence[Question]) -> dict[str, Raw]:
        """Raw answers by question key; questions without one are left out. Raises CannotTell."""


class ExecAsker:
    """Asks by one exec into the vantage's probe pod, and once more for what that did not settle."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def __call__(self, site: Site, questions: Sequence[Question]) -> dict[str, Raw]:
        """See Asker. A conclusive answer is never asked for again, whatever it says."""
        site.probe.must_run()
        problem = "the probe pod's output ended before its answer"
        found: dict[str, Raw] = {}
        for _ in range(2):
            missing = [q for q in questions if q.key not in found or not _conclusive(q, found[q.key])]
            if not missing:
                break
            try:
                found |= self._exec(site, missing)
            except ExecProblem as trouble:
                problem = str(trouble)
        if not found and questions:
            raise CannotTell(problem)
        return found

    def _exec(self, site: Site, questions: Sequence[Question]) -> dict[str, Raw]:
        timing = site.policy.timing
        output = run_script(
            self.api,
            site.probe.namespace,
            site.probe.name,
            script(questions, timing.question, timing.settling),
            longest(questions, timing.question, timing.settling),
        )
        return read_answers(output, questions)


class RecordAsker:
    """Answers from a record: the raw answers and the troubles of each vantage."""

    def __init__(self, answers: Mapping[str, Mapping[str, Raw]], troubles: Mapping[str, str]) -> None:
        self.answers = answers
        self.troubles = troubles

    def __call__(self, site: Site, questions: Sequence[Question]) -> dict[str, Raw]:
        """See Asker."""
        vantage = str(site.vantage)
        if vantage in self.troubles:
            raise CannotTell(self.troubles[vantage])
        recorded = self.answers.get(vantage, {})
        return {q.key: recorded[q.key] for q in questions if q.key in recorded}


def _conclusive(question: Question, raw: Raw) -> bool:
    return question.read(raw, "").conclusive
