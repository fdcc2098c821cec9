"""A node does not get an image."""

from collections import defaultdict
from collections.abc import Iterator

from kubecheck.diagnosis.cause import Confidence, Finding, cause
from kubecheck.diagnosis.consequences import NO_SPACE, unready_pods, without_new_pods
from kubecheck.diagnosis.evidence import Evidence
from kubecheck.diagnosis.images import NOT_PULLED, image_in, waiting_for_images
from kubecheck.fleet.waiting import OTHER_PLATFORM

SANDBOX = "sandbox image"  # as containerd calls the one of pause


@cause(
    title="An image cannot be pulled on a node",
    confirm=(
        "kubectl get events --all-namespaces --field-selector type=Warning | grep -i pull",
        "on the node: crictl pull {image}; crictl images | grep {repository}",
    ),
    remedy=(
        "on {node}: crictl pull {image}, and read what it says",
        "on {node}: is the registry reached (its mirror, proxy and DNS), and is its CA known: /etc/containerd/certs.d, /etc/docker/daemon.json",
        "without a way to a registry, copy it: on a machine that has it ctr -n k8s.io images export i.tar {image}; on {node} ctr -n k8s.io images import i.tar",
        "a registry that is only slow: timing.pods_ready in kubecheck's policy is how many seconds it has",
        "the sandbox's image (pause) is named in the runtime's own configuration: containerd config dump | grep -i -w -e sandbox_image -e sandbox",
        "another mirror for the probe pods: images.busybox and images.nginx in kubecheck's policy",
    ),
    source="https://kubernetes.io/docs/concepts/containers/images/",
)
def image_not_pulled(evidence: Evidence) -> Iterator[Finding]:
    """New pods on a node wait for an image that it does not have and cannot pull.

    What runs there goes on; whatever is started anew with that image hangs. Where no node gets it, the
    image's name, the registry or the credentials are wrong, and not a node.
    """
    failed = [
        s
        for s in evidence.find("network.probe_pod_runs", failed=True)
        if NOT_PULLED.search(s.message) and not OTHER_PLATFORM.search(s.message) and NO_SPACE not in s.message
    ]
    nodes: dict[str, str] = defaultdict(str)
    for symptom in failed:
        nodes[symptom.node] = nodes[symptom.node] or symptom.message
    everywhere = len(nodes) > 1 and len(nodes) == len(evidence.facts.probed_nodes)
    for name, said in sorted(nodes.items()):
        image = image_in(evidence, said)
        where = sorted(nodes) if everywhere else [name]
        # Without the sandbox's image no pod starts, whatever its own.
        hanging = unready_pods if SANDBOX in said else waiting_for_images
        explained = {s for each in where for s in without_new_pods(evidence, each) | hanging(evidence, each)}
        yield Finding(
            says=f"no node gets the image {image}"
            if everywhere
            else f"node {name} does not get the image {image}",
            blames=(f"Image/{image}",) if everywhere else (f"Node/{name}",),
            explains=frozenset(explained),
            confidence=Confidence.CERTAIN,
            names={"node": name, "image": image, "repository": image.rpartition(":")[0] or image},
            confirmed=(said,),
        )
        if everywhere:
            return
