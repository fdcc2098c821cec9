"""Questions to CoreDNS over UDP are lost in the whole cluster. Ordinary lookups get no answer."""

from lab.faults import transports

FAULT = transports.blocked_everywhere(
    "dns-udp-blocked",
    protocol="udp",
    breaks="Every node drops DNS over UDP on the way to CoreDNS, and lets TCP through.",
    red=(
        "dns.*@pod:*",
        "dns.each_replica_answers",
        "network.dns_service_over_udp",
    ),
)
