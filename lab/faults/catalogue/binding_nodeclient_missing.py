"""New nodes may ask for a certificate, and nobody approves it."""

from lab.faults import bindings

FAULT = bindings.missing(
    "binding-nodeclient-missing",
    role="system:certificates.k8s.io:certificatesigningrequests:nodeclient",
    breaks="No binding gives a bootstrap token's bearer the role whose requests are approved.",
    red=(
        "certs.token_is_approved@api",
        "certs.new_node_gets_certificate",
        "certs.issued_*@rehearsal",
    ),
)
