"""Who gives the raw answers of a vantage: its probe pod, or a record of an earlier run."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Protocol

from kubecheck.checks.site import Site
from kubecheck.cluster.api import Api
from kubecheck.fleet.exec import run_script
from kubecheck.fleet.requests import carry_out
from kubecheck.fleet.stream import ExecProblem
from kubecheck.outcomes import CannotTell
from kubecheck.probes import Inquiry, Question, Raw
from kubecheck.probes.requests import BROKE_OFF, UNREACHABLE
from kubecheck.probes.script import longest, read_answers, script
from kubecheck.survey.clock import Clock

REQUESTS_AT_ONCE = 8  # for one vantage; the survey asks several vantages at once
REQUEST_SECONDS = 10.0  # for what passes through an API server and a kubelet
PATIENT_SECONDS = 20.0  # for the second try of what was silent that long: a busy cluster is slow, not broken


class Asker(Protocol):
    """Something that answers inquiries for a vantage."""

    def __call__(self, site: Site, inquiries: Sequence[Inquiry]) -> dict[str, Raw]:
        """Raw answers by the inquiry's key; those without one are left out. Raises CannotTell."""


class LiveAsker:
    """Has questions asked by the vantage's probe pod, and carries out all other inquiries itself."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.by_exec = ExecAsker(api)
        self.clock = Clock()

    def __call__(self, site: Site, inquiries: Sequence[Inquiry]) -> dict[str, Raw]:
        """See Asker."""
        questions = [each for each in inquiries if isinstance(each, Question)]
        requests = [each for each in inquiries if not isinstance(each, Question)]
        with self.clock, ThreadPoolExecutor(REQUESTS_AT_ONCE, thread_name_prefix="request") as pool:
            carried_out = pool.map(self._carry_out, requests)
            asked = self.by_exec(site, questions) if questions else {}
            return asked | {each.key: raw for each, raw in zip(requests, carried_out, strict=True)}

    def _carry_out(self, request: Inquiry) -> Raw:
        raw = self._timed(request, REQUEST_SECONDS)
        # Where the API server itself says that it waited in vain, it has waited long enough.
        silent = raw.status in (BROKE_OFF, UNREACHABLE) and raw.seconds >= REQUEST_SECONDS
        if not _may_change(request, raw) and not silent:
            return raw
        return self._timed(request, PATIENT_SECONDS if silent else REQUEST_SECONDS)

    def _timed(self, request: Inquiry, seconds: float) -> Raw:
        begun = time.monotonic()
        raw = carry_out(self.api, request, seconds)
        return replace(raw, idle=round(self.clock.late(begun), 2)) if raw.status else raw


class ExecAsker:
    """Asks by one exec into the vantage's probe pod, and once more for what that did not settle."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def __call__(self, site: Site, questions: Sequence[Question]) -> dict[str, Raw]:
        """Raw answers of questions. A conclusive answer is never asked for again, whatever it says."""
        site.probe.must_run()
        problem = (
            f"what {site.probe.namespace}/{site.probe.name} printed holds no answer: its output was cut off,"
            " or its busybox lacks tar, gzip or base64"
        )
        found: dict[str, Raw] = {}
        for _ in range(2):
            missing = [q for q in questions if q.key not in found or _may_change(q, found[q.key])]
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

    def __call__(self, site: Site, inquiries: Sequence[Inquiry]) -> dict[str, Raw]:
        """See Asker."""
        vantage = str(site.vantage)
        if vantage in self.troubles:
            raise CannotTell(self.troubles[vantage])
        recorded = self.answers.get(vantage, {})
        return {each.key: recorded[each.key] for each in inquiries if each.key in recorded}


def _may_change(inquiry: Inquiry, raw: Raw) -> bool:
    return inquiry.read(raw, "").may_change
