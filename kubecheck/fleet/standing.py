"""What stands of the fleet: plain values that a record keeps and a worker process receives."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from kubecheck.cluster.bootstrap import Rehearsal
from kubecheck.cluster.reading import UNREAD, Reading
from kubecheck.outcomes import CannotTell

HTTP_PORT = 8080  # where every nginx of ours listens: restricted pods may not bind port 80
UDP_PORT = 8081  # where it answers datagrams
GUARDED_PORT = 8082  # where it answers too, unless a NetworkPolicy of the run forbids it
LARGE_PATH = "/large"
LARGE = 131072  # bytes behind LARGE_PATH in the probe pods: some ninety full packets
HEADLESS = "probe-headless"  # the Service without a ClusterIP in front of the first probe pods


@dataclass(frozen=True)
class Probe:
    """A probe pod on ``node``.

    ``network`` is "pod" or "node" (the host's). ``problem`` says why it does not run; it is
    empty when it does. ``seconds`` is the time from its creation until it was Ready.
    ``addresses`` are all that it has: one of each family on a dual-stack cluster.
    ``headless`` is the Service without a ClusterIP that has a pod on the pod network, with the others
    of its group, as endpoint.
    """

    node: str
    network: str
    namespace: str
    name: str
    address: str
    problem: str
    seconds: float
    addresses: tuple[str, ...] = ()
    headless: str = HEADLESS

    def must_run(self) -> None:
        """Raise CannotTell when the pod does not run: nothing can be asked from it then."""
        if self.problem:
            raise CannotTell(f"the probe pod {self.namespace}/{self.name} does not run: {self.problem}")


@dataclass(frozen=True)
class Peer:
    """A replica of the peer Deployment."""

    namespace: str
    name: str
    node: str
    address: str


@dataclass(frozen=True)
class Standing:
    """The fleet once it stands, or as far as it does.

    ``services`` maps the name of each Service of ours, as ``namespace/name``, to its ClusterIP;
    ``refused`` says of those that only some checks need why they could not be made.
    ``node_port`` is the port of the NodePort Service in front of the probe pods, 0 without one.
    ``peer_problem`` says why the peer Deployment is not complete; empty when it is.
    ``withheld`` says why there was to be none; empty when there was.
    """

    run: str
    namespace: str
    peer_namespace: str
    probes: tuple[Probe, ...]
    peers: tuple[Peer, ...]
    peer_problem: str
    services: dict[str, str]
    refused: dict[str, str] = field(default_factory=dict)
    node_port: int = 0
    withheld: str = ""
    node_access: bool = False
    """Whether the probe pods on the nodes' own network see the nodes' files, at /host."""
    rehearsal: Reading[Rehearsal] = UNREAD
    """What came of a new node's joining, where a selected check asks for it."""

    def probe(self, network: str, node: str) -> Probe:
        """The probe pod of ``network`` on ``node``. Raises CannotTell when there is none."""
        if probe := self._by_place.get((network, node)):
            return probe
        raise CannotTell(f"no probe pod stands on node {node}")

    @cached_property
    def _by_place(self) -> dict[tuple[str, str], Probe]:
        return {(probe.network, probe.node): probe for probe in self.probes}

    @cached_property
    def pod_probes(self) -> tuple[Probe, ...]:
        """The probe pods on the pod network, one a node."""
        return tuple(probe for probe in self.probes if probe.network == "pod")

    def behind(self, headless: str) -> tuple[Probe, ...]:
        """The probe pods behind one of the Services without a ClusterIP."""
        return self._by_headless[headless]

    @cached_property
    def _by_headless(self) -> dict[str, tuple[Probe, ...]]:
        found: dict[str, list[Probe]] = {}
        for probe in self.pod_probes:
            found.setdefault(probe.headless, []).append(probe)
        return {name: tuple(probes) for name, probes in found.items()}

    def service(self, name: str) -> str:
        """The ClusterIP of the Service ``namespace/name``. Raises CannotTell when it was refused."""
        if name in self.refused:
            raise CannotTell(f"Service {name} could not be made: {self.refused[name]}")
        if name not in self.services:
            raise CannotTell(f"this run made no Service {name}")
        return self.services[name]

    def must_have_peers(self) -> None:
        """Raise CannotTell where no peer Deployment was to be: what became of it tells nothing then."""
        if self.withheld:
            raise CannotTell(f"the peer Deployment was not made: {self.withheld}")

    def running_peers(self) -> tuple[Peer, ...]:
        """The peer Deployment's replicas. Raises CannotTell when it is not complete."""
        self.must_have_peers()
        if self.peer_problem:
            raise CannotTell(f"the peer Deployment is not complete: {self.peer_problem}")
        return self.peers
