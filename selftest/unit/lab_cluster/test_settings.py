"""Options that cannot be are refused in a sentence, and the addresses follow from the networks."""

from ipaddress import IPv4Address

import pytest

from lab.cli import parser
from lab.errors import LabError
from lab.settings import Settings


def test_default_is_the_runbooks_shape() -> None:
    settings = Settings()
    assert [node.name for node in settings.nodes] == [
        "k8s-master01",
        "k8s-master02",
        "k8s-master03",
        "k8s-node01",
        "k8s-node02",
    ]
    assert settings.vip == IPv4Address("192.168.232.236")
    assert settings.kubernetes_service == IPv4Address("10.96.0.1")
    assert settings.dns_service == IPv4Address("10.96.0.10")
    assert settings.pod_mtu == 1450


def test_every_address_is_one_machines_own() -> None:
    settings = Settings(masters=9, workers=9)
    addresses = [settings.gateway, settings.vip, *(node.address for node in settings.nodes)]
    assert len(set(addresses)) == len(addresses)


def test_addresses_follow_from_the_networks() -> None:
    settings = Settings(node_cidr="10.77.0.0/16", service_cidr="172.30.0.0/16")
    assert settings.vip == IPv4Address("10.77.0.236")
    assert settings.node_prefix == 16
    assert settings.dns_service == IPv4Address("172.30.0.10")


def test_older_kubelet_is_the_last_workers_only() -> None:
    settings = Settings(kubelet_version="1.36.4")
    assert [node.kubernetes for node in settings.nodes] == ["1.37.2"] * 4 + ["1.36.4"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": "Lab-1"}, "--name"),
        ({"name": ""}, "--name"),
        ({"kubernetes": "1.22.1"}, "not pinned"),
        ({"kubelet_version": "1.30.14"}, "at most 3 minor versions older"),
        ({"kubernetes": "1.36.4", "kubelet_version": "1.37.2"}, "must not be newer"),
        ({"kubelet_version": "1.36.4", "workers": 0}, "no worker"),
        ({"masters": 0}, "1 to 9 masters"),
        ({"workers": 10}, "0 to 9 workers"),
        ({"pod_cidr": "172.16.0.1/16"}, "--pod-cidr"),
        ({"pod_cidr": "172.16.0.0/24"}, "too small"),
        ({"node_cidr": "fd00::/64"}, "IPv4"),
        ({"pod_cidr": "10.96.0.0/16"}, "overlap"),
        ({"node_cidr": "172.16.3.0/24"}, "overlap"),
        ({"cluster_domain": "a..b"}, "DNS domain"),
        ({"signing_duration": "1 year"}, "876000h"),
        ({"signing_duration": ""}, "876000h"),
        ({"proxy_mode": "ipvs"}, "iptables or nftables"),
        ({"mtu": 600}, "--mtu"),
    ],
)
def test_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(LabError) as refusal:
        Settings(**options)  # type: ignore[arg-type]
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_settings_survive_the_record() -> None:
    settings = Settings(workers=1, proxy_mode="nftables")
    assert Settings.from_json(settings.to_json()) == settings


def test_every_setting_has_its_option() -> None:
    options = vars(parser().parse_args(["up"]))
    options.pop("action")
    assert Settings(**options) == Settings()
