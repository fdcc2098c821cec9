"""What the lab asks of the machine: Linux, root, some kernel features and Debian packages.

``python -m lab.machine`` installs the packages and says what else is missing.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from lab.errors import LabError
from lab.progress import Progress

PACKAGES = (
    "busybox-static",
    "conntrack",
    "containerd",
    "containernetworking-plugins",
    "docker.io",
    "e2fsprogs",  # mkfs.ext4
    "ebtables",
    "haproxy",
    "iproute2",
    "iptables",
    "kmod",
    "libc-bin",  # ldd
    "libnginx-mod-stream",
    "mount",
    "nftables",
    "nginx",
    "procps",
    "runc",
    "socat",
    "util-linux",  # nsenter and unshare
)
# The services that Debian starts with some of them, and starts again at boot.
SERVICES = {
    "containerd": ("containerd.service",),
    "docker.io": ("docker.service", "docker.socket"),
    "haproxy": ("haproxy.service",),
    "nginx": ("nginx.service",),
}
COMMANDS = (
    "busybox", "conntrack", "containerd", "ctr", "dockerd", "haproxy", "ip", "iptables", "mkfs.ext4", "mount",
    "nft", "nginx", "nsenter", "runc", "socat", "unshare",
)  # fmt: skip
CNI_PLUGINS = tuple(
    Path("/usr/lib/cni") / name for name in ("bridge", "host-local", "loopback", "portmap", "ptp")
)
NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "uts")
CONTROLLERS = {"cpu", "cpuset", "memory", "pids"}
# Tried in a network namespace of their own, which makes the kernel load what is a module.
NETWORK_FEATURES = {
    "bridges": "ip link add probe0 type bridge",
    "veth pairs": "ip link add probe0 type veth peer name probe1",
    "VXLAN": "ip link add probe0 type vxlan id 1 dstport 4789",
    "iptables NAT": "iptables --wait -t nat -A POSTROUTING -m comment --comment probe -j MASQUERADE",
    "connection tracking": "iptables --wait -A OUTPUT -m conntrack --ctstate NEW -j ACCEPT",
    "nftables": "nft add table ip probe",
}
# On a tmpfs, as the file system below may itself be an overlay, on which none can be stacked.
OVERLAY = (
    'mount -t tmpfs probe "$0" && mkdir "$0/lower" "$0/upper" "$0/work" "$0/all" && mount -t overlay '
    'probe -o "lowerdir=$0/lower,upperdir=$0/upper,workdir=$0/work" "$0/all"'
)
POLICY_RC_D = Path("/usr/sbin/policy-rc.d")


def require_machine() -> None:
    """Raise LabError with one sentence when the machine cannot carry a lab."""
    if sys.platform != "linux":
        raise LabError("The lab needs Linux, because its nodes are namespaces of the Linux kernel.")
    if os.geteuid() != 0:
        raise LabError("The lab needs root, to make namespaces and mounts: run it with sudo or as root.")
    if missing := missing_programs():
        raise LabError(
            f"The lab needs programs that are not installed ({', '.join(missing)}): run `make packages`."
        )
    if missing := missing_features():
        raise LabError(
            f"This machine cannot carry the lab: its kernel, or the container it runs in, lacks "
            f"{', '.join(missing)}; use a virtual machine with Debian's own kernel."
        )


def missing_programs() -> list[str]:
    """Name the commands and CNI plugins that the lab runs and the machine lacks."""
    commands = [name for name in COMMANDS if shutil.which(name) is None]
    return commands + [str(plugin) for plugin in CNI_PLUGINS if not plugin.exists()]


def missing_features() -> list[str]:
    """Name the kernel features that the lab uses and cannot have here, with what the attempt said."""
    missing = [f"{name} namespaces" for name in NAMESPACES if not Path(f"/proc/self/ns/{name}").exists()]
    if missing:
        return missing
    for what, command in NETWORK_FEATURES.items():
        if reason := _failure("--net", command):
            missing.append(f"{what} ({reason})")
    with tempfile.TemporaryDirectory(prefix="kubecheck-lab-") as scratch:
        if reason := _failure("--mount", OVERLAY, scratch):
            missing.append(f"overlayfs ({reason})")
    controllers = cgroup_controllers(Path("/proc/cgroups").read_text(), _unified_controllers())
    if lacking := sorted(CONTROLLERS - controllers):
        missing.append(f"the cgroup controllers {', '.join(lacking)}")
    return missing


def cgroup_controllers(proc_cgroups: str, unified: str) -> set[str]:
    """Read which controllers there are: /proc/cgroups' enabled ones, and the unified hierarchy's."""
    rows = [line.split() for line in proc_cgroups.splitlines() if not line.startswith("#")]
    return {row[0] for row in rows if row[3] == "1"} | set(unified.split())


def _unified_controllers() -> str:
    listed = Path("/sys/fs/cgroup/cgroup.controllers")
    return listed.read_text() if listed.exists() else ""


def _failure(namespace: str, script: str, *arguments: str) -> str:
    """Run a script in a namespace of its own; what it said last if it failed, nothing if it worked."""
    probe = subprocess.run(
        ["unshare", namespace, "sh", "-c", script, *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    if probe.returncode == 0:
        return ""
    return (probe.stdout.strip().splitlines() or [f"exit code {probe.returncode}"])[-1]


def install_packages(progress: Progress, packages: Sequence[str] = PACKAGES) -> None:
    """Install the Debian packages that are needed and the machine lacks, starting no service."""
    installed = installed_packages(packages)
    missing = [package for package in packages if package not in installed]
    if not missing:
        return
    if os.geteuid() != 0:
        raise LabError(f"Only root can install Debian's {', '.join(missing)}: run this with sudo or as root.")
    with _services_stay_stopped(), progress.step(f"installing Debian's {', '.join(missing)}"):
        _apt_get("update")
        _apt_get("install", "--yes", "--no-install-recommends", *missing)
    if Path("/run/systemd/system").exists():
        # What was just installed for the lab's own nodes has no business at this machine's next boot.
        for package in set(SERVICES) & set(missing):
            subprocess.run(["systemctl", "disable", *SERVICES[package]], capture_output=True, check=True)


def installed_packages(packages: Sequence[str]) -> set[str]:
    """Ask dpkg which of these packages are installed."""
    try:
        done = subprocess.run(
            ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *packages],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise LabError(
            "The lab is made of Debian's packages and there is no dpkg here: use Debian 12."
        ) from error
    rows = [line.split() for line in done.stdout.splitlines()]
    return {row[0] for row in rows if row[1:] == ["installed"]}


def _apt_get(*arguments: str) -> None:
    done = subprocess.run(
        ["apt-get", "--quiet", "--option=DPkg::Lock::Timeout=300", *arguments],
        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
    )  # fmt: skip
    if done.returncode:
        ending = "\n".join(done.stdout.splitlines()[-10:])
        raise LabError(f"`apt-get {' '.join(arguments)}` failed; mend what it says and try again:\n{ending}")


@contextmanager
def _services_stay_stopped() -> Iterator[None]:
    """Hold Debian's hook that forbids packages to start services, unless the machine has its own."""
    if POLICY_RC_D.exists():
        yield
        return
    POLICY_RC_D.write_text("#!/bin/sh\nexit 101\n")
    POLICY_RC_D.chmod(0o755)
    try:
        yield
    finally:
        POLICY_RC_D.unlink()


if __name__ == "__main__":
    try:
        install_packages(Progress())
        require_machine()
    except LabError as trouble:
        sys.exit(str(trouble))
