"""Questions to CoreDNS over TCP are lost when they come from one node."""

from lab.faults import transports

FAULT = transports.blocked_on_node(
    "dns-tcp-blocked-on-node",
    protocol="tcp",
    breaks="One node drops its own DNS over TCP on the way to CoreDNS, and lets UDP through.",
    red=(
        "dns.each_replica_answers@*:{node}",
        "dns.large_answer@pod:{node}",
        "dns.headless_service@pod:{node}",
        "dns.reverse_of_pod@pod:{node}",
        "network.dns_service_over_tcp@*:{node}",
    ),
)
