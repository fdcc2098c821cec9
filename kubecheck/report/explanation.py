"""What a check or a kind of cause means, taken apart for whoever shows it: the terminal or a page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kubecheck.checks.check import Check
from kubecheck.checks.vantage import At
from kubecheck.diagnosis.cause import Kind, filled
from kubecheck.report.runbook import LINES

AREAS = {
    "addons": "what runs on top: the CNI, kube-proxy, metrics-server, the dashboard",
    "certs": "certificates, and how nodes come by theirs",
    "controlplane": "API servers, etcd, the leaders, the objects that all depend on",
    "dns": "cluster DNS, as pods see it and as it answers",
    "network": "who reaches whom: nodes, pods and Services",
    "nodes": "the nodes: kubelet, container runtime, disks, clocks",
}

_PLACES = {
    At.API: "once, from what the API server says of the cluster",
    At.EACH_NODE: "for each node, from what the API server says of it",
    At.PODS: "from a pod on every node",
    At.NODES: "from every node itself, on its host network",
    At.KUBECTL: "for each node, on kubectl's way: through the API server and the kubelet",
    At.FLEET: "once, from what became of the objects that the run itself created",
    At.REHEARSAL: "once, from a new node's joining, which the run rehearses",
}


@dataclass(frozen=True)
class Explanation:
    """A check or a kind of cause, explained.

    ``what`` and ``why`` are paragraphs. ``confirm`` are steps that show it by hand; a check has none of
    its own, for its ``remedy`` begins with looking. ``at``, ``runbook`` and ``area`` are a check's only.
    """

    name: str
    title: str
    what: str
    why: tuple[str, ...]
    confirm: tuple[str, ...]
    remedy: tuple[str, ...]
    source: str
    area: str = ""
    at: tuple[str, ...] = ()
    runbook: tuple[str, ...] = ()

    @property
    def own_name(self) -> str:
        """The name within its area; ``-k`` of pytest selects a check by it."""
        return self.name.rpartition(".")[2]

    @property
    def runbook_lines(self) -> tuple[str, ...]:
        """The runbook's lines that it stands for, with their words."""
        return tuple(f"{line}: {LINES[line]}" for line in self.runbook)


def of_check(check: Check) -> Explanation:
    """A check, explained by its own docstring."""
    body, _, source = check.doc.rpartition("Source: ")
    what, *why = _paragraphs(body)
    return Explanation(
        name=check.id,
        title=check.title,
        what=what,
        why=tuple(why),
        confirm=(),
        remedy=check.remedy,
        source=" ".join(source.split()),
        area=check.area,
        at=tuple(words for place, words in _PLACES.items() if place in check.at),
        runbook=check.runbook,
    )


def of_cause(kind: Kind) -> Explanation:
    """A kind of cause, explained without a cluster: placeholders stand in capitals."""
    what, *why = _paragraphs(kind.doc)
    return Explanation(
        name=kind.id,
        title=kind.title,
        what=what,
        why=tuple(why),
        confirm=tuple(filled(step, {}) for step in kind.confirm),
        remedy=tuple(filled(step, {}) for step in kind.remedy),
        source=kind.source,
    )


def explained(checks: Iterable[Check], kinds: Iterable[Kind]) -> list[Explanation]:
    """All checks, then all kinds of cause."""
    return [*map(of_check, checks), *map(of_cause, kinds)]


def by_area(explanations: Iterable[Explanation]) -> dict[str, list[Explanation]]:
    """The checks among ``explanations``, by area."""
    areas: dict[str, list[Explanation]] = {}
    for each in explanations:
        if each.area:
            areas.setdefault(each.area, []).append(each)
    return areas


def _paragraphs(text: str) -> list[str]:
    """Paragraphs, each in one line; at least one."""
    return [" ".join(part.split()) for part in text.strip().split("\n\n")]
