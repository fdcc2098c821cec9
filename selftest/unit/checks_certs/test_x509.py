"""Certificates as values."""

import base64
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from kubecheck.probes import Certificate
from kubecheck.probes.x509 import (
    authority_in_use,
    chain_problem,
    first_to_end,
    lasting_path,
    missing_names,
)
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
    assert chain_problem((leaf,), (NAMESAKE, CA), NOW) == ""
    between = certificate("between")
    below = certificate("below", issuer="between")
    assert chain_problem((below, between), (CA,), NOW) == ""
    assert "signed by CN=between" in chain_problem((below,), (CA,), NOW)
    assert "signed by itself" in chain_problem((certificate("self", issuer="self"),), (CA,), NOW)
    assert "signed by CN=kubernetes, which is not the CA (none)" in chain_problem((leaf,), (), NOW)
    assert "another key than that of the CA CN=kubernetes" in chain_problem((leaf,), (NAMESAKE,), NOW)


LEAF = certificate("leaf", issuer="between")
BETWEEN, BETWEEN_ENDING = certificate("between", days=1000), certificate("between", days=2)
CA_ENDED, CA_ENDING = certificate("kubernetes", days=-0.5), certificate("kubernetes", days=3)
CROSS_ENDED = certificate("kubernetes", issuer="older", days=-0.5)
OLDER = certificate("older", issuer="older", days=9)
ROUND, ABOUT = certificate("round", issuer="about"), certificate("about", issuer="round")


@pytest.mark.parametrize(
    ("chain", "authorities", "first"),
    [
        ((LEAF, BETWEEN), (CA,), LEAF),
        ((LEAF, BETWEEN_ENDING), (CA,), BETWEEN_ENDING),
        ((LEAF, BETWEEN), (CA_ENDING,), CA_ENDING),
        ((LEAF, BETWEEN), (CA_ENDED,), CA_ENDED),
        # One that is left beside the one in use is no harm, and one with another key no help.
        ((LEAF, BETWEEN), (CA_ENDED, CA), LEAF),
        ((LEAF, BETWEEN), (CA, CA_ENDED), LEAF),
        ((LEAF, BETWEEN), (NAMESAKE, CA_ENDING), CA_ENDING),
        # Both ways up are open, by what the server sends and by what the client has.
        ((LEAF, BETWEEN_ENDING, BETWEEN), (CA,), LEAF),
        ((LEAF, BETWEEN_ENDING), (CA, BETWEEN), LEAF),
        # An intermediate that the client has leads on to its root.
        ((LEAF,), (CA, BETWEEN_ENDING), BETWEEN_ENDING),
        ((LEAF,), (CA_ENDED, BETWEEN), CA_ENDED),
        ((LEAF,), (BETWEEN,), LEAF),
        # Signed by the CA before, too: it has a way of its own, and needs that one only where it has not.
        ((LEAF, BETWEEN, CROSS_ENDED), (CA, OLDER), LEAF),
        ((LEAF, BETWEEN, CROSS_ENDED), (CA_ENDING, OLDER), CA_ENDING),
        ((LEAF, BETWEEN, CROSS_ENDED), (OLDER,), CROSS_ENDED),
        ((certificate("leaf", issuer="round"),), (ROUND, ABOUT), None),
        ((certificate("self", issuer="self"),), (), None),
    ],
)
def test_of_all_ways_the_one_counts_that_is_valid_longest(chain, authorities, first):
    path = lasting_path(chain, authorities, NOW)
    if first:
        assert first_to_end(path, NOW) == first
    problem = chain_problem(chain, authorities, NOW, days=7)
    if first and first.days_left(NOW) <= 7:
        assert f"{first.subject} on the way there ends {first.ends:%Y-%m-%d}" in problem
        assert "expected are 7 more" in problem
    else:
        assert bool(problem) == (path == ())


def test_what_has_not_begun_is_no_way_where_there_is_another():
    early = certificate("kubernetes", days=9000, begins=NOW + timedelta(days=5))
    assert chain_problem((certificate("leaf"),), (early, CA), NOW) == ""
    assert "on the way there begins 2026-11-28" in chain_problem((certificate("leaf"),), (early,), NOW)


def test_the_authority_whose_end_counts():
    mine = (certificate("leaf"),)
    assert authority_in_use((CA_ENDING, NAMESAKE), [mine], NOW) == CA_ENDING
    assert authority_in_use((CA_ENDED, CA), [mine], NOW) == CA
    assert authority_in_use((CA, BETWEEN_ENDING), [mine, (LEAF,)], NOW) == BETWEEN_ENDING
    # Nothing is known to need either.
    assert authority_in_use((CA_ENDING, CA), [], NOW) == CA
    assert authority_in_use((OLDER, NAMESAKE), [mine], NOW) == NAMESAKE


def test_days_and_what_strict_verifiers_miss():
    assert certificate("leaf", days=10).days_left(NOW) == 10
    assert CA.strict_problems == ()
    plain = certificate("kubernetes", plain=True)
    assert plain.strict_problems == ("no key usage", "no basic constraints", "no subject key identifier")
