"""Certificates as values: what stands in one, whom it is for, and whether one leads to another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Any


@dataclass(frozen=True)
class Certificate:
    """An X.509 certificate. Names are RFC 4514 strings, times are in UTC.

    ``names`` and ``addresses`` are those of its subject alternative name: the common name counts
    for no client that is in use today.
    """

    pem: str
    subject: str
    issuer: str
    common_name: str
    organizations: tuple[str, ...]
    begins: datetime
    ends: datetime
    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()

    @classmethod
    def from_der(cls, der: bytes) -> Certificate:
        """Raises ValueError for what is no certificate."""
        from cryptography import x509

        with as_value_errors():
            return _certificate(x509.load_der_x509_certificate(der))

    @classmethod
    def from_pem(cls, pem: str) -> tuple[Certificate, ...]:
        """All certificates of a bundle. Raises ValueError when it holds none, or something else."""
        from cryptography import x509

        with as_value_errors():
            return tuple(map(_certificate, x509.load_pem_x509_certificates(pem.encode())))

    @property
    def self_signed(self) -> bool:
        """True when subject and issuer are the same."""
        return self.subject == self.issuer

    def days_left(self, now: datetime) -> float:
        """Days from ``now`` to its end; negative when it is over."""
        return (self.ends - now).total_seconds() / 86400

    def covers(self, host: str) -> bool:
        """Whether a client that connects to ``host``, a name or an address, accepts it."""
        try:
            wanted = ip_address(host)
        except ValueError:
            return any(_matches(name.lower(), host.lower().rstrip(".")) for name in self.names)
        return any(ip_address(address) == wanted for address in self.addresses)

    def signed_by(self, authority: Certificate) -> bool:
        """Whether ``authority`` is its issuer by name, and signed it."""
        from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

        try:
            _loaded(self).verify_directly_issued_by(_loaded(authority))
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            return False
        return True

    @property
    def strict_problems(self) -> tuple[str, ...]:
        """What a strict verifier misses in it as a CA (RFC 5280): Python 3.13 is one by default."""
        from cryptography import x509

        found = []
        extensions = _loaded(self).extensions
        for wanted, what in (
            (x509.KeyUsage, "key usage"),
            (x509.BasicConstraints, "basic constraints"),
            (x509.SubjectKeyIdentifier, "subject key identifier"),
        ):
            try:
                extensions.get_extension_for_class(wanted)
            except x509.ExtensionNotFound:
                found.append(f"no {what}")
        return tuple(found)


def lasting_path(
    chain: Sequence[Certificate], authorities: Sequence[Certificate], now: datetime
) -> tuple[Certificate, ...]:
    """The way from ``chain``'s first to ``authorities`` that is valid longest; empty when there is none.

    A client needs one way only, and there are several where CAs are cross-signed or being replaced. The
    way ends at a CA that no other of ``authorities`` signed: Go is content with the first that it knows,
    and OpenSSL goes on from there.
    Source: https://docs.openssl.org/3.0/man3/X509_VERIFY_PARAM_set_flags/ (X509_V_FLAG_PARTIAL_CHAIN)
    """
    path, arrives = _climb(chain, authorities, now)
    return path if arrives else ()


def first_to_end(path: Iterable[Certificate], now: datetime) -> Certificate:
    """The one that makes ``path`` invalid: where all have begun by ``now``, the one that ends first."""
    return min(path, key=lambda each: (each.begins <= now, each.ends))


def authority_in_use(
    authorities: Sequence[Certificate], issued: Iterable[Sequence[Certificate]], now: datetime
) -> Certificate:
    """The one of ``authorities`` whose end counts: of those that chains in ``issued`` need, the first to end.

    Where it is not known that any is needed, the one that ends last: an old one may be left beside it.
    """
    used = [each for chain in issued for each in lasting_path(chain, authorities, now) if each in authorities]
    return first_to_end(used, now) if used else max(authorities, key=lambda each: each.ends)


def chain_problem(
    chain: Sequence[Certificate], authorities: Sequence[Certificate], now: datetime, days: float = 0
) -> str:
    """Why ``chain``, the server's own first, leads to none of ``authorities``; empty when it does.

    Every certificate on the way must be valid at ``now`` and for more than ``days`` from then.
    """
    path, arrives = _climb(chain, authorities, now)
    if arrives:
        weakest = first_to_end(path, now)
        if weakest.begins > now:
            return f"{weakest.subject} on the way there begins {weakest.begins:%Y-%m-%d %H:%M} UTC"
        if (left := weakest.days_left(now)) <= days:
            wanted = f"; expected are {days:g} more" if days else ""
            when = f"{weakest.ends:%Y-%m-%d %H:%M} UTC, in {left:.1f} days"
            return f"{weakest.subject} on the way there ends {when}{wanted}"
        return ""
    last = path[-1]
    namesake = next((known for known in authorities if known.subject == last.issuer), None)
    if namesake:
        return f"{last.subject} is signed by another key than that of the CA {namesake.subject}"
    if last.self_signed:
        return f"{last.subject} is signed by itself"
    known = ", ".join(authority.subject for authority in authorities) or "none"
    return f"{last.subject} is signed by {last.issuer}, which is not the CA ({known})"


def _climb(
    chain: Sequence[Certificate], authorities: Sequence[Certificate], now: datetime
) -> tuple[tuple[Certificate, ...], bool]:
    """What ``lasting_path`` finds, and True; or the last way that was tried, and False."""

    def lasts(path: tuple[Certificate, ...]) -> tuple[bool, datetime]:
        weakest = first_to_end(path, now)
        return weakest.begins <= now, weakest.ends

    path: tuple[Certificate, ...] = (chain[0],)
    paths, seen = [path], set[Certificate]()
    while paths:
        # No way gets better as it grows: the first that arrives is the best.
        path = max(paths, key=lasts)
        paths.remove(path)
        last = path[-1]
        if last in seen:
            continue
        seen.add(last)
        above = [
            each
            for each in dict.fromkeys((*authorities, *chain[1:]))
            if each not in path and last.signed_by(each)
        ]
        if last in authorities and (last.self_signed or not any(each in authorities for each in above)):
            return path, True
        paths += [(*path, each) for each in above]
    return path, False


def missing_names(certificate: Certificate, hosts: Iterable[str]) -> list[str]:
    """Those of ``hosts``, names and addresses, for which ``certificate`` is not valid."""
    return [host for host in hosts if not certificate.covers(host)]


@contextmanager
def as_value_errors() -> Iterator[None]:
    """Of what is wrong with a certificate, only a part is a ValueError to the library."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        yield
    except (
        TypeError,
        UnsupportedAlgorithm,
        x509.DuplicateExtension,
        x509.InvalidVersion,
        x509.UnsupportedGeneralNameType,
    ) as problem:
        raise ValueError(str(problem)) from None


def _certificate(found: Any) -> Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import NameOID

    try:
        alternative = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        alternative = x509.SubjectAlternativeName([])
    common = found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    organizations = found.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return Certificate(
        pem=found.public_bytes(Encoding.PEM).decode(),
        subject=found.subject.rfc4514_string(),
        issuer=found.issuer.rfc4514_string(),
        common_name=str(common[0].value) if common else "",
        organizations=tuple(str(each.value) for each in organizations),
        begins=found.not_valid_before_utc,
        ends=found.not_valid_after_utc,
        names=tuple(alternative.get_values_for_type(x509.DNSName)),
        addresses=tuple(str(each) for each in alternative.get_values_for_type(x509.IPAddress)),
    )


def _loaded(certificate: Certificate) -> Any:
    from cryptography import x509

    return x509.load_pem_x509_certificate(certificate.pem.encode())


def _matches(pattern: str, host: str) -> bool:
    if pattern.startswith("*."):
        return pattern[1:] == host[host.find(".") :] and "." in host
    return pattern == host
