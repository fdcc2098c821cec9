import os
import sys
from io import StringIO

import pytest

from lab import machine
from lab.errors import LabError
from lab.progress import Progress

PROC_CGROUPS = """\
#subsys_name\thierarchy\tnum_cgroups\tenabled
cpuset\t3\t1\t1
cpu\t1\t1\t1
memory\t4\t13\t0
"""


def test_controllers_come_from_both_hierarchies():
    assert machine.cgroup_controllers(PROC_CGROUPS, "") == {"cpuset", "cpu"}
    assert machine.cgroup_controllers(PROC_CGROUPS, "cpu memory pids\n") == {
        "cpuset",
        "cpu",
        "memory",
        "pids",
    }


def refusal():
    with pytest.raises(LabError) as refused:
        machine.require_machine()
    return str(refused.value)


@pytest.fixture
def good_machine(monkeypatch):
    """A machine that lacks nothing; each test takes one thing away."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(machine, "missing_programs", list)
    monkeypatch.setattr(machine, "missing_features", list)
    return monkeypatch


def test_a_good_machine_is_let_through(good_machine):
    machine.require_machine()


def test_another_system_is_refused(good_machine):
    good_machine.setattr(sys, "platform", "darwin")
    assert "needs Linux" in refusal()


def test_a_user_without_rights_is_refused(good_machine):
    good_machine.setattr(os, "geteuid", lambda: 1000)
    assert "needs root" in refusal()


def test_missing_programs_are_named_with_the_command_that_installs_them(good_machine):
    good_machine.setattr(machine, "missing_programs", lambda: ["runc", "/usr/lib/cni/ptp"])
    assert "runc, /usr/lib/cni/ptp" in refusal()
    assert "make packages" in refusal()


def test_missing_kernel_features_are_named(good_machine):
    good_machine.setattr(machine, "missing_features", lambda: ["VXLAN", "overlayfs"])
    assert "VXLAN, overlayfs" in refusal()


@pytest.fixture
def apt(tmp_path, monkeypatch):
    """A dpkg that has everything but haproxy, and an apt-get that writes down what it was asked."""
    installed = "\n".join(f"echo {name} installed" for name in machine.PACKAGES if name != "haproxy")
    programs = {
        "dpkg-query": installed + "\nexit 1",
        "apt-get": f'echo "$*" >> {tmp_path}/asked; test -x {tmp_path}/policy-rc.d',
        "systemctl": "exit 0",
    }
    for name, script in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(machine, "POLICY_RC_D", tmp_path / "policy-rc.d")
    return tmp_path


def test_only_the_missing_packages_are_installed_and_no_service_is_started(apt):
    machine.install_packages(Progress(StringIO()))
    update, install = (apt / "asked").read_text().splitlines()
    assert update.endswith("update")
    assert install.endswith("install --yes --no-install-recommends haproxy")
    assert not (apt / "policy-rc.d").exists()


def test_the_machines_own_rule_about_services_is_kept(apt):
    (apt / "policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
    (apt / "policy-rc.d").chmod(0o755)
    machine.install_packages(Progress(StringIO()))
    assert (apt / "policy-rc.d").exists()


def test_nothing_is_asked_of_apt_where_nothing_is_missing(apt):
    (apt / "dpkg-query").write_text(
        "#!/bin/sh\n" + "\n".join(f"echo {name} installed" for name in machine.PACKAGES) + "\n"
    )
    machine.install_packages(Progress(StringIO()))
    assert not (apt / "asked").exists()


def test_a_failure_of_apt_is_told_with_its_last_lines(apt):
    (apt / "apt-get").write_text("#!/bin/sh\necho E: Unable to locate package haproxy\nexit 100\n")
    with pytest.raises(LabError, match=r"(?s)`apt-get update` failed.*Unable to locate"):
        machine.install_packages(Progress(StringIO()))
    assert not (apt / "policy-rc.d").exists()
