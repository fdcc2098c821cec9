"""kubecheck inside the cluster, as deploy/ runs it: the same suite, the same verdict, and an exit code."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from kubernetes import client

from kubecheck.policy.load import load_policy
from kubecheck.report.rights import manifest
from lab.handle import Lab
from lab.images import Image
from lab.pythonimage import write_python_image
from selftest.lab.conftest import Run, until
from selftest.running import ROOT

NAMESPACE = "kubecheck"
DEPLOYED = "registry.example.com/kubecheck"
SHARDS = 2
VOLUME = "/tmp/kubecheck-reports"  # on the node
OWN_CERTIFICATE = ("certs.own_client_certificate", "api")
Kubectl = Callable[..., str]


@pytest.fixture(scope="module")
def image(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    """What deploy/Containerfile makes, without a registry's base: on the last node only."""
    installed = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "--no-deps", "--no-build-isolation", "--target", str(installed), str(ROOT)], check=True
    )
    made = write_python_image(installed, installed / "image.tar")
    lab.load_image(lab.nodes[-1], made)
    yield made
    made.archive.unlink()  # a quarter of a gigabyte


@pytest.fixture(scope="module")
def deployed(
    lab: Lab, image: Image, kubectl: Kubectl, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., None]]:
    """Apply an overlay of deploy/ with the lab's image and policy; all of it goes in the end."""
    folder = tmp_path_factory.mktemp("deploy")

    def apply(overlay: str, policy: str, *changes: dict[str, Any], pod: str) -> None:
        name, _, tag = image.reference.rpartition(":")
        shutil.copytree(ROOT / "deploy", folder / "deploy", dirs_exist_ok=True)
        promised = folder / "deploy/base/policy.toml"
        promised.write_text(policy)
        promised.with_name("rbac.yaml").write_text(manifest(load_policy(str(promised)), promised.name))
        placed = [
            {"op": "add", "path": f"{pod}/nodeSelector", "value": {"kubernetes.io/hostname": lab.nodes[-1]}},
            {"op": "add", "path": f"{pod}/containers/0/imagePullPolicy", "value": "Never"},
        ]
        kustomization = {
            "resources": [f"deploy/overlays/{overlay}"],
            "images": [{"name": DEPLOYED, "newName": name, "newTag": tag}],
            "patches": [
                {
                    "target": {"group": "batch"},
                    "patch": yaml.safe_dump([*placed, *changes]),
                }
            ],
        }
        (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
        kubectl("apply", "-k", str(folder))

    yield apply
    kubectl("delete", "-k", str(folder), "--ignore-not-found")


@pytest.fixture(params=["reports"])
def volume(request: pytest.FixtureRequest, lab: Lab, api: client.ApiClient) -> Iterator[None]:
    """A volume on the last node for the claim of that name."""
    core = client.CoreV1Api(api)
    lab.exec_on_node(lab.nodes[-1], ["mkdir", "--mode=777", VOLUME])
    core.create_persistent_volume(
        {
            "metadata": {"name": f"kubecheck-{request.param}"},
            "spec": {
                "capacity": {"storage": "1Gi"},
                "accessModes": ["ReadWriteOnce", "ReadWriteMany"],
                "hostPath": {"path": VOLUME},
                "claimRef": {"namespace": NAMESPACE, "name": request.param},
            },
        }
    )
    yield
    core.delete_persistent_volume(f"kubecheck-{request.param}")
    lab.exec_on_node(lab.nodes[-1], ["rm", "-r", VOLUME])


@pytest.fixture
def all_ended(api: client.ApiClient) -> Callable[[str], list[tuple[Any, str]]]:
    """Wait for a Job's end: how the container of each of its pods ended, and its log."""
    core, batch = client.CoreV1Api(api), client.BatchV1Api(api)

    def of(pod: Any) -> tuple[Any, str]:
        log = core.read_namespaced_pod_log(pod.metadata.name, NAMESPACE)
        return pod.status.container_statuses[0].state.terminated, log

    def wait(job: str) -> list[tuple[Any, str]]:
        def over() -> bool:
            return bool(batch.read_namespaced_job(job, NAMESPACE).status.conditions)

        until(over, f"the Job {job} has ended", 180)
        return [
            of(pod) for pod in core.list_namespaced_pod(NAMESPACE, label_selector=f"job-name={job}").items
        ]

    return wait


@pytest.fixture
def ended(all_ended: Callable[[str], list[tuple[Any, str]]]) -> Callable[[str], tuple[Any, str]]:
    """The same of a Job with one pod."""

    def wait(job: str) -> tuple[Any, str]:
        (one,) = all_ended(job)
        return one

    return wait


@pytest.mark.usefixtures("volume")
def test_a_nightly_run_gives_the_verdict_that_a_run_from_outside_gives(
    lab: Lab,
    healthy: Run,
    deployed: Callable[..., None],
    ended: Callable[[str], tuple[Any, str]],
    kubectl: Kubectl,
    leftovers: Callable[[], list[str]],
) -> None:
    suspended = {"op": "add", "path": "/spec/suspend", "value": True}  # tonight is now
    deployed("nightly", lab.policy.read_text(), suspended, pod="/spec/jobTemplate/spec/template/spec")
    kubectl("-n", NAMESPACE, "create", "job", "tonight", "--from=cronjob/kubecheck")
    terminated, log = ended("tonight")
    assert terminated.exit_code == 0, log
    assert log.splitlines()[-1].startswith("verdict: READY (")
    must_be_as_from_outside(lab, healthy, leftovers)


def must_be_as_from_outside(lab: Lab, healthy: Run, leftovers: Callable[[], list[str]]) -> None:
    """The reports on the volume tell what a run from outside tells, and nothing of the run is left."""
    written = lab.exec_on_node(lab.nodes[-1], ["cat", f"{VOLUME}/verdict.json"]).stdout
    run = Run(0, "", json.loads(written), Path(VOLUME))
    assert not [name for name in leftovers() if run.verdict["run"] in name]
    inside, outside = run.outcomes, dict(healthy.outcomes)
    # A pod brings a token, and the administrator a certificate.
    assert inside.pop(OWN_CERTIFICATE) == "not-applicable"
    assert outside.pop(OWN_CERTIFICATE) == "passed"
    assert inside == outside


@pytest.fixture
def jobs(kubectl: Kubectl) -> Iterator[None]:
    """Jobs that make room for the next ones of their names."""
    yield
    kubectl("-n", NAMESPACE, "delete", "jobs", "--all")


@pytest.mark.usefixtures("volume", "jobs")
@pytest.mark.parametrize("volume", ["shards"], indirect=True)
def test_shards_and_what_joins_them_give_the_verdict_of_one_run(
    lab: Lab,
    healthy: Run,
    deployed: Callable[..., None],
    all_ended: Callable[[str], list[tuple[Any, str]]],
    leftovers: Callable[[], list[str]],
) -> None:
    pod = "/spec/template/spec"
    fewer = [
        {"op": "replace", "path": f"/spec/{many}", "value": SHARDS} for many in ("completions", "parallelism")
    ]
    named = {"op": "replace", "path": f"{pod}/containers/0/env/0/value", "value": str(SHARDS)}
    deployed("shards", lab.policy.read_text(), *fewer, named, pod=pod)
    shards = all_ended("kubecheck-shards")
    logs = "\n".join(log for _, log in shards)
    assert [terminated.exit_code for terminated, _ in shards] == [0] * SHARDS, logs
    told = sorted(log.splitlines()[-1] for _, log in shards)
    for number, last in enumerate(told, start=1):
        assert last.startswith(f"verdict: READY (shard {number}/{SHARDS}: the others judge the rest; ")
    deployed("merge", lab.policy.read_text(), pod=pod)
    ((terminated, log),) = all_ended("kubecheck-merge")
    assert terminated.exit_code == 0, log
    assert log.splitlines()[-1].startswith("verdict: READY (")
    must_be_as_from_outside(lab, healthy, leftovers)


def test_a_job_fails_where_the_cluster_is_not_ready_and_says_so(
    lab: Lab,
    deployed: Callable[..., None],
    ended: Callable[[str], tuple[Any, str]],
) -> None:
    promised, policy = f"api_servers = {len(lab.masters)}\n", lab.policy.read_text()
    assert promised in policy
    pod = "/spec/template/spec"
    only = {"op": "add", "path": f"{pod}/containers/0/args/-", "value": "-kapi_servers"}
    deployed("acceptance", policy.replace(promised, "api_servers = 9\n"), only, pod=pod)
    terminated, log = ended("kubecheck")
    assert terminated.exit_code == 1, log
    last = log.splitlines()[-1]
    assert last.startswith("verdict: NOT READY (")
    assert last in terminated.message  # which `kubectl describe pod` shows


@pytest.fixture
def sonobuoy(api: client.ApiClient) -> Iterator[str]:
    """A namespace with a service account as Sonobuoy makes it."""
    core, rbac, name = (
        client.CoreV1Api(api),
        client.RbacAuthorizationV1Api(api),
        "kubecheck-selftest-sonobuoy",
    )
    core.create_namespace({"metadata": {"name": name}})
    core.create_namespaced_service_account(name, {"metadata": {"name": "sonobuoy-serviceaccount"}})
    rbac.create_cluster_role_binding(
        {
            "metadata": {"name": name},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": "cluster-admin",
            },
            "subjects": [{"kind": "ServiceAccount", "name": "sonobuoy-serviceaccount", "namespace": name}],
        }
    )
    yield name
    rbac.delete_cluster_role_binding(name)
    core.delete_namespace(name)


def test_a_sonobuoy_worker_gets_the_reports(
    lab: Lab, image: Image, api: client.ApiClient, sonobuoy: str
) -> None:
    plugin = yaml.safe_load((ROOT / "deploy/sonobuoy/kubecheck.yaml").read_text())
    core, results = client.CoreV1Api(api), "/tmp/sonobuoy/results"
    config = {"name": "config", "mountPath": "/tmp/sonobuoy/config"}
    core.create_namespaced_config_map(
        sonobuoy, {"metadata": {"name": "plugin"}, "data": plugin["config-map"]}
    )
    # What Sonobuoy adds to a plugin: its volumes, and a worker that waits for what `done` names.
    container = plugin["spec"] | {"image": image.reference, "imagePullPolicy": "Never"}
    container["env"] = [{"name": "PYTEST_ADDOPTS", "value": "-k node_ready"}]
    container["volumeMounts"] = [*container["volumeMounts"], config]
    worker = {
        "name": "worker",
        "image": image.reference,
        "imagePullPolicy": "Never",
        "command": ["sh", "-c"],
        "args": [
            f"until [ -e {results}/done ]; do sleep 0.2; done; tar -xzOf $(cat {results}/done) ./junit.xml"
        ],
        "volumeMounts": plugin["spec"]["volumeMounts"],
    }
    core.create_namespaced_pod(
        sonobuoy,
        {
            "metadata": {"name": "plugin"},
            "spec": {
                "serviceAccountName": "sonobuoy-serviceaccount",
                "restartPolicy": "Never",
                "nodeSelector": {"kubernetes.io/hostname": lab.nodes[-1]},
                "containers": [container, worker],
                "volumes": [
                    {"name": "results", "emptyDir": {}},
                    {"name": "config", "configMap": {"name": "plugin"}},
                ],
            },
        },
    )

    def over() -> bool:
        return core.read_namespaced_pod("plugin", sonobuoy).status.phase in ("Succeeded", "Failed")

    until(over, "the plugin and its worker have ended")
    log = core.read_namespaced_pod_log("plugin", sonobuoy, container="plugin")
    assert core.read_namespaced_pod("plugin", sonobuoy).status.phase == "Succeeded", log
    suites = ElementTree.fromstring(core.read_namespaced_pod_log("plugin", sonobuoy, container="worker"))
    assert (suites.attrib["tests"], suites.attrib["failures"]) == (str(len(lab.nodes)), "0")
