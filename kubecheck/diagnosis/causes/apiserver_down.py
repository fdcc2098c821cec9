"""One API server of several does not answer."""

from collections.abc import Iterator
from difflib import SequenceMatcher

from kubecheck.checks import TcpAnswer, TcpConnect, Vantage
from kubecheck.cluster.controlplane import ApiServer
from kubecheck.cluster.leases import SERVER_SILENT
from kubecheck.diagnosis.cause import Confidence, Finding, cause, filled
from kubecheck.diagnosis.evidence import Evidence, Symptom
from kubecheck.outcomes import Outcome

BY_CHANCE = (
    "network.kubernetes_service_reachable",
    "certs.kubernetes_service_certificate",
    "certs.front_certificate",
    "controlplane.vip_reachable",
)
ASKED = 12  # nodes that are asked whether they carry a control plane
BESIDE = {10257: "kube-controller-manager", 10259: "kube-scheduler"}
NO_ANSWER = (
    "no answer",
    "connection refused",
    "no route",
    "closed without a word",
    "unreachable",
    "timed out",
)

NO_LONGER = (
    "it was taken away on purpose: kubectl -n kube-system delete lease {lease}, which goes by itself an hour after it was renewed",
    "it was not, on {node}: systemctl restart kube-apiserver; journalctl -u kube-apiserver --since -15min",
)


@cause(
    title="An API server is down",
    confirm=(
        "kubectl get endpointslices -l kubernetes.io/service-name=kubernetes",
        "kubectl -n kube-system get leases -l apiserver.kubernetes.io/identity=kube-apiserver",
        "on {node}: curl -k https://127.0.0.1:6443/readyz?verbose",
    ),
    remedy=(
        "on {node}: systemctl restart kube-apiserver; journalctl -u kube-apiserver --since -15min",
        "on {node}, as a static pod: crictl ps -a --name kube-apiserver; crictl logs --tail 50 $(crictl ps -q --latest --name kube-apiserver)",
        "on {node}: curl -k https://127.0.0.1:6443/readyz?verbose",
    ),
    source="https://kubernetes.io/docs/concepts/architecture/leases/#api-server-identity",
)
def apiserver_down(evidence: Evidence) -> Iterator[Finding]:
    """An API server has stopped, or hangs, and the load balancer leads to the others.

    The cluster works, with one less to lose. While a hanging one is still an endpoint of the kubernetes
    Service, connections of pods that are led there fail. One that was taken away on purpose leaves its Lease
    behind for an hour.
    """
    control_plane = evidence.facts.control_plane.found
    servers = control_plane.servers if control_plane else ()
    listed = {server.name for server in servers}
    silent = _silent(evidence)
    for server in servers:
        told = _dead_itself(evidence, server)
        if told or server.name in silent:
            yield _finding(evidence, server.name, server, told or silent[server.name])
    gone = {name: said for name, said in silent.items() if name not in listed}
    if not gone and evidence.failed("controlplane.api_servers_count"):
        gone = _masters_without(evidence, listed)
    nodes = {node.name for node in evidence.facts.nodes}
    enough = evidence.outcomes.get(("controlplane.api_servers_count", "api")) is Outcome.PASSED
    for name, said in gone.items():
        if enough and name not in nodes:
            yield _taken_away(evidence, name, said)
        else:
            yield _finding(evidence, name, None, said)


def _finding(evidence: Evidence, name: str, server: ApiServer | None, said: str) -> Finding:
    explained = set(
        evidence.find("controlplane.api_servers_count", "controlplane.api_servers_are_alive")
        if server is None
        else {s for s in evidence.find("controlplane.api_servers_are_alive") if s.touches(name)}
    )
    if server is not None:
        targets = evidence.find(
            "controlplane.api_servers_ready",
            "controlplane.api_servers_reachable",
            "certs.api_server_certificates",
        )
        explained |= {s for s in targets if s.target == name}
        explained |= {s for s in evidence.find(*BY_CHANCE) if _unanswered(s)}
        explained |= evidence.find("controlplane.api_server_versions")
    place = name if server is None or server.node else f"{server.address}:{server.port}"
    kind = "Node" if server is None or server.node else "Address"
    return Finding(
        says=f"the API server on {name} does not answer",
        blames=(f"{kind}/{place}",),
        explains=frozenset(explained),
        confidence=Confidence.CERTAIN,
        names={"node": name},
        confirmed=(said,),
    )


def _taken_away(evidence: Evidence, name: str, said: str) -> Finding:
    """An API server of which only its Lease is left: no node, no endpoint, and the others are enough."""
    leases = evidence.facts.leases.found
    lease = leases.api_servers[name].name if leases else name
    names = {"node": name, "lease": lease}
    return Finding(
        says=f"the API server on {name} is gone, or was taken away: only its Lease is left",
        blames=(f"Lease/kube-system/{lease}",),
        explains=evidence.find("controlplane.api_servers_are_alive"),
        confidence=Confidence.POSSIBLE,
        names=names,
        confirmed=(said,),
        remedy=tuple(filled(step, names) for step in NO_LONGER),
    )


def _silent(evidence: Evidence) -> dict[str, str]:
    """The machines whose API server no longer renews its Lease, or has lost its endpoint, and who says so.

    Where the clock of that machine is behind, its Lease only looks old: it answers all the same.
    """
    leases = evidence.facts.leases.found
    control_plane = evidence.facts.control_plane.found
    if leases is None or control_plane is None:
        return {}
    ready = {s.name for s in control_plane.servers if s.failing.found == () or (s.node and s.failing.absent)}
    listed = {server.name for server in control_plane.servers}
    few = evidence.failed("controlplane.api_servers_count")
    found = {}
    for host, lease in leases.api_servers.items():
        if not lease.renewed or host in ready:
            continue
        age = leases.age(lease)
        # The endpoint goes within seconds, the Lease is taken for a living one's for a minute.
        if age > SERVER_SILENT or (few and host not in listed):
            gone = "" if host in listed else "; it is no endpoint of the kubernetes Service"
            found[host] = (
                f"Lease kube-system/{lease.name} of the API server on {host} was renewed {age:.0f} s ago;"
                f" expected every 10 s{gone}"
            )
    return found


def _masters_without(evidence: Evidence, listed: set[str]) -> dict[str, str]:
    """Nodes that carry a control plane and no API server that is an endpoint, and what shows it.

    An API server that was stopped in good order has taken its Lease with it: what runs beside it remains.
    """
    found = {}
    for pod in evidence.facts.pods.found or ():
        if pod.name == f"kube-apiserver-{pod.node}" and pod.node not in listed and not pod.ready:
            found[pod.node] = f"pod {pod.full_name} is {pod.waiting or pod.phase}, not ready"
    others = [node.name for node in evidence.facts.probed_nodes if node.name not in {*listed, *found}]
    # Masters are mostly called alike.
    others.sort(
        key=lambda name: -max((SequenceMatcher(None, name, each).ratio() for each in listed), default=0)
    )
    for name in others[:ASKED] if not found else ():
        for port, what in BESIDE.items():
            answer = evidence.ask(Vantage("node", name), TcpConnect("127.0.0.1", port))
            if isinstance(answer, TcpAnswer) and answer.connected:
                found[name] = (
                    f"{what} runs on {name} (127.0.0.1:{port}), and no API server there is an endpoint"
                )
    return found


def _dead_itself(evidence: Evidence, server: ApiServer) -> str:
    """What the nodes say of an API server that none of them reaches; empty where one does."""
    failed = [
        s for s in evidence.find("controlplane.api_servers_reachable", failed=True) if s.target == server.name
    ]
    asked = [r for r in evidence.results if r.check == "controlplane.api_servers_reachable" and r.targets]
    if failed and len(failed) == len(asked) and (len(asked) > 1 or len(evidence.facts.nodes) == 1):
        return failed[0].message
    found = server.failing.found
    silent = bool(found) and found is not None and found[0].startswith("it does not answer")
    return found[0] if silent and found and not asked else ""


def _unanswered(symptom: Symptom) -> bool:
    return any(word in (symptom.got or symptom.message) for word in NO_ANSWER)
