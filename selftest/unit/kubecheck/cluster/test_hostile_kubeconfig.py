"""A damaged or malicious kubeconfig is refused in one sentence, soon, and without its secrets."""

import random
import time

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kubecheck.cluster.api import Api
from kubecheck.cluster.connection import ConnectionProblem, connect
from kubecheck.cluster.kubeconfig import FILE_LIMIT
from selftest.unit.kubecheck.cluster.conftest import kubeconfig_body

SECRET = "canary-of-the-token"
ADDRESSES = ("https://[::1", "https://h:99999", "file:///etc/passwd", "//", "https://\n", "http://a b")
ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.binary(max_size=8),
    st.lists(st.none() | st.text(max_size=3), max_size=3), st.sampled_from(ADDRESSES),
    st.dictionaries(st.text(max_size=5), st.integers()),
)  # fmt: skip


def places(value, path=()):
    """The path of every value inside ``value``."""
    yield path
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from places(value[key], (*path, key))


def with_changed(value, path, other):
    if not path:
        return other
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = with_changed(value[path[0]], path[1:], other)
    return copy


BODY = kubeconfig_body(token=SECRET)
BODY["users"][0]["user"] |= {"client-certificate-data": "QQ==", "client-key-data": "QQ==", "as-groups": ["a"]}
BODY["clusters"][0]["cluster"] |= {
    "proxy-url": "http://u:canary-of-the-proxy@localhost:1",
    "tls-server-name": "x",
}


def tried(path):
    """What is said of a kubeconfig; empty when it can be used."""
    try:
        assert isinstance(connect(path, None), Api)
    except ConnectionProblem as problem:
        return str(problem)
    return ""


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.sampled_from([*places(BODY)]), other=ANYTHING)
def test_a_value_of_another_kind(kubeconfig, place, other):
    said = tried(kubeconfig(yaml.safe_dump(with_changed(BODY, place, other)).encode()))
    assert "canary" not in said


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_bytes_cut_off_or_spoilt(kubeconfig, seed):
    choose = random.Random(seed)
    text = yaml.safe_dump(BODY).encode()
    place = choose.randrange(len(text))
    said = tried(kubeconfig(text[:place] + choose.choice([b"", choose.randbytes(3) + text[place:]])))
    assert "canary" not in said


def doubling(first, line):
    return first + b"".join(line % (n, n, n - 1, n - 1) for n in range(1, 40))


BOMBS = {
    "aliases": doubling(b"a0: &a0 [x, x]\n", b"a%d: &a%d [*a%d, *a%d]\n"),
    "merges": doubling(b"a0: &a0 {k: v}\n", b"a%d: &a%d {<<: [*a%d, *a%d]}\n"),
    "nesting": b"[" * 20_000,
    "size": b"a: b\n" * (FILE_LIMIT // 5 + 1),
    "itself": b"clusters: &a [*a]\nusers: *a\ncontexts: *a\n",
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=list(BOMBS))
def test_a_bomb(kubeconfig, bomb):
    begun = time.monotonic()
    assert "is it the right file?" in (said := tried(kubeconfig(bomb))) or "damaged" in said
    assert time.monotonic() - begun < 20


def test_a_device_without_end():
    assert "larger than a kubeconfig" in tried("/dev/zero")


def test_credentials_in_the_servers_address_are_refused_and_not_told(kubeconfig):
    body = kubeconfig_body()
    body["clusters"][0]["cluster"]["server"] = "https://someone:canary@api.test:6443"
    said = tried(kubeconfig(yaml.safe_dump(body).encode()))
    assert "holds credentials" in said
    assert "canary" not in said
