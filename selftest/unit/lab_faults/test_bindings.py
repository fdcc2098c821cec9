from pathlib import Path
from types import SimpleNamespace

import pytest

from lab.errors import LabError
from lab.faults import bindings

ROLE = "system:node-bootstrapper"


class Cluster:
    """ClusterRoleBindings by name."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.bindings = {
            "kubelet-bootstrap": self.binding("kubelet-bootstrap", ROLE),
            "kubeadm:kubelet-bootstrap": self.binding("kubeadm:kubelet-bootstrap", ROLE),
            "somebody-else": self.binding("somebody-else", "view"),
        }

    @staticmethod
    def binding(name: str, role: str) -> dict:
        return {"metadata": {"name": name, "uid": f"uid-of-{name}"}, "roleRef": {"name": role}}

    def api(self) -> SimpleNamespace:
        def name(path: str) -> str:
            return path.removeprefix(f"{bindings.BINDINGS}/")

        def get(path: str) -> dict | None:
            if path == bindings.BINDINGS:
                return {"items": list(self.bindings.values())}
            return self.bindings.get(name(path))

        def create(_collection: str, body: dict) -> None:
            self.bindings[body["metadata"]["name"]] = body | {"metadata": body["metadata"] | {"uid": "new"}}

        def replace(path: str, body: dict) -> None:
            self.bindings[name(path)] = body

        return SimpleNamespace(
            get=get,
            create=create,
            replace=replace,
            delete=lambda path: self.bindings.pop(name(path), None),
            ready=lambda: True,
        )


@pytest.fixture
def lab(tmp_path: Path) -> Cluster:
    return Cluster(tmp_path)


def test_every_binding_of_the_role_goes_and_comes_back(lab):
    bindings.take_away(lab, "a-fault", ROLE)
    assert list(lab.bindings) == ["somebody-else"]
    bindings.take_away(lab, "a-fault", ROLE)  # again is no error: they are known to be gone
    bindings.give_back(lab, "a-fault")
    assert set(lab.bindings) == {"kubelet-bootstrap", "kubeadm:kubelet-bootstrap", "somebody-else"}
    assert lab.bindings["kubelet-bootstrap"]["roleRef"] == {"name": ROLE}
    bindings.give_back(lab, "a-fault")
    assert len(lab.bindings) == 3


def test_a_role_that_nobody_has(lab):
    with pytest.raises(LabError, match="No ClusterRoleBinding of the lab gives the role nobody:at-all"):
        bindings.take_away(lab, "a-fault", "nobody:at-all")
