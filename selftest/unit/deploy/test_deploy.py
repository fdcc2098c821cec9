"""What deploy/ holds: the parts agree with each other and with what kubecheck writes."""

import os
import re
import subprocess
import tarfile
import time
import tomllib
from importlib.metadata import distribution
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from packaging.utils import canonicalize_name

from lab.pythonimage import required

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
WRITTEN = {"verdict.html", "verdict.json", "record.json", "junit.xml"}
IMAGE = "registry.example.com/kubecheck"


def read(path):
    return yaml.safe_load((DEPLOY / path).read_text())


def pins(lock):
    return dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "requirements" / lock).read_text(), re.MULTILINE))


def test_a_run_is_locked_to_what_the_project_is_tested_with():
    run, dev = pins("run.lock"), pins("dev.lock")
    assert run.items() <= dev.items()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    program = SimpleNamespace(name="kubecheck", requires=project["dependencies"])
    wanted = {canonicalize_name(each.name) for each in required(program)}
    # The lock is for other systems and Pythons too.
    assert wanted <= run.keys()
    assert run.keys() - wanted <= {"colorama", "pycparser", "cffi", "tzdata", "typing-extensions"}


def test_the_container_is_built_of_what_is_there():
    lines = (DEPLOY / "Containerfile").read_text().splitlines()
    copied = [name for line in lines if re.match(r"COPY (?!--)", line) for name in line.split()[1:-1]]
    assert copied
    for name in copied:
        assert (ROOT / name).exists(), name


def test_acceptance_and_nightly_run_the_same_pod():
    once = read("overlays/acceptance/job.yaml")["spec"]
    nightly = read("overlays/nightly/cronjob.yaml")["spec"]["jobTemplate"]["spec"]
    assert once.pop("ttlSecondsAfterFinished")
    for job in (once, nightly):
        volumes = {each["name"]: each for each in job["template"]["spec"]["volumes"]}
        job["template"]["spec"]["volumes"].remove(volumes["reports"])
    assert once == nightly
    assert once["backoffLimit"] == 0
    assert once["template"]["spec"]["restartPolicy"] == "Never"


@pytest.mark.parametrize("overlay", ["acceptance", "nightly"])
def test_an_overlays_image_is_the_one_that_is_built(overlay):
    (image,) = read(f"overlays/{overlay}/kustomization.yaml")["images"]
    named = f"{image['newName']}:{image['newTag']}"
    assert named == f"{IMAGE}:{distribution('kubecheck').version}"
    assert named in (DEPLOY / "Containerfile").read_text()
    assert named == read("ci/gitlab-ci.yaml")["kubecheck"]["image"]["name"]
    assert named == read("sonobuoy/kubecheck.yaml")["spec"]["image"]


def test_a_github_job_keeps_the_exit_code_and_the_reports_of_a_red_run():
    (job,) = read("ci/github-actions.yaml")["jobs"].values()
    *_, check, upload = job["steps"]
    assert re.fullmatch(r"kubecheck [^|;&]*--reports reports", check["run"])
    assert not any("continue-on-error" in each for each in (job, *job["steps"]))
    assert upload["if"] == "always()"
    assert {Path(path).name for path in upload["with"]["path"].split()} == WRITTEN
    assert read("ci/github-actions.yaml")[True]["schedule"]  # YAML takes `on` for a truth value


def test_a_gitlab_job_keeps_the_exit_code_and_the_reports_of_a_red_run():
    job = read("ci/gitlab-ci.yaml")["kubecheck"]
    (line,) = job["script"]
    assert re.fullmatch(r"kubecheck [^|;&]*--reports reports", line)
    assert "allow_failure" not in job
    kept = job["artifacts"]
    assert kept["when"] == "always"
    assert {Path(path).name for path in (*kept["paths"], kept["reports"]["junit"])} == WRITTEN


@pytest.fixture
def plugin(tmp_path):
    """Starts what Sonobuoy starts, with a program in kubecheck's place."""

    def start(program):
        file = tmp_path / "bin/kubecheck"
        file.parent.mkdir()
        file.write_text(f"#!/bin/sh\nreports={tmp_path}/reports\n{program}")
        file.chmod(0o755)
        (tmp_path / "results").mkdir()
        spec = read("sonobuoy/kubecheck.yaml")["spec"]
        script = spec["args"][0].replace("/tmp/kubecheck", str(tmp_path / "reports"))
        environment = os.environ | {
            "PATH": f"{file.parent}:{os.environ['PATH']}",
            "SONOBUOY_RESULTS_DIR": str(tmp_path / "results"),
            "SONOBUOY_CONFIG_DIR": "/config",
        }
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen([*spec["command"], script], env=environment, **streams)

    return start


def ended(process, results):
    """How a plugin ended, what it printed, and what the worker finds."""
    said = process.communicate(timeout=20)
    assert not (results / "done.part").exists()
    with tarfile.open((results / "done").read_text()) as archive:
        return process.returncode, *said, archive.getnames()


@pytest.mark.parametrize("code", [0, 1, 11])
def test_a_sonobuoy_worker_finds_what_done_names(plugin, tmp_path, code):
    process = plugin(f'touch "$reports/junit.xml"\necho "$@"\nexit {code}\n')
    returned, out, err, found = ended(process, tmp_path / "results")
    assert (returned, err) == (code, "")
    assert "--policy /config/policy.toml" in out
    assert "--deadline 20m" in out
    assert {"--deadline", "20m"} <= set(
        read("overlays/acceptance/job.yaml")["spec"]["template"]["spec"]["containers"][0]["args"]
    )
    assert "./junit.xml" in found


def test_a_sonobuoy_plugin_that_is_stopped_lets_its_run_clean_up(plugin, tmp_path):
    cleans = 'touch "$reports/stopped"; sleep 0.3; touch "$reports/clean"; exit 2'
    process = plugin(f"trap '{cleans}' TERM\necho under way\nwhile :; do sleep 0.05; done\n")
    assert process.stdout.readline() == "under way\n"
    process.terminate()
    while not (tmp_path / "reports/stopped").exists() and process.poll() is None:
        time.sleep(0.01)
    process.terminate()  # once more, while it does
    returned, _, err, found = ended(process, tmp_path / "results")
    assert (returned, err) == (2, "")
    assert {"./stopped", "./clean"} <= set(found)
