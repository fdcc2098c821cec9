"""What a diagnosis rests on: each thing that went wrong, the facts, and questions asked at once."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property

from kubecheck.checks.judging import said_of
from kubecheck.checks.vantage import Vantage
from kubecheck.cluster.facts import Facts
from kubecheck.diagnosis.owners import NOBODY, Owner, node_ports, owners
from kubecheck.fleet.standing import Standing
from kubecheck.outcomes import CannotTell, Outcome, Result, Target
from kubecheck.policy import Policy
from kubecheck.probes import Answer, Question

Ask = Callable[[Vantage, Question], Answer | CannotTell]

ANSWERED = (
    "network.node_to_node*",
    "network.pod_to_node*",
    "network.no_packet_loss",
    "network.pod_to_pod*",
    "network.node_to_pod",
    "network.large_transfer",
    "network.source_address_is_kept",
    "network.node_port",
    "controlplane.api_servers_reachable",
    "controlplane.etcd_members_answer",
)
"""Checks that pass by what each target sends back; others pass by silence, as those of closed ports do."""


@dataclass(frozen=True)
class Symptom:
    """One thing that failed, or could not be told: a check at a vantage, and one of its targets.

    ``kind`` and ``node`` are the vantage's. ``target`` is empty where the check judges one thing only.
    ``asked`` is the inquiry, ``address`` whom it was put to, ``to`` the node that is asked, or that the asked
    pod runs on, ``service`` the Service that is asked (by ClusterIP or NodePort) and ``behind`` the nodes of
    whoever answers there; empty where not known.
    """

    check: str
    kind: str
    node: str
    target: str
    outcome: Outcome
    message: str
    got: str = ""
    asked: str = ""
    address: str = ""
    to: str = ""
    service: str = ""
    behind: frozenset[str] = frozenset()

    @property
    def vantage(self) -> str:
        """As results name it."""
        return f"{self.kind}:{self.node}" if self.node else self.kind

    @property
    def failed(self) -> bool:
        """Whether it failed; otherwise it could not be told."""
        return self.outcome is Outcome.FAILED

    def touches(self, node: str) -> bool:
        """Whether it is judged from ``node``, about it, or about something that it carries or says."""
        return (
            node in (self.node, self.to)
            or node in self.behind
            or bool(re.search(rf"(?<![\w.-]){re.escape(node)}(?![\w-])", f"{self.target}\n{self.message}"))
        )


@dataclass(frozen=True)
class Evidence:
    """All results of a run with the facts, the policy and the fleet; ``ask`` puts one more question."""

    results: Sequence[Result]
    facts: Facts
    policy: Policy
    standing: Standing | None
    ask: Ask

    @cached_property
    def owners(self) -> dict[str, Owner]:
        """Whose each known address is."""
        return owners(self.facts, self.standing)

    @cached_property
    def node_ports(self) -> dict[int, Owner]:
        """The Service behind each NodePort that is asked."""
        return node_ports(self.facts, self.standing)

    @cached_property
    def services(self) -> dict[str, Owner]:
        """The Services that are asked, by ``namespace/name``."""
        known = [*self.owners.values(), *self.node_ports.values()]
        return {owner.name: owner for owner in known if owner.kind == "Service"}

    @cached_property
    def symptoms(self) -> tuple[Symptom, ...]:
        """Everything that failed or could not be told."""
        found: list[Symptom] = []
        for result in self.results:
            if result.outcome in (Outcome.FAILED, Outcome.UNKNOWN):
                bad = [t for t in result.targets if t.outcome in (Outcome.FAILED, Outcome.UNKNOWN)]
                found += [self._symptom(result, target) for target in bad or [Target("", result.outcome)]]
        return tuple(found)

    @cached_property
    def _by_check(self) -> dict[str, list[Symptom]]:
        found: dict[str, list[Symptom]] = defaultdict(list)
        for symptom in self.symptoms:
            found[symptom.check].append(symptom)
        return dict(found)

    @cached_property
    def outcomes(self) -> dict[tuple[str, str], Outcome]:
        """Every result's outcome, by check and vantage."""
        return {(result.check, result.vantage): result.outcome for result in self.results}

    def find(
        self,
        *checks: str,
        kind: str = "",
        node: str = "",
        to: str = "",
        service: str = "",
        failed: bool = False,
    ) -> frozenset[Symptom]:
        """The symptoms of ``checks`` (patterns) that fit all that is named; only failures if so asked."""
        named = {check for check in self._by_check if any(fnmatchcase(check, each) for each in checks)}
        return frozenset(
            symptom
            for check in named
            for symptom in self._by_check[check]
            if kind in ("", symptom.kind)
            and node in ("", symptom.node)
            and to in ("", symptom.to)
            and service in ("", symptom.service)
            and (symptom.failed or not failed)
        )

    def failed(self, check: str, vantage: str = "api") -> Result | None:
        """The result of ``check`` at ``vantage`` if it failed."""
        for result in self.results:
            if (result.check, result.vantage, result.outcome) == (check, vantage, Outcome.FAILED):
                return result
        return None

    def nodes_failing(self, check: str, kind: str) -> list[str]:
        """The nodes at whose ``kind`` of vantage ``check`` failed."""
        return self._nodes(check, kind, Outcome.FAILED)

    def nodes_passing(self, check: str, kind: str) -> list[str]:
        """The nodes at whose ``kind`` of vantage ``check`` passed."""
        return self._nodes(check, kind, Outcome.PASSED)

    @cached_property
    def answering(self) -> frozenset[str]:
        """The nodes from whose address, or a pod's there, something has come back as it must."""
        return frozenset(
            node
            for result in self.results
            if any(fnmatchcase(result.check, each) for each in ANSWERED)
            for target in result.targets
            if target.outcome is Outcome.PASSED and (node := self._to(target))
        )

    def pairs(self, check: str, kind: str) -> dict[tuple[str, str], bool]:
        """Which node reached which, as ``check`` says at vantages of ``kind``, as far as could be told."""
        found: dict[tuple[str, str], bool] = {}
        for result in self.results:
            at, _, node = result.vantage.partition(":")
            if (result.check, at) != (check, kind):
                continue
            for target in result.targets:
                to = self._to(target)
                if to and target.outcome in (Outcome.PASSED, Outcome.FAILED):
                    reached = target.outcome is Outcome.PASSED
                    found[node, to] = found.get((node, to), True) and reached
        return found

    def _nodes(self, check: str, kind: str, outcome: Outcome) -> list[str]:
        vantages = [r.vantage for r in self.results if r.check == check and r.outcome is outcome]
        return [vantage.removeprefix(f"{kind}:") for vantage in vantages if vantage.startswith(f"{kind}:")]

    def _symptom(self, result: Result, target: Target) -> Symptom:
        kind, _, node = result.vantage.partition(":")
        owner = self.owners.get(target.address, NOBODY)
        if owner.kind == "Node":
            port = re.search(r":(\d+)(?:/|\s|$)", target.asked)
            owner = self.node_ports.get(int(port[1]), owner) if port else owner
        owner = self.services.get(target.name, owner)
        return Symptom(
            check=result.check,
            kind=kind,
            node=node,
            target=target.name,
            outcome=target.outcome,
            message=_message(result, target),
            got=target.got,
            asked=target.asked,
            address=target.address,
            to=self._to(target),
            service=owner.name if owner.kind == "Service" else "",
            behind=owner.nodes,
        )

    def _to(self, target: Target) -> str:
        """The one node that a target stands for: by its name, or by whose its address is."""
        named = target_node(target.name, self._names)
        if named:
            return named
        owner = self.owners.get(target.address, NOBODY)
        return next(iter(owner.nodes)) if owner.kind != "Service" and len(owner.nodes) == 1 else ""

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(node.name for node in self.facts.nodes)


def at_nodes(symptoms: Iterable[Symptom]) -> list[str]:
    """The nodes of the symptoms' vantages, each once, in order of name."""
    return sorted({symptom.node for symptom in symptoms if symptom.node})


def _message(result: Result, target: Target) -> str:
    """What a result says of one of its targets; how many there are where it names only some of them."""
    if len(result.targets) < 2 or not target.name:
        return result.message
    # Without the names of all the others, which may be a thousand and are not what is said of this one.
    return (
        said_of(result.message, target.name)
        or re.sub(r"\A(\d+ of \d+ [^:\n]+): .*", r"\1", result.message, flags=re.DOTALL).partition("\n")[0]
    )


def target_node(name: str, nodes: Collection[str]) -> str:
    """The node that a name tells: ``node1``, ``node1:32518``, ``node1 over IPv6`` or ``pod on node1``."""
    first = re.match(r"[^\s:]+", name)
    if first and first[0] in nodes:
        return first[0]
    last = name.rpartition(" on ")[2]
    return last if last in nodes else ""
