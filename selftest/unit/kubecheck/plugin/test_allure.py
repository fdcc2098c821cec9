"""allure-pytest is spared most work on checks, and nothing that anybody attaches is lost by that."""

import json
import os
import subprocess
import sys

import pytest

from selftest.unit.kubecheck.conftest import save_made

CHECKS = '''
import allure
import pytest
from kubecheck.checks import EACH_NODE, check


@pytest.fixture
def room():
    yield "a room"
    print("swept")


@allure.tag("ours")
@check(title="Every node has a room", at=EACH_NODE, remedy=("make room",))
def test_room(vantage, room):
    """There is room."""
    print("looking")
    allure.attach("four walls", "seen")
    allure.dynamic.label("owner", "somebody")
    with allure.step("measured"):
        pass
    assert vantage.node != "node2", "it is full"


@check(title="Every node has a roof", at=EACH_NODE, remedy=("build",))
def test_roof(vantage):
    """It is dry."""
    raise RuntimeError("a mistake")


@check(title="Every node can be left", at=EACH_NODE, remedy=("open",))
def test_left(vantage, room):
    """There is a way out."""
    raise KeyboardInterrupt
'''
BESIDE = """
import allure
import pytest


@pytest.fixture
def prepared():
    with allure.step("prepare"):
        return 7


def test_beside(prepared):
    assert prepared == 6
"""


@pytest.fixture
def results(facts_of, tmp_path):
    """Runs what is asked for of two files: Allure's results by name and vantage, and its containers."""
    folder = tmp_path / "rooms"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "test_checks.py").write_text(CHECKS)
    (folder / "test_beside.py").write_text(BESIDE)
    save_made(facts_of(("node1", "node2")), tmp_path / "record.json")

    def run(*options):
        done = subprocess.run(
            [sys.executable, "-m", "kubecheck.cli", "rooms", "--replay", "record.json", *options],
            cwd=tmp_path, env={"PATH": os.environ["PATH"]},
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert "INTERNALERROR" not in done.stdout + done.stderr
        written = tmp_path / "reports/allure-results"
        bodies = [json.loads(file.read_text()) for file in written.glob("*-result.json")]
        for body in bodies:
            for attachment in body.get("attachments", ()):
                attachment["text"] = (written / attachment["source"]).read_text()
        containers = [json.loads(file.read_text()) for file in written.glob("*-container.json")]
        vantages = {id(body): [each["value"] for each in body.get("parameters", ())] for body in bodies}
        return {(body["fullName"], *vantages[id(body)]): body for body in bodies}, containers

    return run


ROOM = "test_checks#test_room"


@pytest.mark.parametrize("processes", [(), ("-n", "2")])
def test_a_check_has_all_that_allure_knows_and_what_it_attached(results, processes):
    bodies, _ = results("-k", "test_room", *processes)
    good, full = bodies[ROOM, "api:node1"], bodies[ROOM, "api:node2"]
    assert (good["status"], full["status"]) == ("passed", "failed")
    assert full["statusDetails"]["message"] == "it is full"
    assert good["description"].startswith("There is room.")
    assert good["titlePath"] == ["test_checks.py"]
    assert good["testCaseId"] == full["testCaseId"]
    assert good["historyId"] != full["historyId"]
    for body in (good, full):
        told = {(label["name"], label["value"]) for label in body["labels"]}
        assert {("tag", "ours"), ("owner", "somebody"), ("framework", "pytest")} <= told
        assert "measured" in [step["name"] for step in body["steps"]]
        attached = {attachment["name"]: attachment["text"] for attachment in body["attachments"]}
        assert attached == {"seen": "four walls", "stdout": "looking\nswept\n"}


def test_a_mistake_in_a_check_is_told_with_where_it_was_made(results):
    bodies, _ = results("-k", "test_roof")
    body = bodies["test_checks#test_roof", "api:node1"]
    assert body["status"] == "broken"
    assert body["statusDetails"]["message"] == "RuntimeError: a mistake"
    (attached,) = body["attachments"]
    assert attached["name"] == "traceback"
    assert 'raise RuntimeError("a mistake")' in attached["text"]


def test_tests_beside_the_checks_are_told_as_ever(results):
    bodies, containers = results("-k", "test_beside")
    (body,) = bodies.values()
    assert body["status"] == "failed"
    assert "assert 7 == 6" in body["statusDetails"]["message"]
    (prepared,) = [each for each in containers if body["uuid"] in each["children"]]
    assert [step["name"] for step in prepared["befores"][0]["steps"]] == ["prepare"]


def test_a_check_that_is_stopped_is_told_as_not_over(results):
    bodies, _ = results("-k", "test_left")
    (body,) = bodies.values()
    assert body["fullName"] == "test_checks#test_left"
    assert body["status"] == "skipped"
