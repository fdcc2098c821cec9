"""An image has nothing for a node's architecture."""

from collections import defaultdict
from collections.abc import Iterator

from kubecheck.diagnosis.alike import named
from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.consequences import without_new_pods
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.diagnosis.images import image_in, waiting_for_images
from kubecheck.fleet.waiting import OTHER_PLATFORM

DAMAGED = (
    "on {nodes}: crictl inspecti {image} | grep -i -e architecture -e digest, and compare with another node",
    "on {nodes}: crictl rmi {image}, so that it is pulled anew; look at the node's own mirror: /etc/containerd/certs.d",
)


@cause(
    title="An image is not for a node's architecture",
    confirm=(
        "kubectl get nodes -L kubernetes.io/arch",
        "what the image is for: docker manifest inspect {image} | grep architecture",
    ),
    remedy=(
        "name an image for all architectures of the cluster ({architecture} among them): images.busybox and images.nginx in kubecheck's policy",
        "a mirror of your own must hold the whole image index, and not what one machine has pulled: copy it with skopeo copy --all or crane copy",
    ),
    source="https://kubernetes.io/docs/concepts/containers/images/#multi-architecture-images-with-image-indexes",
)
def image_other_architecture(evidence: Evidence) -> Iterator[Finding]:
    """Nodes of one architecture cannot run an image that was made for others.

    The pull ends with "no match for platform in manifest", or the program with "exec format error". The
    nodes are well: whatever is named for all architectures runs there.
    """
    said: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    runs = {
        evidence.facts.node(name).architecture
        for name in evidence.nodes_passing("network.probe_pod_runs", "pod")
    }
    for symptom in sorted(evidence.find("network.probe_pod_runs", failed=True), key=lambda s: s.vantage):
        if OTHER_PLATFORM.search(symptom.message):
            architecture = evidence.facts.node(symptom.node).architecture
            said[image_in(evidence, symptom.message), architecture][symptom.node] = symptom.message
    for (image, architecture), found in sorted(said.items()):
        nodes = named(sorted(found))
        names = {"image": image, "architecture": architecture, "nodes": nodes}
        # Where others of this architecture run it, the image is well and these nodes hold another one.
        odd = architecture in runs
        yield Finding(
            says=f"{nodes} cannot run the image {image}, which other {architecture} nodes run: what they hold"
            " is damaged, or for another architecture"
            if odd
            else f"the image {image} is not for {architecture}, the architecture of {nodes}",
            blames=tuple(f"Node/{name}" for name in sorted(found)) if odd else (f"Image/{image}",),
            explains=frozenset(
                s
                for name in found
                for s in without_new_pods(evidence, name) | waiting_for_images(evidence, name)
            ),
            confidence=Confidence.CERTAIN,
            names=names,
            confirmed=tuple(found.values())[:2],
            remedy=tuple(step.format(**names) for step in DAMAGED) if odd else (),
        )
