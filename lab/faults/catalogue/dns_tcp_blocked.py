"""Questions to CoreDNS over TCP are lost in the whole cluster.

Only answers that do not fit into a datagram are missed, which small lookups never show.
"""

from lab.faults import transports

FAULT = transports.blocked_everywhere(
    "dns-tcp-blocked",
    protocol="tcp",
    breaks="Every node drops DNS over TCP on the way to CoreDNS, and lets UDP through.",
    red=(
        "dns.each_replica_answers",
        "dns.large_answer",
        "dns.headless_service",
        "dns.reverse_of_pod",
        "network.dns_service_over_tcp",
    ),
)
