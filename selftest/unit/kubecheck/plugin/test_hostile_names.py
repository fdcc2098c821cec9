"""A run on a cluster whose every name and message is an attack: no output is steered by it."""

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from kubecheck.cluster.objects import Condition, Pod
from kubecheck.cluster.reading import Reading
from selftest.unit.kubecheck.conftest import save_made

ATTACK = '\x1b[31m\x00\u202e\x9b2J<script>alert(1)</script>&]]>\r\n::error::owned%0A##[error]\n"}} 1\n\ufffe'
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture(scope="module")
def reports(facts_of, tmp_path_factory):
    """The folder of a run that judged the record of such a cluster, with what it printed."""
    folder = tmp_path_factory.mktemp("hostile")
    names = (f"node1{ATTACK}", f"node2{ATTACK}")
    facts = facts_of(names)
    nodes = tuple(
        replace(node, conditions=(Condition("Ready", "False", ATTACK, ATTACK, "2026-01-01T00:00:00Z"),),
                kubelet_version=f"v1.36.4{ATTACK}", taints=(ATTACK,))
        for node in facts.nodes
    )  # fmt: skip
    pods = (Pod("kube-system", f"pod{ATTACK}", names[0], "Pending", False, "", False, waiting=ATTACK),)
    facts = replace(
        facts, server=f"https://{ATTACK}", nodes=nodes, pods=Reading(pods),
        clock=Reading("2026-01-01T02:00:00+00:00"), bootstrap=Reading(problem=ATTACK),
    )  # fmt: skip
    record = folder / "record.json"
    save_made(facts, record, fleet_problem=ATTACK)
    ran = subprocess.run(
        [sys.executable, "-m", "kubecheck.cli", "--replay", str(record), "--metrics-file", "kubecheck.prom",
         "-vv", "-l", "-rA", "-k", "nodes or system_pods"],
        cwd=folder, capture_output=True, timeout=120,
        env={"PATH": os.environ["PATH"], "GITHUB_ACTIONS": "true",
             "GITHUB_STEP_SUMMARY": str(folder / "summary.md")},
    )  # fmt: skip
    (folder / "output.txt").write_bytes(ran.stdout + ran.stderr)
    assert ran.returncode == 1, ran.stdout.decode()
    return folder


def test_the_terminal(reports):
    said = (reports / "output.txt").read_text()
    assert "owned" in said
    assert not CONTROL.search(said)
    commands = [line for line in said.splitlines() if line.lstrip().startswith(("::", "##["))]
    assert all(re.match(r"::(error|warning) title=", line) for line in commands), commands


def test_junit_is_xml(reports):
    assert ET.parse(reports / "reports/junit.xml").getroot().iter("testcase")


def test_html_is_inert(reports):
    page = (reports / "reports/verdict.html").read_text()
    assert "owned" in page
    assert "<script>alert" not in page
    assert not CONTROL.search(page)


def test_json_is_json(reports):
    assert json.loads((reports / "reports/verdict.json").read_text(), parse_constant=pytest.fail)["checks"]


def test_allures_files_are_json(reports):
    for path in (reports / "reports/allure-results").glob("*.json"):
        json.loads(path.read_text(), parse_constant=pytest.fail)


def test_metrics_are_lines_of_metrics(reports):
    for line in (reports / "kubecheck.prom").read_text().splitlines():
        assert re.fullmatch(r'(#.*|\w+(\{(\w+="([^"\\]|\\.)*",?)*\})? \S+)', line), line


def test_the_summary_holds_no_markup(reports):
    text = (reports / "summary.md").read_text()
    assert "owned" in text
    assert "<script>" not in re.sub(r"^(```+)sh\n.*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
