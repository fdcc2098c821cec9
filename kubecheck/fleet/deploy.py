"""Putting the fleet there, and taking it away again, whatever happens in between."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from kubecheck.cluster.api import Api
from kubecheck.cluster.facts import Facts
from kubecheck.cluster.objects import Node
from kubecheck.cluster.rights import Part
from kubecheck.fleet import manifests, names
from kubecheck.fleet.creating import Creator, FleetProblem, creator
from kubecheck.fleet.displacing import withheld
from kubecheck.fleet.node_access import with_node_access
from kubecheck.fleet.rehearsal import Rehearsing
from kubecheck.fleet.removal import (
    ANSWER,
    left,
    remove_all,
    remove_forgotten,
    remove_namespace,
    still_standing,
)
from kubecheck.fleet.secrets import pull_secrets
from kubecheck.fleet.services import make_services
from kubecheck.fleet.sharing import Sharing
from kubecheck.fleet.standing import Peer, Probe, Standing
from kubecheck.fleet.waiting import Wanted, wait_for_pods
from kubecheck.policy import Policy
from kubecheck.shard import WHOLE, Shard
from kubecheck.wording import listed

Json = dict[str, Any]

LEVELS = {"pod": "restricted", "peer": "restricted", "node": "privileged"}  # Pod Security, by namespace
GOING = 60.0  # seconds for which an earlier fleet of this run's shards may take to be gone


class Fleet:
    """The objects of a run, or of all its shards. ``stand`` and ``remove`` may be in different threads."""

    def __init__(
        self,
        api: Api,
        policy: Policy,
        facts: Facts,
        run: str,
        *,
        node_access: bool = False,
        shard: Shard = WHOLE,
    ) -> None:
        self.api = api
        self.policy = policy
        self.facts = facts
        self.run = run
        self.node_access = node_access
        self.shard = shard
        self.namespaces = manifests.namespaces(run)
        self.rehearsing = Rehearsing(api, policy, run, facts.may_not(Part.REHEARSAL))
        self._lock = threading.Lock()
        self._closed = threading.Event()
        # In this one of the namespaces the shards find what becomes of all.
        self.sharing = None if shard.whole else Sharing(api, self.namespaces["node"], run, shard)
        self._touched = False
        self._removes: bool | None = None
        """Whether the namespaces are this run's to remove, once that is decided."""
        self.ready = (0, 0)
        """How many of the run's pods are Ready by now, and how many there are to be."""

    def stand(self, networks: Iterable[str], kinds: set[str]) -> Standing:
        """What vantages of ``kinds`` need: the fleet, and a rehearsal beside it where it is wanted.

        ``networks`` are "pod", "node" or both. A pod that does not come up is told in its Probe;
        raises FleetProblem when the run's objects were refused.
        """
        if kinds == {"rehearsal"}:
            return Standing(self.run, "", "", (), (), "", {}, rehearsal=self.rehearsing.perform())
        with ThreadPoolExecutor(1, thread_name_prefix="rehearsal") as side:
            rehearsal = side.submit(self.rehearsing.perform) if "rehearsal" in kinds else None
            standing = self._deploy(networks)
        return replace(standing, rehearsal=rehearsal.result()) if rehearsal else standing

    def remove(self, *, patient: bool = True) -> None:
        """Ask for the deletion of all that was created, and let nothing more be created.

        What other shards still use is left to the last of them. Who is ``patient`` also leaves what shards
        may use that have not come: until then ``unclaimed``. Raises ApiError that says what is left.
        """
        self._closed.set()
        with self._lock:  # namespaces are made by now, or will not be
            names = self.namespaces.values() if self._touched else ()
            self._removes = self._removes or None  # what was left to others is decided anew
        removals = {
            f"Namespace {name}": partial(self._remove_namespace, name, patient=patient) for name in names
        }
        request = f"CertificateSigningRequest {self.rehearsing.name}"
        remove_all(self.api, {**removals, request: self.rehearsing.remove})

    def left(self, seconds: float) -> dict[str, str]:
        """The run's namespaces that still stand after ``seconds``, and what holds each of them."""
        return still_standing(self.api, self.run, seconds) if self._removes else {}

    def _remove_namespace(self, name: str, *, patient: bool) -> None:
        with self._lock:
            if self._removes is None:
                self._removes = self._may_remove(patient=patient)
        if self._removes:
            remove_namespace(self.api, name, ANSWER)

    def _may_remove(self, *, patient: bool) -> bool:
        if self.sharing is None:
            return True
        self.sharing.leave()
        return not (patient and self.sharing.awaited) and self.sharing.takes_away()

    @property
    def unclaimed(self) -> bool:
        """Whether the namespaces were left, once this shard had, to none but shards that may come yet."""
        return self.sharing is not None and self._removes is False and self.sharing.nobody_here

    @property
    def left_to(self) -> str:
        """Why the namespaces are not removed yet, once this shard has left; empty where they are."""
        return self.sharing.told() if self.sharing and self._removes is False else ""

    def _deploy(self, networks: Iterable[str]) -> Standing:
        wanted = [
            Wanted(node, network, self.namespaces[network], manifests.probe_name(node.name))
            for network in networks
            for node in self.facts.probed_nodes
        ]
        possible = [each for each in wanted if each.node.ready]
        no_peers = withheld(self.facts, self.policy)
        replicas = 0 if no_peers else manifests.PEER_REPLICAS
        self.ready = (0, len(possible) + replicas)
        remove_forgotten(self.api, datetime.now(UTC))
        with creator(self.api, shared=not self.shard.whole) as create:
            self._create_namespaces(create)
            basics = create.begin_all(self._basics())
            services = make_services(create, self.policy, self.facts, self.run, self.namespaces)
            for each in basics:  # which pods cannot do without
                each.result()
            started = time.monotonic()
            refused = "" if no_peers else self._create_peers(create)
            self._create_pods(create, possible)
        found = wait_for_pods(
            self.api, f"{manifests.RUN_LABEL}={self.run}", possible,
            peers=0 if refused else replicas, peer_namespace=self.namespaces["peer"],
            seconds=self.policy.timing.pods_ready, stop=self._closed, started=started, count=self._count,
        )  # fmt: skip
        names.wait_until_published(
            self.api,
            self.namespaces["pod"],
            (pod for pod in map(found.probe, possible) if pod.network == "pod" and not pod.problem),
            self.policy.timing.settling,
            self._closed,
        )
        return Standing(
            run=self.run,
            namespace=self.namespaces["pod"],
            peer_namespace=self.namespaces["peer"],
            probes=tuple(found.probe(each) if each.node.ready else _absent(each) for each in wanted),
            peers=tuple(
                Peer(item["metadata"]["namespace"], item["metadata"]["name"], item["spec"]["nodeName"],
                     item["status"]["podIP"])
                for item in found.ready_peers
            ),
            peer_problem=refused or found.peer_problem,
            services=services.cluster_ips,
            refused=services.refused,
            node_port=services.node_port,
            withheld=no_peers,
            node_access=self.node_access,
        )  # fmt: skip

    def _create_peers(self, create: Creator) -> str:
        """Why the peer Deployment was refused; empty where it was made."""
        deployment = manifests.peer_deployment(self.run, self.facts.nodes, self.policy)
        made = create.attempt(self.namespaces["peer"], deployment)
        return made if isinstance(made, str) else ""

    def _create_pods(self, create: Creator, wanted: list[Wanted]) -> None:
        """Those of this shard's nodes first: with luck the other shards make the others meanwhile."""
        own = [each for each in wanted if self.shard.holds(self.facts.places[each.node.name])]
        create.create_all((each.namespace, self._pod(each)) for each in own)
        if len(own) < len(wanted):
            selector = f"{manifests.RUN_LABEL}={self.run}"
            pods = self.api.items("/api/v1/pods", labelSelector=selector)
            there = {(pod["metadata"]["namespace"], pod["metadata"]["name"]) for pod in pods}
            others = [each for each in wanted if (each.namespace, each.name) not in there]
            create.create_all((each.namespace, self._pod(each)) for each in others)

    def _count(self, ready: int) -> None:
        self.ready = (ready, self.ready[1])

    def _create_namespaces(self, create: Creator) -> None:
        while not self._joined(create):
            standing = still_standing(self.api, self.run, GOING)
            if standing:
                raise FleetProblem(f"namespaces of earlier shards still stand: {listed(list(standing))}")

    def _joined(self, create: Creator) -> bool:
        """Whether the namespaces are there, and stay; not where shards that were here take them away."""
        if self.sharing and any(each.run == self.run and each.deleting for each in left(self.api)):
            return False
        ends = manifests.deadline(datetime.now(UTC), self.policy)
        wanted = [
            manifests.namespace(self.namespaces[k], self.run, level, ends) for k, level in LEVELS.items()
        ]
        with self._lock:
            # Once removal has begun, a namespace made now would be nobody's.
            if self._closed.is_set():
                raise FleetProblem("the run was stopped")
            self._touched = True
            list(create.pool.map(create.namespace, wanted))
            return self.sharing is None or self.sharing.arrive()

    def _basics(self) -> list[tuple[str, Json]]:
        """What pods need to be there first: accounts, the servers' configuration, pull secrets."""
        serving = [self.namespaces["pod"], self.namespaces["peer"]]
        every = list(self.namespaces.values())
        return [
            *((name, manifests.service_account(self.run)) for name in every),
            *((name, manifests.nginx_config(self.run, name)) for name in serving),
            *pull_secrets(self.api, self.policy, self.run, every),
        ]

    def _pod(self, wanted: Wanted) -> Json:
        if wanted.network == "pod":
            group = names.headless(self.facts.places[wanted.node.name])
            return manifests.pod_probe(self.run, wanted.node, self.policy, group)
        pod = manifests.node_probe(self.run, wanted.node, self.policy)
        return with_node_access(pod) if self.node_access else pod


def _absent(wanted: Wanted) -> Probe:
    return Probe(
        wanted.node.name, wanted.network, wanted.namespace, wanted.name, "", _not_ready(wanted.node), 0.0
    )


def _not_ready(node: Node) -> str:
    said = node.ready_condition
    since = said.since or "an unknown time"
    return f"node {node.name} is not Ready since {since}: {said.message or said.reason}"
