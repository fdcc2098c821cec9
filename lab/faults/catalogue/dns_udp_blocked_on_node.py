"""Questions to CoreDNS over UDP are lost when they come from one node."""

from lab.faults import transports

FAULT = transports.blocked_on_node(
    "dns-udp-blocked-on-node",
    protocol="udp",
    breaks="One node drops its own DNS over UDP on the way to CoreDNS, and lets TCP through.",
    red=(
        "dns.*@pod:{node}",
        "dns.each_replica_answers@node:{node}",
        "network.dns_service_over_udp@*:{node}",
    ),
)
