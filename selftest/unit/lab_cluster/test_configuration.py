"""What the lab's programs are told: command lines, configuration files, certificates, manifests."""

import shutil
import subprocess
from ipaddress import IPv4Address
from pathlib import Path
from string import Template

import pytest
import yaml
from cryptography import x509
from cryptography.x509.oid import ExtensionOID
from cryptography.x509.verification import PolicyBuilder, Store

from lab import api, controlplane, gateway, network, node, pki
from lab.settings import Settings

SETTINGS = Settings()
PLACEHOLDERS = ("token_id", "token_secret", "image", "cluster_domain", "dns_service", "replicas")
MASTER, WORKER = SETTINGS.nodes[0], SETTINGS.nodes[-1]


def test_controller_manager_has_the_runbooks_flags() -> None:
    flags = controlplane.controller_manager(SETTINGS)
    for flag in (
        "--leader-elect=true",
        "--controllers=*,bootstrapsigner,tokencleaner",
        "--allocate-node-cidrs=true",
        "--cluster-cidr=172.16.0.0/16",
        "--cluster-signing-duration=876000h0m0s",
    ):
        assert flag in flags


def test_etcd_members_know_each_other() -> None:
    flags = controlplane.etcd(MASTER, SETTINGS)
    cluster = next(flag for flag in flags if flag.startswith("--initial-cluster="))
    assert cluster.count("https://") == SETTINGS.masters


def test_kubelet_has_the_runbooks_configuration() -> None:
    configuration = node.kubelet_configuration(WORKER, SETTINGS)
    assert configuration["allowedUnsafeSysctls"] == ["net.core*", "net.ipv4.*"]
    assert configuration["kubeReserved"] == {"cpu": "10m", "memory": "10Mi", "ephemeral-storage": "10Mi"}
    assert configuration["systemReserved"] == {"cpu": "10m", "memory": "20Mi", "ephemeral-storage": "1Gi"}
    assert configuration["tlsCipherSuites"] == [
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    ]
    assert configuration["clusterDNS"] == ["10.96.0.10"]


def test_fields_that_an_old_kubelet_does_not_know_are_left_out() -> None:
    old = Settings(kubernetes="1.30.14", proxy_mode="nftables")
    assert "failCgroupV1" not in node.kubelet_configuration(old.nodes[0], old)
    assert "failCgroupV1" in node.kubelet_configuration(WORKER, SETTINGS)
    assert node.kube_proxy_configuration(old.nodes[0], old)["featureGates"] == {"NFTablesProxyMode": True}
    assert node.kube_proxy_configuration(WORKER, SETTINGS)["featureGates"] == {}


@pytest.mark.skipif(shutil.which("haproxy") is None, reason="haproxy is not installed")
def test_load_balancer_configuration_is_one(tmp_path: Path) -> None:
    path = tmp_path / "haproxy.cfg"
    path.write_text(gateway.vip_configuration(SETTINGS))
    done = subprocess.run(["haproxy", "-c", "-f", str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_load_balancer_is_patient_with_a_busy_machine() -> None:
    checks = next(
        line.split() for line in gateway.vip_configuration(SETTINGS).splitlines() if "check-ssl" in line
    )
    # HAProxy gives a check as long as its interval; a fast one after a failure does not shorten that.
    assert (
        int(checks[checks.index("inter") + 1].removesuffix("s")) * int(checks[checks.index("fall") + 1]) >= 9
    )


def test_way_in_has_a_listener_a_target() -> None:
    text = gateway.access_configuration(SETTINGS)
    assert text.count("LISTENER_") == SETTINGS.masters + 1
    assert "server vip 192.168.232.236:8443" in text
    assert "server k8s-master03 192.168.232.203:6443" in text


def test_overlay_addresses_are_unicast_and_differ() -> None:
    macs = {network.overlay_mac(one.address) for one in SETTINGS.nodes}
    assert len(macs) == len(SETTINGS.nodes)
    assert all(int(mac.split(":")[0], 16) & 3 == 2 for mac in macs)  # locally administered, not a group's


def test_api_server_certificate_is_strict_and_covers_every_name() -> None:
    credentials = controlplane.Credentials.make(SETTINGS)
    leaf = x509.load_pem_x509_certificate(credentials.api_server.certificate)
    authority = x509.load_pem_x509_certificate(credentials.cluster.pem.certificate)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses = names.get_values_for_type(x509.IPAddress)
    for address in (SETTINGS.kubernetes_service, SETTINGS.vip, IPv4Address("127.0.0.1"), MASTER.address):
        assert address in addresses
    assert "kubernetes.default.svc.cluster.local" in names.get_values_for_type(x509.DNSName)
    for certificate in (leaf, authority):
        for extension in (
            ExtensionOID.KEY_USAGE,
            ExtensionOID.SUBJECT_KEY_IDENTIFIER,
            ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
        ):
            certificate.extensions.get_extension_for_oid(extension)
    verifier = PolicyBuilder().store(Store([authority])).build_server_verifier(x509.IPAddress(SETTINGS.vip))
    assert verifier.verify(leaf, [])


def test_authority_outlives_the_certificates_it_signs() -> None:
    authority = x509.load_pem_x509_certificate(pki.Authority("kubernetes").pem.certificate)
    valid = authority.not_valid_after_utc - authority.not_valid_before_utc
    assert valid.days > 36_500  # 876000h


@pytest.mark.parametrize("manifest", sorted(api.MANIFESTS.glob("*.yaml")), ids=lambda path: path.stem)
def test_manifests_can_be_applied(manifest: Path) -> None:
    text = Template(manifest.read_text()).substitute(dict.fromkeys(PLACEHOLDERS, "1"))
    documents = list(yaml.safe_load_all(text))
    assert documents
    for document in documents:
        assert api.object_path(document).startswith(("/api/v1/", "/apis/"))


def test_object_paths() -> None:
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "coredns", "namespace": "kube-system"},
    }
    assert api.object_path(deployment) == "/apis/apps/v1/namespaces/kube-system/deployments/coredns"
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "x"}}
    assert api.object_path(role) == "/apis/rbac.authorization.k8s.io/v1/clusterroles/x"
