"""A run's end out of results and causes, for every report."""

from datetime import UTC, datetime, timedelta

import pytest

from kubecheck.diagnosis import Cause, Confidence, Diagnosis, Kind
from kubecheck.diagnosis.cause import Finding
from kubecheck.diagnosis.evidence import Symptom
from kubecheck.outcomes import Outcome, verdict_of
from kubecheck.report.document import Ending


def symptom(result):
    kind, _, node = result.vantage.partition(":")
    return Symptom(result.check, kind, node, "", result.outcome, result.message)


@pytest.fixture
def caused():
    """Makes a cause that explains results; what is not named is ordinary."""

    def make(*results, says="CoreDNS does not run", kind_id="dns-not-running", **changes):
        kind = Kind(
            id=kind_id,
            title="CoreDNS does not run",
            confirm=("kubectl get pods",),
            remedy=("kubectl -n kube-system scale deployment {name} --replicas=2",),
            source="https://kubernetes.io/docs/",
            doc="No name resolves.",
            find=lambda evidence: (),
        )
        made = {
            "blames": ("Deployment/kube-system/coredns",),
            "confidence": Confidence.CERTAIN,
            "names": {"name": "coredns"},
            "confirmed": ("it asks for 0 replicas",),
            **changes,
        }
        return Cause(kind, Finding(says=says, explains=frozenset(map(symptom, results)), **made))

    return make


@pytest.fixture
def ended(facts):
    """Makes a run's end out of results and causes; failures that no cause explains stay unexplained."""

    def make(results, causes=(), interrupted=False):
        explained = {each for cause in causes for each in cause.finding.explains}
        failed = [symptom(result) for result in results if result.outcome is Outcome.FAILED]
        left = tuple(each for each in failed if each not in explained)
        return Ending(
            results=list(results),
            verdict=verdict_of(result.outcome for result in results),
            diagnosis=Diagnosis(tuple(causes), left),
            timings={"facts": 1.5, "deploy": 12.25},
            facts=facts,
            run="r1",
            started=datetime.now(UTC) - timedelta(seconds=2),
            interrupted=interrupted,
        )

    return make
