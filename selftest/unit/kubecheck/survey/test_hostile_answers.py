"""Whatever probe pods print, every check is judged: passed, failed, unknown or not applicable."""

import random
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubecheck.outcomes import Outcome
from kubecheck.policy import Policy
from kubecheck.probes import Raw
from kubecheck.survey import load_record
from selftest.faults.records import read
from selftest.unit.kubecheck.judged import all_checks, judged, sites

DIGITS = re.compile(rb"[0-9]+")
JUNK = (
    b"", b"\x00\xff\xfe", b"9" * 5000, b"nan", b"inf", b"1.2.3", b"-1", b"1e999", b" = =", b"|" * 9,
    b'{"a":' * 3000, b"[" * 100_000, b"\xed\xa0\x80",
    "\u202e\u0663\u00b2\x1b[31m<b>&]]>\r\n::error::x%0A".encode(),
)  # fmt: skip
STATUSES = (0, 1, 2, 7, 124, 127, 137, 143, 255, 403, 500)
EVERYTHING = {
    "network": {"ping": True, "network_policy": True},
    "dns": {"outside_name": "example.org", "max_milliseconds": 50},
}


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """A run on a whole cluster of five nodes."""
    path = tmp_path_factory.mktemp("hostile") / "record.json"
    path.write_text(next(kept.record for kept in read() if kept.name == "cordoned-node"))
    return load_record(path)


def changed(output, choose):
    """``output`` cut off, replaced, or with junk in it."""
    junk, place = choose.choice(JUNK), choose.randrange(len(output) + 1)
    return choose.choice(
        [
            lambda: junk,
            lambda: output[:place],
            lambda: output[:place] + junk + output[place:],
            lambda: DIGITS.sub(junk, output),
            lambda: DIGITS.sub(lambda digits: junk if choose.random() < 0.2 else digits[0], output),
            lambda: choose.randbytes(60),
        ]
    )()


class Hostile(dict):
    """Raw answers, all of them spoilt; one that the record does not have is junk too."""

    def __init__(self, answers, choose):
        self.answers, self.choose = answers, choose

    def get(self, key):
        raw = self.answers.get(key, Raw(0, b"", 0.1))
        status = self.choose.choice((raw.status, *STATUSES))
        return replace(raw, status=status, output=changed(raw.output, self.choose))


@settings(max_examples=3)
@given(seed=st.integers(0, 2**32))
def test_every_check_is_judged(record, seed):
    policy = Policy.model_validate(record.policy.model_dump() | EVERYTHING, strict=False)
    choose = random.Random(seed)
    outcomes = set()
    asked = {"", *(node.name for node in record.facts.nodes[::4])}  # a master and a worker
    for check in all_checks():
        for site in sites(check, record.facts, policy, record.standing):
            if site.vantage.node not in asked:
                continue
            answers = Hostile(record.answers.get(str(site.vantage), {}), choose)
            outcomes.add(judged(check, site, answers).outcome)
    assert outcomes == set(Outcome)
