"""New nodes may not ask for a certificate."""

from lab.faults import bindings

FAULT = bindings.missing(
    "binding-bootstrapper-missing",
    role="system:node-bootstrapper",
    breaks="No binding gives a bootstrap token's bearer the role that may request certificates.",
    red=(
        "certs.bootstrap_token_usable@api",
        "certs.token_may_request@api",
        "certs.new_node_gets_certificate",
        "certs.issued_*@rehearsal",
    ),
)
