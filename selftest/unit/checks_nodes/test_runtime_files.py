"""The container runtime's files, read by busybox and by us; what is secret in them stays on the node."""

import pytest

from kubecheck.checks import CannotTell, RuntimeFiles
from kubecheck.probes import Raw

DAEMON_JSON = """{
  "registry-mirrors": [
    "https://user:SECRET@mirror.example",
\t"http://hub-mirror.example"
  ],
  "exec-opts": ["native.cgroupdriver=systemd"],
  "max-concurrent-downloads": 10,
  "max-concurrent-uploads": 5,
  "log-opts": { "max-size": "300m", "max-file": "2", "splunk-token": "SECRET" },
  "proxies": { "http-proxy": "http://user:SECRET@proxy.example:3128" },
  "live-restore": true
}"""

CONTAINERD_3 = """\
version = 3
imports = ["/etc/containerd/conf.d/*.toml"]
root = "/data/containerd"
# max_concurrent_downloads = 99
[plugins]
  [plugins.'io.containerd.cri.v1.images']
    max_concurrent_downloads = 10
    [plugins.'io.containerd.cri.v1.images'.registry]
      config_path = "/etc/containerd/certs.d:/etc/docker/certs.d"
      [plugins.'io.containerd.cri.v1.images'.registry.configs."h".auth]
        password = "SECRET"
        auth = "SECRET"
"""
CONTAINERD_3_MORE = """\
version = 3
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  SystemdCgroup = true
"""
HOSTS = """\
server = "https://registry-1.docker.io"
[host."https://user:SECRET@mirror3.example"]
  capabilities = ["pull"]
  [host."https://mirror3.example".header]
    authorization = "Basic SECRET"
"""
CONTAINERD_2 = """\
version = 2
[plugins."io.containerd.grpc.v1.cri".registry.mirrors."docker.io"]
  endpoint = [
    "https://user:SECRET@m1.example",
    "https://m2.example",
  ]
[plugins."io.containerd.grpc.v1.cri".registry.configs."m1.example".auth]
  username = "SECRET"
[plugins."io.containerd.grpc.v1.cri".containerd]
  default_runtime_name = "kata"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  SystemdCgroup = true
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.kata.options]
  SystemdCgroup = false
"""


def test_docker(machine):
    machine.write("/etc/docker/daemon.json", DAEMON_JSON)
    answer = machine.ask(RuntimeFiles("docker"))
    assert b"SECRET" not in answer.raw.output
    found = answer.settings()
    assert found.cgroup_driver == "systemd"
    assert found.mirrors == ("https://mirror.example", "http://hub-mirror.example")
    assert (found.downloads, found.uploads) == (10, 5)
    assert (found.log_size, found.log_files, found.live_restore) == ("300m", 2, True)


def test_docker_by_flags_and_another_file(machine):
    machine.write("/opt/daemon.json", '{"live-restore": false, "max-concurrent-uploads": 7}')
    machine.process(
        7, "dockerd", "/usr/bin/dockerd", "--config-file", "/opt/daemon.json",
        "--exec-opt=native.cgroupdriver=cgroupfs", "--live-restore", "--log-opt=splunk-token=SECRET",
    )  # fmt: skip
    machine.write("/sys/fs/cgroup/cgroup.controllers", "cpu memory")
    answer = machine.ask(RuntimeFiles("docker"))
    assert b"SECRET" not in answer.raw.output
    found = answer.settings()
    assert (found.cgroup_driver, found.uploads, found.live_restore) == ("cgroupfs", 7, True)


@pytest.mark.parametrize(("files", "driver"), [({}, "cgroupfs"), ({"x": "1"}, "systemd")])
def test_docker_without_a_file_has_its_defaults(machine, files, driver):
    if files:
        machine.write("/sys/fs/cgroup/cgroup.controllers", "cpu")
    found = machine.ask(RuntimeFiles("docker")).settings()
    assert (found.cgroup_driver, found.mirrors, found.downloads, found.live_restore) == (driver, (), 3, False)


def test_containerd_with_imports_and_hosts(machine):
    machine.write("/etc/containerd/config.toml", CONTAINERD_3)
    machine.write("/etc/containerd/conf.d/99-systemd.toml", CONTAINERD_3_MORE)
    machine.write("/etc/containerd/certs.d/docker.io/hosts.toml", HOSTS)
    answer = machine.ask(RuntimeFiles("containerd"))
    assert b"SECRET" not in answer.raw.output
    found = answer.settings()
    assert found.cgroup_driver == "systemd"
    assert found.mirrors == ("https://mirror3.example",)
    assert (found.downloads, found.uploads, found.log_size, found.live_restore) == (10, None, None, True)


def test_containerd_of_version_2_at_another_place(machine):
    machine.write("/opt/containerd.toml", CONTAINERD_2)
    machine.process(9, "containerd", "/usr/bin/containerd", "-c", "/opt/containerd.toml")
    answer = machine.ask(RuntimeFiles("containerd"))
    assert b"SECRET" not in answer.raw.output
    found = answer.settings()
    assert found.mirrors == ("https://m1.example", "https://m2.example"), answer.raw.text
    assert found.cgroup_driver == "cgroupfs", "the default runtime's driver counts"


def test_containerd_without_a_file_has_its_defaults(machine):
    found = machine.ask(RuntimeFiles("containerd")).settings()
    assert (found.cgroup_driver, found.mirrors, found.downloads) == ("cgroupfs", (), 3)


@pytest.mark.parametrize("text", ["file /x\nversion = = 2\n", "file /x\nplugins = 3\n"])
def test_what_is_not_understood_cannot_be_told(text):
    answer = RuntimeFiles("containerd").read(Raw(0, text.encode(), 0.1), "node node1 (host network)")
    with pytest.raises(CannotTell, match="not understood"):
        answer.settings()


def test_an_unreadable_file_cannot_be_told():
    raw = Raw(1, b"permission denied: /host/etc/docker/daemon.json", 0.1)
    with pytest.raises(CannotTell, match="permission denied"):
        RuntimeFiles("docker").read(raw, "node node1 (host network)").settings()
