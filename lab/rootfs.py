"""A machine's root filesystem: the host's /usr, and an /etc and /var of its own."""

from ipaddress import IPv4Address
from pathlib import Path

DIRECTORIES = (
    "dev", "proc", "run", "sys", "usr", "root", "opt/kubernetes/bin", "opt/cni",
    "etc/kubernetes/pki", "etc/cni/net.d", "etc/containerd", "etc/haproxy",
    "var/lib/kubelet", "var/lib/containerd", "var/lib/cni", "var/log/pods", "var/log/containers", "var/tmp",
)  # fmt: skip
LINKS = {
    "bin": "usr/bin",
    "sbin": "usr/sbin",
    "lib": "usr/lib",
    "lib64": "usr/lib64",
    "var/run": "../run",
    "etc/os-release": "../usr/lib/os-release",
    "etc/mtab": "../proc/self/mounts",
    "opt/cni/bin": "/usr/lib/cni",
}
FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n",
    "etc/group": "root:x:0:\nhaproxy:x:101:\nnogroup:x:65534:\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}


def make(root: Path, name: str, hosts: dict[str, IPv4Address], nameserver: IPv4Address) -> None:
    """Make the tree at ``root`` for the machine ``name``; every machine knows ``hosts`` by name."""
    for directory in DIRECTORIES:
        (root / directory).mkdir(parents=True, exist_ok=True)
    (root / "tmp").mkdir()
    (root / "tmp").chmod(0o1777)
    for link, target in LINKS.items():
        (root / link).symlink_to(target)
    for file, text in FILES.items():
        (root / file).write_text(text)
    # Debian chooses iptables' flavour by links in /etc/alternatives, which /usr/sbin/iptables points to.
    alternatives = root / "etc/alternatives"
    alternatives.mkdir()
    for choice in Path("/etc/alternatives").iterdir():
        if choice.is_symlink():
            (alternatives / choice.name).symlink_to(choice.readlink())
    lines = ["127.0.0.1 localhost", *(f"{address} {host}" for host, address in hosts.items())]
    (root / "etc/hosts").write_text("\n".join(lines) + "\n")
    (root / "etc/hostname").write_text(name + "\n")
    (root / "etc/resolv.conf").write_text(f"nameserver {nameserver}\n")
