import json

import pytest

from lab import docker, node
from lab.cli import parser
from lab.errors import LabError
from lab.settings import Settings


def chosen(attribute: str, **options: str | int) -> list[str]:
    return [one.name for one in Settings(**options).nodes if getattr(one, attribute)]


def test_by_default_there_are_both_kinds_of_masters_and_of_workers():
    assert chosen("etcd_disk") == ["k8s-master01"]
    assert chosen("dockerd") == ["k8s-node02"]
    assert chosen("server_tls_bootstrap") == []


@pytest.mark.parametrize(
    ("which", "names"),
    [
        ("none", []),
        ("first", ["k8s-master01"]),
        ("last", ["k8s-node02"]),
        ("all", ["k8s-master01", "k8s-master02", "k8s-node01", "k8s-node02"]),
    ],
)
def test_nodes_are_chosen_for_serving_certificates(which, names):
    assert chosen("server_tls_bootstrap", masters=2, server_tls_bootstrap=which) == names


def test_without_workers_there_is_no_docker():
    assert chosen("dockerd", masters=1, workers=0, dockerd="all") == []
    assert chosen("server_tls_bootstrap", masters=1, workers=0, server_tls_bootstrap="last") == [
        "k8s-master01"
    ]


@pytest.mark.parametrize("option", ["server-tls-bootstrap", "etcd-disk", "dockerd"])
def test_another_word_is_refused_with_what_there_is(option):
    options = parser().parse_args(["up", f"--{option}", "both"])
    field = option.replace("-", "_")
    with pytest.raises(LabError, match=f"--{option} 'both': it is none, first, last, all"):
        Settings(**{field: getattr(options, field)})


def test_only_a_kubelet_that_asks_for_its_certificate_is_configured_so():
    settings = Settings(server_tls_bootstrap="last")
    configurations = [node.kubelet_configuration(one, settings) for one in settings.nodes]
    assert [c.get("serverTLSBootstrap") for c in configurations] == [None, None, None, None, True]


def test_docker_and_the_kubelet_agree_on_cgroups_and_logs():
    settings = Settings()
    kubelet = node.kubelet_configuration(settings.nodes[-1], settings)
    daemon = json.loads(json.dumps(docker.CONFIGURATION))
    assert daemon["exec-opts"] == [f"native.cgroupdriver={kubelet['cgroupDriver']}"]
    assert daemon["log-opts"] == {"max-size": "300m", "max-file": "2"}
    assert (kubelet["containerLogMaxSize"], kubelet["containerLogMaxFiles"]) == ("300Mi", 2)
