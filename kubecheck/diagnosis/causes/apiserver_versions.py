"""An upgrade of the API servers was left half way."""

from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.wording import listed


@cause(
    title="API servers' versions are too far apart",
    confirm=("kubectl get --raw '/api/v1/nodes/https:{node}:6443/proxy/version'",),
    remedy=(
        "upgrade kube-apiserver on {nodes} to {version}, one minor version after the other, before anything else",
        "kubeadm, on the first master: kubeadm upgrade apply VERSION",
        "kubeadm, on each of the others: kubeadm upgrade node",
    ),
    source="https://kubernetes.io/releases/version-skew-policy/#kube-apiserver",
)
def apiserver_versions(evidence: Evidence) -> Iterator[Finding]:
    """The newest and the oldest API server are more than one minor version apart: an upgrade has stopped half way."""
    control_plane = evidence.facts.control_plane.found
    servers = control_plane.servers if control_plane else ()
    known = {server.name: server.version.found for server in servers if server.version.found}
    for symptom in evidence.find("controlplane.api_server_versions", failed=True):
        if not known:
            continue
        newest = max(known.values(), key=_order)
        old = [name for name, version in known.items() if version != newest]
        yield Finding(
            says=symptom.message,
            blames=tuple(f"Node/{name}" for name in old),
            explains=frozenset({symptom}),
            confidence=Confidence.CERTAIN,
            names={"node": old[0] if old else "", "nodes": listed(old), "version": newest},
            confirmed=(symptom.message,),
        )


def _order(version: str) -> tuple[int, ...]:
    parts = version.lstrip("v").partition("-")[0].partition("+")[0].split(".")
    return tuple(int(part) for part in parts if part.isdigit())
