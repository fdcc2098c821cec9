"""TLS cipher suites by their IANA names, as Kubernetes' flags carry them, up to TLS 1.2.

Source: https://www.iana.org/assignments/tls-parameters/
"""

from __future__ import annotations

from collections.abc import Iterable

SUITES = {
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": 0xC02B,
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": 0xC02C,
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": 0xC02F,
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": 0xC030,
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": 0xCCA8,
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": 0xCCA9,
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256": 0xC023,
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256": 0xC027,
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": 0xC009,
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": 0xC00A,
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": 0xC013,
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": 0xC014,
    "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA": 0xC012,
    "TLS_ECDHE_RSA_WITH_RC4_128_SHA": 0xC011,
    "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA": 0xC007,
    "TLS_RSA_WITH_AES_128_GCM_SHA256": 0x009C,
    "TLS_RSA_WITH_AES_256_GCM_SHA384": 0x009D,
    "TLS_RSA_WITH_AES_128_CBC_SHA256": 0x003C,
    "TLS_RSA_WITH_AES_128_CBC_SHA": 0x002F,
    "TLS_RSA_WITH_AES_256_CBC_SHA": 0x0035,
    "TLS_RSA_WITH_3DES_EDE_CBC_SHA": 0x000A,
    "TLS_RSA_WITH_RC4_128_SHA": 0x0005,
}

ALIASES = {
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305": "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305": "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
}
"""Names that Kubernetes' flags take besides the IANA's."""

TLS13 = frozenset({
    "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
})  # fmt: skip
"""Kubernetes' flags take these too, and they mean nothing there: Go has all of them on in TLS 1.3.

Source: https://pkg.go.dev/crypto/tls#Config (CipherSuites: "TLS 1.3 ciphersuites are not configurable")
"""

STRONG = tuple(name for name in SUITES if "ECDHE" in name and ("GCM" in name or "CHACHA" in name))
"""Forward secrecy and authenticated encryption: what any server of today accepts one of."""

WEAK = tuple(name for name in SUITES if name not in STRONG)
"""Without the one or the other: CBC, RC4, 3DES, or a key exchange by the server's RSA key."""

NAMES = {number: name for name, number in SUITES.items()}


def canonical(name: str) -> str:
    """The IANA's name of a suite."""
    return ALIASES.get(name, name)


def known_suite(name: str) -> bool:
    """Whether it is a suite that can be offered."""
    return canonical(name) in SUITES


def weak_suites(besides: Iterable[str] = ()) -> tuple[str, ...]:
    """All weak suites but those in ``besides``."""
    allowed = set(map(canonical, besides))
    return tuple(name for name in WEAK if name not in allowed)
