"""Putting the fleet there, and taking it away again, whatever happens in between."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from kubecheck.cluster.api import Api, ApiError
from kubecheck.cluster.facts import Facts
from kubecheck.cluster.objects import Node
from kubecheck.fleet import manifests, names
from kubecheck.fleet.node_access import with_node_access
from kubecheck.fleet.rehearsal import Rehearsing
from kubecheck.fleet.standing import Peer, Probe, Standing
from kubecheck.fleet.waiting import Wanted, wait_for_pods
from kubecheck.policy import Policy

Json = dict[str, Any]

AT_ONCE = 16  # requests under way while the fleet is put there


class FleetProblem(Exception):
    """The fleet could not be put there; the text says which object was refused and why."""


class Fleet:
    """The objects of one run. ``deploy`` and ``remove`` may be called from different threads."""

    def __init__(
        self, api: Api, policy: Policy, facts: Facts, run: str, *, node_access: bool = False
    ) -> None:
        self.api = api
        self.policy = policy
        self.facts = facts
        self.run = run
        self.node_access = node_access
        self.namespaces = manifests.namespaces(run)
        self.rehearsing = Rehearsing(api, policy, run)
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._touched = False

    def stand(self, networks: Iterable[str], kinds: set[str]) -> Standing:
        """What vantages of ``kinds`` need: see ``deploy``, and a rehearsal beside it where it is wanted."""
        if kinds == {"rehearsal"}:
            return Standing(self.run, "", "", (), (), "", {}, rehearsal=self.rehearsing.perform())
        with ThreadPoolExecutor(1, thread_name_prefix="rehearsal") as side:
            rehearsal = side.submit(self.rehearsing.perform) if "rehearsal" in kinds else None
            standing = self.deploy(networks)
        return replace(standing, rehearsal=rehearsal.result()) if rehearsal else standing

    def deploy(self, networks: Iterable[str]) -> Standing:
        """Put the fleet there and wait until it stands: ``networks`` are "pod", "node" or both.

        A pod that does not come up is told in its Probe; raises FleetProblem when the run's
        objects were refused.
        """
        run, nodes = self.run, self.facts.probed_nodes
        ends = manifests.deadline(datetime.now(UTC), self.policy)
        ipv6 = any(":" in cidr for node in nodes for cidr in node.pod_cidrs)
        wanted = [
            Wanted(node, network, self.namespaces[network], manifests.probe_name(node.name))
            for network in networks
            for node in nodes
        ]
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="deploy") as pool:

            def all_of(create: Callable[..., Any], arguments: Iterable[tuple[Any, ...]]) -> None:
                for _ in pool.map(lambda each: create(*each), arguments):
                    pass

            levels = [("pod", "restricted"), ("peer", "restricted"), ("node", "privileged")]
            all_of(self._create_namespace, [(self.namespaces[key], level, ends) for key, level in levels])
            serving = [self.namespaces["pod"], self.namespaces["peer"]]
            basics = [
                (f"{name}/serviceaccounts", manifests.service_account(run))
                for name in self.namespaces.values()
            ]
            basics += [(f"{ns}/configmaps", manifests.nginx_config(run, ns, ipv6=ipv6)) for ns in serving]
            all_of(self._create, basics)
            # Services before pods: their rules and names settle while the pods start.
            looked_up = pool.submit(names.make, self.api, self.facts, serving[0], run)
            services = {
                f"{ns}/{name}": self._create(f"{ns}/services", manifests.service(run, name))["spec"][
                    "clusterIP"
                ]
                for ns, name in zip(serving, (manifests.PROBE, manifests.PEER), strict=True)
            }
            optional = [manifests.self_service(run, node.name) for node in self._sampled(nodes)]
            if self.policy.network.node_ports:
                optional.append(manifests.node_port_service(run))
            if self.policy.network.network_policy:
                optional.append(manifests.network_policy(run))
            extra = dict(pool.map(lambda body: self._try(serving[0], body), optional))
            made = {name: found for name, found in extra.items() if isinstance(found, dict)}
            services |= {
                name: found["spec"]["clusterIP"] for name, found in made.items() if found["kind"] == "Service"
            }
            node_port = made.get(f"{serving[0]}/{manifests.NODE_PORT}", {})
            refused = looked_up.result()
            started = time.monotonic()
            make = {"pod": manifests.pod_probe, "node": self._node_probe}
            pods = [
                (f"{each.namespace}/pods", make[each.network](run, each.node, self.policy))
                for each in wanted
                if each.node.ready
            ]
            peer = self._create_peers()
            all_of(self._create, pods)
        found = wait_for_pods(
            self.api, f"{manifests.RUN_LABEL}={run}", [each for each in wanted if each.node.ready],
            peers=0 if peer else manifests.PEER_REPLICAS, peer_namespace=self.namespaces["peer"],
            seconds=self.policy.timing.pods_ready, stop=self._closed, started=started,
        )  # fmt: skip
        names.wait_until_published(
            self.api,
            serving[0],
            (pod.address for pod in map(found.probe, wanted) if pod.network == "pod" and not pod.problem),
            self.policy.timing.settling,
            self._closed,
        )
        return Standing(
            run=run,
            namespace=self.namespaces["pod"],
            peer_namespace=self.namespaces["peer"],
            probes=tuple(found.probe(each) if each.node.ready else _absent(each) for each in wanted),
            peers=tuple(
                Peer(item["metadata"]["namespace"], item["metadata"]["name"], item["spec"]["nodeName"],
                     item["status"]["podIP"])
                for item in found.ready_peers
            ),
            peer_problem=peer or found.peer_problem,
            services=services,
            refused=refused | {name: found for name, found in extra.items() if isinstance(found, str)},
            node_port=node_port["spec"]["ports"][0]["nodePort"] if node_port else 0,
            node_access=self.node_access,
        )  # fmt: skip

    def _node_probe(self, run: str, node: Node, policy: Policy) -> Json:
        pod = manifests.node_probe(run, node, policy)
        return with_node_access(pod) if self.node_access else pod

    def remove(self) -> None:
        """Ask for the deletion of all that was created, and let nothing more be created."""
        self._closed.set()
        try:
            with self._lock:
                for name in self.namespaces.values() if self._touched else ():
                    self.api.delete(f"/api/v1/namespaces/{name}")
        finally:
            self.rehearsing.remove()

    def left(self, seconds: float) -> dict[str, str]:
        """The run's namespaces that still stand after ``seconds``, and what holds each of them."""
        if not self._touched:
            return {}
        selector = f"{manifests.RUN_LABEL}={self.run}"
        ends = time.monotonic() + seconds
        while True:
            page = self.api.get("/api/v1/namespaces", labelSelector=selector)
            standing = {item["metadata"]["name"]: _holding(item) for item in page.get("items") or ()}
            left = ends - time.monotonic()
            if not standing or left <= 0:
                return standing
            version = page["metadata"]["resourceVersion"]
            for event in self.api.watch("/api/v1/namespaces", version, left, labelSelector=selector):
                if event["type"] == "ERROR":
                    break
                if event["type"] == "DELETED":
                    standing.pop(event["object"]["metadata"]["name"], None)
                if not standing:
                    return {}

    def _create_namespace(self, name: str, level: str, ends: datetime) -> None:
        with self._lock:
            # Once removal has begun, a namespace made now would be nobody's.
            if self._closed.is_set():
                raise FleetProblem("the run was stopped")
            self._touched = True
        self._post("/api/v1/namespaces", manifests.namespace(name, self.run, level, ends))

    def _create(self, collection: str, body: Json) -> Json:
        return self._post(f"/api/v1/namespaces/{collection}", body)

    def _try(self, namespace: str, body: Json) -> tuple[str, Json | str]:
        """Its name, and the object as it was made or why it was refused: only some checks need it."""
        group = "/api/v1" if body["apiVersion"] == "v1" else f"/apis/{body['apiVersion']}"
        collection = {"Service": "services", "NetworkPolicy": "networkpolicies"}[body["kind"]]
        name = f"{namespace}/{body['metadata']['name']}"
        try:
            return name, self._post(f"{group}/namespaces/{namespace}/{collection}", body)
        except FleetProblem as problem:
            return name, str(problem)

    def _sampled(self, nodes: Sequence[Node]) -> list[Node]:
        """The nodes that get a Service of their own: all, or a sample in a large cluster."""
        most = self.policy.network.full_mesh_nodes
        if len(nodes) <= most:
            return list(nodes)
        return random.Random(self.run).sample(nodes, most)  # noqa: S311 - a sample, not a secret

    def _create_peers(self) -> str:
        """Create the peer Deployment; the reason when it is refused, which only its checks need."""
        path = f"/apis/apps/v1/namespaces/{self.namespaces['peer']}/deployments"
        try:
            self._post(path, manifests.peer_deployment(self.run, self.policy))
        except FleetProblem as problem:
            return str(problem)
        return ""

    def _post(self, path: str, body: Json) -> Json:
        try:
            return self.api.create(path, body)
        except ApiError as problem:
            raise FleetProblem(f"{body['kind']} {body['metadata']['name']} was refused: {problem}") from None


def _holding(namespace: Json) -> str:
    """Why a namespace that is being deleted still stands, in the namespace controller's words."""
    for condition in namespace.get("status", {}).get("conditions") or ():
        if condition["status"] == "True" and condition.get("message"):
            return str(condition["message"])
    return "nobody says why; the controller-manager removes namespaces"


def _absent(wanted: Wanted) -> Probe:
    return Probe(
        wanted.node.name, wanted.network, wanted.namespace, wanted.name, "", _not_ready(wanted.node), 0.0
    )


def _not_ready(node: Node) -> str:
    said = node.ready_condition
    since = said.since or "an unknown time"
    return f"node {node.name} is not Ready since {since}: {said.message or said.reason}"
