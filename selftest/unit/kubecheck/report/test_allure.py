import json
import re
from dataclasses import replace

import pytest

from kubecheck.outcomes import Outcome, Target
from kubecheck.probes import Raw
from kubecheck.report.allure import LONG, TARGETS, AllureFolder

FAILED = Outcome.FAILED
DNS = "dns A x of 10.96.0.10 over udp"


@pytest.fixture
def folder(tmp_path):
    """Where Allure's results lie."""
    folder = tmp_path / "reports/allure-results"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def completed(folder, ended):
    """Results as allure-pytest makes them, completed, by vantage."""

    def make(*results, causes=(), answers=None):
        allure = AllureFolder(folder)
        for result in results:
            body = {
                "name": "test_pod_to_pod[x]",
                "description": "Every pod.\n\n    Why.\n    ",
                "parameters": [{"name": "vantage", "value": result.vantage}],
                "labels": [{"name": "host", "value": "ci"}, {"name": "thread", "value": "1"}],
                "status": "failed",
                "statusDetails": {"message": "AssertionError: no answer"},
                "start": 1000,
                "stop": 99_000,
            }
            allure.write(body, result, ended([]).run, (answers or {}).get(result.vantage, {}))
        allure.finish(ended(results, causes))
        bodies = [json.loads(file.read_text()) for file in folder.glob("*-result.json")]
        return {body["parameters"][0]["value"]: body for body in bodies}

    return make


def labels(body):
    return {(label["name"], label["value"]) for label in body["labels"]}


def text(folder, attachment):
    return (folder / attachment["source"]).read_text()


def test_a_result_gets_its_title_its_labels_and_its_own_time(completed, result):
    body = completed(result())["pod:node1"]
    assert body["name"] == "Every pod reaches a pod on every node [pod:node1]"
    assert body["description"] == "Every pod.\n\nWhy.\n\nNext steps:\n- kubectl get nodes"
    assert body["stop"] - body["start"] == 250
    assert labels(body) == {
        ("epic", "network"),
        ("feature", "R13: pods reach pods: same and other namespaces and nodes"),
        ("story", "Every pod reaches a pod on every node"),
        ("parentSuite", "network"),
        ("suite", "network.pod_to_pod"),
        ("severity", "critical"),
        ("host", "node1"),
        ("tag", "R13"),
        ("thread", "1"),
    }


def test_links_lead_to_the_runbook_and_to_the_check(completed, result, folder):
    links = completed(result())["pod:node1"]["links"]
    assert [link["name"] for link in links] == [
        "network.pod_to_pod",
        "R13: pods reach pods: same and other namespaces and nodes",
    ]
    for link in links:
        page, _, anchor = link["url"].partition("#")
        shown = (folder.parent / page).resolve().read_text()
        assert f'<a id="{anchor}"></a>' in shown or f"\n## {anchor}\n" in shown


def test_a_failure_has_its_cause_as_a_step_an_attachment_and_a_category(completed, result, caused, folder):
    failed = result(outcome=FAILED, message="no answer")
    strange = result(outcome=FAILED, vantage="pod:node2", message="odd")
    bodies = completed(failed, strange, causes=[caused(failed)])
    body = bodies["pod:node1"]
    cause = body["steps"][0]
    assert cause["name"] == "Cause: CoreDNS does not run"
    assert [step["name"] for step in cause["steps"]] == [
        "blames Deployment/kube-system/coredns",
        "it asks for 0 replicas",
        "mend: kubectl -n kube-system scale deployment coredns --replicas=2",
    ]
    assert "because: it asks for 0 replicas" in text(folder, cause["attachments"][0])
    assert body["statusDetails"]["message"] == "no answer"
    assert ("tag", "dns-not-running") in labels(body)
    assert bodies["pod:node2"]["statusDetails"]["trace"] == "next: kubectl get nodes"
    categories = json.loads((folder / "categories.json").read_text())
    assert [category["name"] for category in categories] == [
        "Cause: CoreDNS does not run",
        "The cluster is wrong",
        "It could not be told",
        "It does not apply here",
    ]
    mine = categories[0]["traceRegex"]
    assert re.search(mine, body["statusDetails"]["trace"])
    assert not re.search(mine, bodies["pod:node2"]["statusDetails"]["trace"])


def test_evidence_is_steps_and_what_came_back_is_attached(completed, result, folder):
    targets = (
        Target("node2", Outcome.PASSED, "tcp 10.2.0.5:80", "10.2.0.5"),
        Target("node3", FAILED, "tcp 10.3.0.5:80", "10.3.0.5", "no answer"),
    )
    failed = result(outcome=FAILED, message="1 of 2 fail", targets=targets)
    answers = {"pod:node1": {"tcp 10.3.0.5:80": Raw(1, b"nc: \x1b[31mtimed out\xff", 3.5, 2)}}
    body = completed(failed, answers=answers)["pod:node1"]
    assert [(step["name"], step["status"]) for step in body["steps"]] == [
        ("node3: no answer", "failed"),
        ("node2: as expected", "passed"),
    ]
    assert body["steps"][0]["parameters"] == [
        {"name": "asked", "value": "tcp 10.3.0.5:80"},
        {"name": "of", "value": "10.3.0.5"},
        {"name": "from", "value": "pod:node1"},
    ]
    (attachment,) = body["attachments"]
    assert attachment["type"] == "text/plain"
    assert text(folder, attachment) == (
        "# tcp 10.3.0.5:80\n# exit status 1, 3.50 s, 2 tries\nnc: \ufffd[31mtimed out\ufffd\n"
    )


def test_a_great_many_targets_and_long_answers_are_cut(completed, result, folder):
    targets = tuple(Target(f"n{n}", Outcome.PASSED, DNS, "10.96.0.10") for n in range(TARGETS + 5))
    bad = Target("bad", FAILED, DNS, "10.96.0.10", "no reply")
    answers = {"pod:node1": {DNS: Raw(0, b"x" * 100_000, 0.1)}}
    body = completed(result(outcome=FAILED, targets=(*targets, bad)), answers=answers)["pod:node1"]
    assert body["steps"][0]["name"] == "bad: no reply"
    assert body["steps"][-1]["name"] == "... and 6 more targets"
    assert len(text(folder, body["attachments"][0])) < LONG + 200


def test_results_of_other_runs_in_the_folder_are_left_as_they_are(ended, result, caused, folder):
    failed = result(outcome=FAILED, message="no answer")
    AllureFolder(folder).write({"start": 1000, "labels": []}, failed, "another", {})
    (file,) = folder.iterdir()
    before = file.read_text()
    AllureFolder(folder).write({"start": 1000, "labels": []}, failed, "r1", {})
    assert len(list(folder.glob("*-result.json"))) == 2
    AllureFolder(folder).finish(ended([failed], [caused(failed)]))
    assert file.read_text() == before


def test_the_environment_is_told_in_lines(ended, folder, result):
    ending = ended([result()])
    evil = replace(ending, facts=replace(ending.facts, server_version="v1\nverdict=READY"))
    AllureFolder(folder).finish(evil)
    lines = (folder / "environment.properties").read_text().splitlines()
    assert "verdict=READY" in lines
    assert "Kubernetes=v1 verdict=READY" in lines
    assert "API_server=https://192.168.232.236:8443" in lines
