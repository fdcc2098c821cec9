"""Nodes may not renew their certificates."""

from lab.faults import bindings

FAULT = bindings.missing(
    "binding-selfnodeclient-missing",
    role="system:certificates.k8s.io:certificatesigningrequests:selfnodeclient",
    breaks="No binding gives the nodes the role whose requests for renewal are approved.",
    red=("certs.renewal_is_approved@api",),
)
