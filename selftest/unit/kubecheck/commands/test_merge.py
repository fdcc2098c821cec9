"""``kubecheck merge`` on shards of a real run: its verdict must be that of the whole run."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from kubecheck.cluster.reading import UNREAD
from kubecheck.commands import merge
from kubecheck.shard import Shard
from kubecheck.survey import load_record, save_record
from kubecheck.survey.merging import merged
from selftest.faults.records import read

OF = 3


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The record of a run on a real cluster in which pods of two nodes did not reach each other."""
    path = tmp_path_factory.mktemp("whole") / "record.json"
    path.write_text(next(kept.record for kept in read() if kept.name == "pod-path-missing-both-ways"))
    return path


@pytest.fixture
def shards(whole, tmp_path):
    """Folders with the records that shards of that run would have written."""
    record = load_record(whole)
    names = [node.name for node in record.facts.nodes]
    folders = []
    for number in range(1, OF + 1):
        shard = Shard(number, OF)

        def own(by_vantage, shard=shard):
            places = {v: names.index(v.partition(":")[2]) if ":" in v else 0 for v in by_vantage}
            return {v: what for v, what in by_vantage.items() if shard.holds(places[v])}

        standing = record.standing if number == 1 else replace(record.standing, rehearsal=UNREAD)
        part = replace(
            record, shard=shard, standing=standing, answers=own(record.answers), troubles=own(record.troubles)
        )
        folder = tmp_path / f"shard-{number}"
        folder.mkdir()
        save_record(part, folder / "record.json")
        folders.append(folder)
    return folders


def judged(*arguments, reports):
    command = [sys.executable, "-m", "kubecheck.cli", *map(str, arguments), "--reports", str(reports), "-q"]
    done = subprocess.run([*command, "-p", "no:allure_pytest"], capture_output=True, text=True, timeout=300)
    verdict = json.loads((reports / "verdict.json").read_text())
    results = {(each["id"], each["vantage"]): each["outcome"] for each in verdict["checks"]}
    return done, verdict, results


def test_shards_joined_give_the_verdict_of_one_run(whole, shards, tmp_path, monkeypatch):
    alone, expected, outcomes = judged("--replay", whole, reports=tmp_path / "alone")
    monkeypatch.setenv("KUBECHECK_SHARD", "2/3")  # of the job that runs a shard before
    done, verdict, found = judged("merge", *shards[::-1], reports=tmp_path / "joined")
    assert (done.returncode, found) == (alone.returncode, outcomes)
    assert verdict["causes"] == expected["causes"]
    assert verdict["shard"] == "1/1"
    assert load_record(tmp_path / "joined/record.json").answers == load_record(whole).answers


def test_what_was_asked_of_other_probe_pods_is_not_known(shards):
    records = [load_record(folder / "record.json") for folder in shards]
    other = {name: f"{address}9" for name, address in records[0].standing.services.items()}
    records[0] = replace(records[0], standing=replace(records[0].standing, services=other))
    joined = merged(records)
    assert joined.standing.services == records[1].standing.services
    nodes = [node.name for place, node in enumerate(joined.facts.nodes) if records[0].shard.holds(place)]
    assert {joined.troubles[f"pod:{name}"] for name in nodes} == {
        "shard 1/3 had other probe pods than the others: run all at the same time"
    }
    assert joined.standing.rehearsal == records[0].standing.rehearsal


def test_a_share_judged_alone_says_that_it_is_one(shards, tmp_path):
    done, verdict, found = judged("--replay", shards[1] / "record.json", reports=tmp_path / "share")
    assert verdict["shard"] == "2/3"
    assert "(shard 2/3: the others judge the rest; " in done.stdout.splitlines()[-1]
    assert {vantage.partition(":")[2] for _, vantage in found} == {"k8s-master02", "k8s-node02"}


def test_records_that_do_not_fit_are_said_in_a_sentence(shards, capsys):
    assert merge.main([str(shards[0]), str(shards[0] / "record.json")]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("kubecheck: two records are of shard 1/3 of run ")
    assert said.err.count("\n") == 1


def test_what_a_shard_that_left_no_record_was_to_ask_is_unknown(shards, tmp_path):
    (shards[1] / "record.json").unlink()
    done, verdict, found = judged("merge", *shards, reports=tmp_path / "joined")
    assert (done.returncode, verdict["verdict"]) == (1, "NOT READY")
    assert f"no record.json in {shards[1]}: what that shard was to ask is unknown" in done.stderr
    assert found["network.kubernetes_service_reachable", "pod:k8s-master02"] == "unknown"
    assert found["network.kubernetes_service_reachable", "pod:k8s-master01"] == "passed"


def test_without_any_record_there_is_nothing_to_join(tmp_path, capsys):
    assert merge.main([str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"kubecheck: no shard has left a record.json in {tmp_path}\n"


def test_the_folder_of_the_reports_may_be_a_variable(shards, tmp_path, monkeypatch):
    monkeypatch.setenv("KUBECHECK_REPORTS", str(tmp_path / "joined"))
    command = [sys.executable, "-m", "kubecheck.cli", "merge", *map(str, shards), "-k", "node_ready"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120)
    assert not (tmp_path / "reports").exists()
    assert (tmp_path / "joined/record.json").exists()
    shown = subprocess.run(
        [sys.executable, "-m", "kubecheck.cli", "runbook"], cwd=tmp_path, capture_output=True, text=True
    )
    assert "passed" in shown.stdout, shown.stderr
