"""Images that pods wait for: which one it is, and what else waits on its node."""

from __future__ import annotations

import re

from kubecheck.diagnosis.consequences import incomplete_peers, unready_pods
from kubecheck.diagnosis.evidence import Evidence, Symptom
from kubecheck.fleet.waiting import STILL_PULLING

NOT_PULLED = re.compile(
    r"ErrImagePull|ImagePullBackOff|ErrImageNeverPull|InvalidImageName|ImageInspectError"
    rf"|failed to get (?:sandbox )?image|{STILL_PULLING}"
)
_IMAGE = re.compile(
    r"(?:image|pull image|Container image) \\?[\"']?([\w.-]+(?::\d+)?(?:/[\w.-]+)*(?::[\w.-]+|@sha256:\w+)?)"
)


def image_in(evidence: Evidence, said: str) -> str:
    """The image in what the kubelet says; otherwise the probe pods'."""
    found = _IMAGE.search(said)
    if found and "/" in found[1]:
        return found[1]
    images = evidence.policy.images
    return next((each for each in (images.busybox, images.nginx) if each in said), images.busybox)


def waiting_for_images(evidence: Evidence, node: str) -> set[Symptom]:
    """Pods of the system on ``node`` that wait for an image too, and the run's Deployment."""
    found = {
        s
        for s in unready_pods(evidence, node)
        if NOT_PULLED.search(s.message) or s.check.startswith("addons.")
    }
    return found | incomplete_peers(evidence, node)
