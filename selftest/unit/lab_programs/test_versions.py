import re
from pathlib import Path

import pytest

from lab import building, versions
from lab.errors import LabError
from lab.golang import MINIMUM

PROGRAMS = Path(building.__file__).parent / "programs"


def required(module_file: str, module: str) -> str:
    found = re.search(
        rf"^(?:require)?\s+{re.escape(module)} v(\S+)", (PROGRAMS / module_file).read_text(), re.MULTILINE
    )
    assert found, f"{module_file} does not require {module}"
    return found[1]


@pytest.mark.parametrize(
    ("module_file", "module", "version"),
    [
        ("etcd/go.mod", "go.etcd.io/etcd/server/v3", versions.ETCD),
        ("coredns/go.mod", "github.com/coredns/coredns", versions.COREDNS),
        ("kwok/go.mod", "sigs.k8s.io/kwok", versions.KWOK),
        ("e2e/go.mod", "sigs.k8s.io/hydrophone", versions.HYDROPHONE),
        ("e2e/go.mod", "k8s.io/kubernetes", versions.DEFAULT_KUBERNETES),
        ("metrics-server/go.mod", "sigs.k8s.io/metrics-server", versions.METRICS_SERVER),
        *(
            (f"kubernetes/{row.module_file}", "k8s.io/kubernetes", row.version)
            for row in versions.KUBERNETES.values()
        ),
    ],
)
def test_the_table_is_what_the_module_files_pin(module_file, module, version):
    assert required(module_file, module) == version


def test_every_pinned_kubernetes_is_in_the_table():
    pinned = {path.stem for path in (PROGRAMS / "kubernetes").glob("*.*.*.mod")}
    assert pinned == set(versions.KUBERNETES)
    assert versions.DEFAULT_KUBERNETES in pinned


def test_no_module_asks_for_a_newer_go_than_the_lab_does():
    for module_file in PROGRAMS.glob("*/*.mod"):
        asked = re.search(r"^go ([\d.]+)$", module_file.read_text(), re.MULTILINE)
        assert asked
        assert tuple(map(int, asked[1].split("."))) <= MINIMUM, module_file


def test_versions_are_taken_apart():
    row = versions.KUBERNETES["1.30.14"]
    assert (row.major, row.minor, row.module_file) == (1, 30, "1.30.14.mod")


def test_a_version_that_is_not_pinned_is_refused_with_what_there_is():
    with pytest.raises(LabError, match=r"1\.22\.0 is not pinned .*1\.37\.2.*pin_kubernetes\.py"):
        building.kubernetes_recipe("1.22.0")


def test_a_leading_v_is_no_mistake():
    assert building.kubernetes_recipe("v1.37.2") == building.kubernetes_recipe("1.37.2")


def test_kubernetes_is_stamped_where_its_programs_look():
    flags = building.kubernetes_linker_flags(versions.KUBERNETES["1.30.14"])
    for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version"):
        assert f"-X {package}.gitVersion=v1.30.14 " in f"{flags} "
        assert f"-X {package}.gitMinor=30" in flags


def test_an_old_kubelet_gets_its_build_tag_and_a_new_one_none():
    assert "kubelet_without_context" in building.kubernetes_recipe("1.30.14").arguments
    assert "-tags" not in building.kubernetes_recipe("1.37.2").arguments
