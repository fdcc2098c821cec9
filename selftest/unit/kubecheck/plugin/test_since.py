"""Runs tell what became different since the one before."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from kubecheck.cluster.reading import Reading
from kubecheck.policy import Policy
from kubecheck.survey import Record, save_record

NIGHTS = ("2026-01-01T02:00:00+00:00", "2026-01-02T02:00:00+00:00")


@pytest.fixture
def night(facts, tmp_path):
    """Judges a run of one check, which passes or fails, into the same folder as the nights before."""

    def judge(number, *more, healthy=True, server="https://vip:8443"):
        address = "10.96.0.10" if healthy else "10.96.0.53"
        found = replace(
            facts,
            server=server,
            service_cidrs=Reading(problem="not there", absent=True),
            dns_service=Reading(replace(facts.dns_service.value, cluster_ips=(address,))),
        )
        path = tmp_path / f"{number}.json"
        save_record(Record(f"night{number}", NIGHTS[number], Policy(), found), path)
        ran = subprocess.run(
            [sys.executable, "-m", "kubecheck.cli", "--replay", path, "-k", "dns_service_address", *more],
            cwd=tmp_path, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        return ran.stdout, json.loads((tmp_path / "reports/verdict.json").read_text())

    return judge


def test_the_next_run_tells_what_broke(night):
    said, verdict = night(0, "-q")
    assert "since run" not in said
    assert verdict["since"] is None
    said, verdict = night(1, "-q", healthy=False)
    assert (
        "\nsince run night0, 2026-01-01 02:00 UTC, READY: 1 broke\n  broke: dns.dns_service_address\n" in said
    )
    assert verdict["since"]["run"] == "night0"
    assert verdict["since"]["worse"] is True
    assert verdict["since"]["broke"][0]["check"] == "dns.dns_service_address"
    said, verdict = night(1, "-q")
    assert "since run" not in said, "the same run, judged again, is no later one"


def test_nights_without_a_verdict_are_passed_over(night, tmp_path):
    night(0, "-q")
    for _ in range(2):
        _, verdict = night(1, "-q", "--policy", "nowhere.toml")
        assert verdict["verdict"] == "NO VERDICT"
    said, verdict = night(1, "-q", healthy=False)
    assert "\nsince run night0, 2026-01-01 02:00 UTC, READY: 1 broke\n" in said
    assert verdict["since"]["run"] == "night0"
    assert {path.name for path in (tmp_path / "reports").glob("verdict*")} == {"verdict.html", "verdict.json"}


def test_a_run_of_another_cluster_is_no_run_before(night):
    night(0, "-q", server="https://other:6443")
    said, verdict = night(1, "-q")
    assert "since run" not in said
    assert verdict["since"] is None


def test_the_run_to_compare_with_can_be_named(night, tmp_path):
    night(0, "-q", healthy=False)
    (tmp_path / "reports/verdict.json").rename(tmp_path / "good.json")
    said, verdict = night(1, "-v", "--compare-with", "good.json")
    assert "\nhealed:\n  dns.dns_service_address at api: failed, now passed\n" in said
    assert verdict["since"]["healed"]


def test_a_run_does_not_begin_when_what_it_is_compared_with_is_missing(night, tmp_path):
    (tmp_path / "reports").mkdir()
    said, verdict = night(1, "-q", "--compare-with", "good.json")
    assert said.endswith("verdict: NO VERDICT (good.json does not exist: name the verdict.json of a run)\n")
    assert verdict["verdict"] == "NO VERDICT"


def test_a_report_of_the_past_that_cannot_be_read_is_no_obstacle(night, tmp_path):
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports/verdict.json").write_text("{")
    said, verdict = night(1, "-q")
    assert verdict["verdict"] == "READY"
    assert verdict["since"] is None
    assert "since run" not in said
