"""The lab's container images, made from Debian's packages and the lab's own programs."""

from dataclasses import dataclass
from pathlib import Path

from lab.building import Programs
from lab.progress import Progress


@dataclass(frozen=True)
class Image:
    """An OCI archive and the reference in it; ``ctr -n k8s.io images import ARCHIVE`` takes it."""

    reference: str
    archive: Path


@dataclass(frozen=True)
class Images:
    """The images that a lab's nodes hold."""

    busybox: Image
    nginx: Image
    pause: Image
    coredns: Image
    metrics_server: Image


def build_images(programs: Programs, progress: Progress) -> Images:
    """Make the images that the cache lacks."""
    raise NotImplementedError
