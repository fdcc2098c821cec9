"""A cluster's authority that ends long before what it is to sign was promised to."""

import time

from lab.faults import certificates, files, leaders, objects, victims
from lab.faults.fault import Fault, Victims
from lab.faults.waiting import until
from lab.handle import Lab

NAME = "ca-ends-early"
PATH = "/etc/kubernetes/pki/ca.crt"
# Where API servers tell others whom they believe: each adds its own to what it finds, and takes nothing out.
BELIEVED = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication"
SETTLED_SECONDS = 3.0
DAYS = 3650  # what kubeadm makes
PUBLISHED = "/api/v1/configmaps?fieldSelector=metadata.name%3Dkube-root-ca.crt"


def inject(lab: Lab, _victims: Victims) -> None:
    """Put one with the same name and key, but an early end, in its place: old certificates stay good."""
    objects.keep(lab, NAME, BELIEVED)
    text = certificates.shortened_authority(lab, DAYS).decode()
    for master in lab.masters:
        files.write(lab, NAME, master, PATH, text)
    _follow(lab)


def heal(lab: Lab, _victims: Victims) -> None:
    """Put the old one back."""
    changed = [files.restore(lab, NAME, master, PATH) for master in lab.masters]
    if any(changed):
        _follow(lab)
        _forget(lab)


def _follow(lab: Lab) -> None:
    """Let the controller-managers read it, and wait until every namespace has it."""
    text = files.read(lab, lab.masters[0], PATH)
    leaders.restart(lab, leaders.CONTROLLER_MANAGER)
    until(
        lambda: all(item["data"]["ca.crt"] == text for item in objects.read(lab, PUBLISHED)["items"]),
        "every namespace has the new kube-root-ca.crt",
    )


def _forget(lab: Lab) -> None:
    """Take it out of what is believed, until every API server has read its file anew and adds it no more."""
    kept = objects.keep(lab, NAME, BELIEVED)["data"]
    since = time.monotonic()

    def settled() -> bool:
        nonlocal since
        if objects.read(lab, BELIEVED)["data"] != kept:
            objects.restore(lab, NAME, BELIEVED)
            since = time.monotonic()
        return time.monotonic() - since > SETTLED_SECONDS

    until(settled, "no API server publishes the short-lived CA any more")


FAULT = Fault(
    name=NAME,
    breaks="The cluster's CA ends in ten years, and certificates for longer are promised.",
    choose=victims.nobody,
    inject=inject,
    heal=heal,
    causes=("ca-ends-early",),
    blames=("CA/kubernetes",),
    red=("certs.authority_valid@api", "certs.issued_for_long_enough"),
)
