"""Kubernetes' own end-to-end tests in a lab: the images that their DNS and network specs use.

No registry is asked. The images bear the names that the specs ask for; in them are the real agnhost, and
Debian's tools in the place of Alpine's. Their like is in test/images/agnhost/Dockerfile and
test/conformance/image/Dockerfile of Kubernetes.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

from lab import cache, images
from lab.building import EndToEnd, build_end_to_end, build_programs
from lab.handle import Lab
from lab.images import Image
from lab.machine import install_packages
from lab.oci import Tree
from lab.pki import SERVER, Authority
from lab.progress import Progress
from lab.versions import DEFAULT_KUBERNETES

PACKAGES = ("bash", "bind9-dnsutils", "curl", "iproute2", "libc-bin", "netcat-openbsd", "socat")
TOOLS = {
    "/usr/bin/bash": Path("/bin/bash"),
    "/usr/bin/curl": Path("/usr/bin/curl"),
    "/usr/bin/dig": Path("/usr/bin/dig"),
    "/usr/bin/getent": Path("/usr/bin/getent"),
    "/usr/bin/nc": Path("/bin/nc.openbsd"),  # before busybox' own in PATH
    "/usr/bin/socat": Path("/usr/bin/socat"),
    "/usr/bin/ss": Path("/bin/ss"),
}
CONFORMANCE = f"registry.k8s.io/conformance:v{DEFAULT_KUBERNETES}"  # hydrophone's default
KUBECTL = '#!/bin/sh\nexec /usr/local/bin/kube kubectl "$@"\n'
ENVIRONMENT = {
    "E2E_FOCUS": r"\[Conformance\]",
    "E2E_SKIP": "",
    "E2E_PROVIDER": "local",
    "E2E_PARALLEL": "1",
    "RESULTS_DIR": "/tmp/results",  # noqa: S108 - inside the image, and what its runner expects
    "KUBECONFIG": "",
}


def prepare(lab: Lab, progress: Progress) -> EndToEnd:
    """Build the tests and give every node of the lab their images."""
    install_packages(progress, PACKAGES)
    programs = build_end_to_end(progress)
    kube = build_programs(DEFAULT_KUBERNETES, progress)
    made = list(_images(programs, kube.kube, kube.pause, progress))
    with progress.step("giving the nodes the images of the end-to-end tests"), ThreadPoolExecutor() as pool:
        list(pool.map(lambda each: lab.load_image(*each), product(lab.nodes, made)))
    return programs


def _images(programs: EndToEnd, kube: Path, pause: Path, progress: Progress) -> Iterator[Image]:
    trees = {
        "agnhost": (_agnhost(programs.agnhost, progress), {"Entrypoint": ["/agnhost"], "Cmd": ["pause"]}),
        "busybox": (images.busybox_tree(), {"Cmd": ["sh"]}),
        "glibc-dns-testing": (_with_tools(), {"Cmd": ["sh"]}),
        "pause": (_pause(pause), {"Entrypoint": ["/pause"]}),
    }
    listed = subprocess.run([programs.e2e_test, "--list-images"], capture_output=True, text=True, check=True)
    for reference in listed.stdout.split():
        name = reference.rpartition("/")[2].partition(":")[0]
        if name in trees and "authenticated" not in reference:
            yield images.make(reference, *trees[name], progress)
    tree, config = _conformance(programs, kube)
    yield images.make(CONFORMANCE, tree, config, progress)


def _with_tools() -> Tree:
    tree = images.busybox_tree()
    tree.link("/bin/sh", "/usr/bin/bash")  # Debian's busybox would run its own nc, whatever PATH says
    tree.file("/etc/nsswitch.conf", "hosts: files dns\n")  # a pod's own name is in its /etc/hosts
    for path, tool in TOOLS.items():
        tree.file(path, tool, 0o755)
    for library in images.shared_libraries(*TOOLS.values()):
        tree.file(str(library), library, 0o755)
    return tree


def _agnhost(program: Path, progress: Progress) -> Tree:
    tree = _with_tools()
    tree.file("/agnhost", program, 0o755)
    certificate = cache.entry(
        "agnhost-certificate",
        lambda place: Authority("agnhost").issue("localhost", [SERVER]).write(place, "localhost"),
        "making the certificate that agnhost serves with",
        progress,
    )
    for name in ("localhost.crt", "localhost.key"):  # its porter looks for them where it is started
        tree.file(f"/{name}", certificate / name)
    tree.link("/agnhost-2", "agnhost")
    tree.directory("/uploads")
    return tree


def _pause(program: Path) -> Tree:
    tree = Tree()
    tree.file("/pause", program, 0o755)
    return tree


def _conformance(programs: EndToEnd, kube: Path) -> tuple[Tree, dict[str, list[str]]]:
    tree = images.busybox_tree()
    tree.file("/usr/local/bin/ginkgo", programs.ginkgo, 0o755)
    tree.file("/usr/local/bin/e2e.test", programs.e2e_test, 0o755)
    tree.file("/usr/local/bin/kubeconformance", programs.go_runner, 0o755)
    tree.file("/usr/local/bin/kube", kube, 0o755)
    tree.file("/usr/local/bin/kubectl", KUBECTL, 0o755)
    tree.directory("/kubernetes")
    variables = [images.PATH, *(f"{name}={value}" for name, value in ENVIRONMENT.items())]
    return tree, {"Env": variables, "Entrypoint": ["kubeconformance"]}
