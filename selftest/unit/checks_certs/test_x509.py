"""Certificates as values."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from kubecheck.probes import Certificate
from kubecheck.probes.x509 import chain_problem, missing_names
from selftest.unit.checks_certs.conftest import CA, NAMESAKE, NOW, certificate


def test_a_certificate_survives_the_record():
    adapter = TypeAdapter(Certificate)
    mine = certificate("system:node:n1", ("n1", "10.0.0.1", "fd00::1"), organization="system:nodes")
    assert adapter.validate_python(adapter.dump_python(mine, mode="json")) == mine
    assert (mine.common_name, mine.organizations) == ("system:node:n1", ("system:nodes",))
    assert Certificate.from_pem(mine.pem + CA.pem) == (mine, CA)


@pytest.mark.parametrize("pem", ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_what_is_no_certificate_is_a_value_error(pem):
    with pytest.raises(ValueError, match=r".+"):
        Certificate.from_pem(pem)


@settings(max_examples=300)
@given(changes=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=3))
@pytest.mark.filterwarnings("ignore")
def test_a_damaged_certificate_is_one_or_a_value_error(changes):
    der = bytearray(pem_body(certificate("n1", ("n1", "10.0.0.1"), organization="o").pem))
    for place, value in changes:
        der[place % len(der)] = value
    try:
        found = Certificate.from_der(bytes(der))
    except ValueError:
        return
    assert not found.signed_by(CA) or found.issuer == CA.subject


# What Go takes and the library does not, as an error of its own.
@pytest.mark.parametrize(
    ("old", "new"),
    [(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x55"), (b"\x06\x03\x55\x1d\x0f", b"\x06\x03\x55\x1d\x11")],
    ids=["an unknown version", "an extension twice"],
)
def test_errors_of_the_library_are_value_errors(old, new):
    with pytest.raises(ValueError, match=r".+"):
        Certificate.from_der(pem_body(CA.pem).replace(old, new).replace(b"\x06\x03\x55\x1d\x0e", new))


def pem_body(pem):
    return base64.b64decode("".join(line for line in pem.splitlines() if "-----" not in line))


def test_names_and_addresses_are_covered_as_clients_see_it():
    mine = certificate("kubernetes.default", ("n1", "*.example.org", "10.0.0.1", "fd00::1"))
    hosts = ["N1", "a.example.org", "10.0.0.1", "fd00:0::1"]
    assert missing_names(mine, hosts) == []
    # The common name counts for nobody, and a star for one label only.
    wrong = ["kubernetes.default", "a.b.example.org", "example.org", "10.0.0.2"]
    assert missing_names(mine, wrong) == wrong


def test_a_chain_leads_to_a_ca_directly_and_by_way_of_others():
    leaf = certificate("leaf")
    assert chain_problem((leaf,), (NAMESAKE, CA)) == ""
    between = certificate("between")
    below = certificate("below", issuer="between")
    assert chain_problem((below, between), (CA,)) == ""
    assert "signed by CN=between" in chain_problem((below,), (CA,))
    assert "signed by itself" in chain_problem((certificate("self", issuer="self"),), (CA,))
    assert "signed by CN=kubernetes, which is not the CA (none)" in chain_problem((leaf,), ())


def test_days_and_what_strict_verifiers_miss():
    assert certificate("leaf", days=10).days_left(NOW) == 10
    assert CA.strict_problems == ()
    plain = certificate("kubernetes", plain=True)
    assert plain.strict_problems == ("no key usage", "no basic constraints", "no subject key identifier")
