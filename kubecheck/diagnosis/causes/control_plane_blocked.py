"""One node does not reach what all others reach of the control plane."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence, at_nodes

SERVERS, FRONT = "controlplane.api_servers_reachable", "controlplane.vip_reachable"


@cause(
    title="A node does not reach an API server that others reach",
    confirm=(
        "on {node}: ip route get {address}; nc -w 3 {address} {port} </dev/null && echo open",
        "on another node the same",
    ),
    remedy=(
        "on {node}: iptables -S OUTPUT, or nft list ruleset; ip route get {address}; ip neigh show {address}",
        "at {address}: its firewall may leave {node} out: accept TCP {port}",
        "on {node}: curl -k https://{address}:{port}/version",
    ),
    source="https://kubernetes.io/docs/reference/networking/ports-and-protocols/",
)
def control_plane_blocked(evidence: Evidence) -> Iterator[Finding]:
    """From this node one API server, or the address in front of them, does not answer, and from others it does.

    kube-proxy sends the node's pods to every API server in turn, so that some of their connections fail; without
    the address in front the node's kubelet reports no more.
    """
    failed = evidence.find(SERVERS, FRONT, failed=True)
    for name in at_nodes(failed):
        mine = {s for s in failed if s.node == name and _others_reach(evidence, s.check, s.target, name)}
        if not mine:
            continue
        asked = sorted(s.asked for s in mine if s.asked)
        place = asked[0].partition(" ")[2] if asked else ""
        address, _, port = place.rpartition(":")
        shown = {
            s
            for s in evidence.find("certs.api_server_certificates", "certs.front_certificate", node=name)
            if not s.target or s.target in {each.target for each in mine}
        }
        yield Finding(
            says=f"node {name} does not reach {place or 'an API server'}, and other nodes do",
            blames=(f"Node/{name}",),
            explains=frozenset(mine | shown),
            confidence=Confidence.LIKELY,
            names={"node": name, "address": address, "port": port},
            confirmed=tuple(sorted(s.message for s in mine))[:2],
        )


def _others_reach(evidence: Evidence, check: str, target: str, node: str) -> bool:
    """Whether some other node got an answer there."""
    for result in evidence.results:
        if result.check != check or result.vantage in ("api", f"node:{node}"):
            continue
        if any(each.name == target and each.outcome == "passed" for each in result.targets):
            return True
    return False
