"""``kubecheck clean``: what it takes away, what it spares, what it says."""

from datetime import UTC, datetime

import pytest

from kubecheck.commands.clean import clean

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
PAST, FUTURE = "2026-01-01T11:00:00+00:00", "2026-01-01T13:00:00+00:00"
NAMESPACES, REQUESTS = "/api/v1/namespaces", "/apis/certificates.k8s.io/v1/certificatesigningrequests"


def thing(name, run, deadline=None, deleting=False):
    metadata = {"name": name, "labels": {"kubecheck.dev/run": run}}
    metadata |= {"annotations": {"kubecheck.dev/deadline": deadline}} if deadline else {}
    return {"metadata": metadata | ({"deletionTimestamp": PAST} if deleting else {})}


class Cluster:
    """Lists what a test has put there, and forgets what is deleted."""

    def __init__(self, namespaces=(), requests=()):
        self.there = {NAMESPACES: list(namespaces), REQUESTS: list(requests)}
        self.deleted = []

    def items(self, path, **_selectors):
        return self.there[path]

    def get(self, path, labelSelector):  # noqa: N803 - as the API calls it
        run = labelSelector.partition("=")[2]
        left = [each for each in self.there[path] if each["metadata"]["labels"]["kubecheck.dev/run"] == run]
        return {"items": left, "metadata": {"resourceVersion": "1"}}

    def delete(self, path, **_options):
        folder, _, name = path.rpartition("/")
        self.deleted.append(name)
        self.there[folder] = [each for each in self.there[folder] if each["metadata"]["name"] != name]


def test_what_is_past_its_deadline_goes_and_a_run_under_way_stays(capsys):
    cluster = Cluster(
        [thing("old", "r1", PAST), thing("old-peer", "r1", PAST), thing("new", "r2", FUTURE)],
        [thing("csr-old", "r1"), thing("csr-new", "r2"), thing("csr-orphan", "r0")],
    )
    assert clean(cluster, NOW, everything=False) == 0
    assert cluster.deleted == ["old", "old-peer", "csr-old", "csr-orphan"]
    assert (
        "run r2 may be under way until 2026-01-01 13:00 UTC: --all removes it too" in capsys.readouterr().out
    )


def test_all_is_all():
    cluster = Cluster([thing("old", "r1", PAST), thing("new", "r2", FUTURE)], [thing("csr-new", "r2")])
    assert clean(cluster, NOW, everything=True) == 0
    assert cluster.deleted == ["old", "new", "csr-new"]


@pytest.mark.parametrize("deadline", [None, "soon", "2026-01-01T11:00:00"])
def test_a_namespace_without_a_deadline_of_ours_is_left_alone_and_told(deadline, capsys):
    cluster = Cluster([thing("theirs", "r1", deadline)])
    assert clean(cluster, NOW, everything=False) == 0
    assert cluster.deleted == []
    told = "namespace theirs carries kubecheck's label and no deadline: --all removes it too\n"
    assert capsys.readouterr().out == told


def test_nothing_left_is_said(capsys):
    assert clean(Cluster(), NOW, everything=False) == 0
    assert capsys.readouterr().out == "nothing of kubecheck's is left in the cluster\n"


def test_what_does_not_go_is_told_with_its_reason(capsys, monkeypatch):
    monkeypatch.setattr("kubecheck.commands.clean.PATIENCE", 0.0)
    stuck = thing("old", "r1", PAST, deleting=True)
    stuck["status"] = {"conditions": [{"status": "True", "message": "a finalizer holds it"}]}
    assert clean(Cluster([stuck]), NOW, everything=False) == 1
    assert "namespace old still stands: a finalizer holds it" in capsys.readouterr().err
