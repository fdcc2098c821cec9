import re
from pathlib import Path
from string import Template

import pytest
import yaml

from lab import building, images, versions
from lab.api import MANIFESTS, object_path


@pytest.fixture
def objects() -> dict[str, dict]:
    text = Template((MANIFESTS / "dashboard.yaml").read_text()).substitute(image="registry.test/dashboard:1")
    return {object_path(document): document for document in yaml.safe_load_all(text)}


def test_the_table_is_what_the_module_file_pins():
    module_file = (building.MODULES / "dashboard/go.mod").read_text()
    found = re.search(r"^\s+github\.com/kubernetes/dashboard v(\S+)", module_file, re.MULTILINE)
    assert found
    assert found[1] == versions.DASHBOARD
    assert f"client.Version=v{versions.DASHBOARD}" in " ".join(building.module_recipe("dashboard").arguments)


def test_the_image_has_the_server_where_it_looks_for_its_page(tmp_path: Path):
    program = tmp_path / "dashboard"
    program.write_bytes(b"program")
    tree = images.dashboard_tree(program)
    assert tree.entries["/dashboard"].mode == 0o755
    assert {"/public/en/index.html", "/locale_conf.json"} <= set(tree.entries)


def test_labels_names_and_ports_are_those_of_the_2x_manifests(objects):
    service = objects["/api/v1/namespaces/kubernetes-dashboard/services/kubernetes-dashboard"]
    assert service["metadata"]["labels"] == {"k8s-app": "kubernetes-dashboard"}
    assert service["spec"]["type"] == "NodePort"
    [port] = service["spec"]["ports"]
    assert (port["port"], port["targetPort"]) == (443, 8443)
    deployment = objects["/apis/apps/v1/namespaces/kubernetes-dashboard/deployments/kubernetes-dashboard"]
    pod = deployment["spec"]["template"]
    assert pod["metadata"]["labels"] == service["spec"]["selector"]
    [container] = pod["spec"]["containers"]
    assert container["image"] == "registry.test/dashboard:1"
    assert "--api-log-level=NONE" in container["args"]  # else every login answers 500


def test_the_runbooks_administrator_may_do_everything(objects):
    assert "/api/v1/namespaces/kube-system/serviceaccounts/admin-user" in objects
    binding = objects["/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/admin-user"]
    assert binding["roleRef"]["name"] == "cluster-admin"
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": "admin-user", "namespace": "kube-system"}
    ]
