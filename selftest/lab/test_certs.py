"""Certificates and bootstrapping: each break shows in the check that is for it, and names who is to blame."""

import json
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from kubernetes import client

from lab.handle import Lab
from selftest.lab.conftest import Run, until

Kubecheck = Callable[..., Run]
CHECKS = "tests/certs"


def failed(run: Run) -> dict[str, dict[str, str]]:
    """Messages of what failed, by check and vantage; nothing may be unknown for another reason."""
    found: dict[str, dict[str, str]] = {}
    for each in run.verdict["checks"]:
        if each["outcome"] == "failed":
            found.setdefault(each["id"], {})[each["vantage"]] = each["message"]
    return found


def requests_left(api: client.ApiClient) -> list[str]:
    """Requests for certificates that kubecheck has made and that are still there."""
    mine = "app.kubernetes.io/managed-by=kubecheck"
    found = client.CertificatesV1Api(api).list_certificate_signing_request(label_selector=mine)
    return [item.metadata.name for item in found.items]


@pytest.fixture
def weak_kubelet(lab: Lab, api: client.ApiClient) -> Iterator[str]:
    """A kubelet without tlsCipherSuites, so that it takes what Go takes by default."""
    node = lab.nodes[-1]
    path = lab.machine(node).root / "etc/kubernetes/kubelet-conf.yml"
    before = path.read_text()
    healthy = f"/api/v1/nodes/{node}/proxy/healthz"

    def answers() -> bool:
        try:
            return bool(api.call_api("GET", api.configuration.host + healthy).read() == b"ok")
        except client.ApiException:
            return False

    def restart(text: str) -> None:
        path.write_text(text)
        lab.stop(node, "kubelet")
        lab.start(node, "kubelet")
        until(answers, f"the kubelet of {node} answers")

    restart(json.dumps({key: value for key, value in json.loads(before).items() if key != "tlsCipherSuites"}))
    yield node
    restart(before)


def test_kubelet_that_takes_weak_suites(kubecheck: Kubecheck, weak_kubelet: str) -> None:
    run = kubecheck("-k", "suite")
    assert run.code == 1, run.output
    found = failed(run)
    assert set(found) == {"certs.kubelet_refuses_weak_suites", "certs.kubelet_suites_configured"}
    refuses = found["certs.kubelet_refuses_weak_suites"]
    assert set(refuses) == {f"node:{weak_kubelet}"}
    message = refuses[f"node:{weak_kubelet}"]
    assert "10250 offering weak suites only" in message
    assert "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA" in message
    assert set(found["certs.kubelet_suites_configured"]) == {f"api:{weak_kubelet}"}


@pytest.fixture
def without_binding(api: client.ApiClient) -> Iterator[Callable[[str], None]]:
    """Takes a ClusterRoleBinding away; it is back at the end."""
    rbac = client.RbacAuthorizationV1Api(api)
    taken: list[dict[str, Any]] = []

    def take(name: str) -> None:
        body = api.sanitize_for_serialization(rbac.read_cluster_role_binding(name))
        body["metadata"] = {"name": name}
        taken.append(body)
        rbac.delete_cluster_role_binding(name)

    yield take
    for body in taken:
        rbac.create_cluster_role_binding(body)


def test_nobody_may_join(
    kubecheck: Kubecheck, without_binding: Callable[[str], None], api: client.ApiClient
) -> None:
    without_binding("kubelet-bootstrap")
    found = failed(kubecheck(f"{CHECKS}/test_bootstrap.py"))
    assert set(found) == {
        "certs.bootstrap_token_usable",
        "certs.token_may_request",
        "certs.new_node_gets_certificate",
    }
    assert "forbidden" in found["certs.new_node_gets_certificate"]["rehearsal"]
    assert requests_left(api) == []


def test_nobody_is_approved(
    kubecheck: Kubecheck, without_binding: Callable[[str], None], api: client.ApiClient
) -> None:
    without_binding("node-autoapprove-bootstrap")
    without_binding("node-autoapprove-certificate-rotation")
    run = kubecheck(f"{CHECKS}/test_bootstrap.py")
    found = failed(run)
    assert set(found) == {
        "certs.token_is_approved",
        "certs.renewal_is_approved",
        "certs.new_node_gets_certificate",
    }
    assert "nobody approved the request within 10" in found["certs.new_node_gets_certificate"]["rehearsal"]
    # Without a certificate there is nothing to say of what would be issued.
    assert {check for check, _ in run.with_outcome("unknown")} == {
        "certs.issued_for_long_enough",
        "certs.issued_certificate_is_believed",
    }
    assert requests_left(api) == []


@pytest.fixture
def useless_token(api: client.ApiClient) -> Iterator[None]:
    """The bootstrap token may not authenticate any more."""
    core = client.CoreV1Api(api)
    secrets = core.list_namespaced_secret(
        "kube-system", field_selector="type=bootstrap.kubernetes.io/token"
    ).items
    names = [secret.metadata.name for secret in secrets]
    assert names

    def allow(text: str) -> None:
        for name in names:
            body = {"stringData": {"usage-bootstrap-authentication": text}}
            core.patch_namespaced_secret(name, "kube-system", body)

    allow("false")
    yield
    allow("true")


@pytest.mark.usefixtures("useless_token")
def test_no_usable_token(kubecheck: Kubecheck, lab: Lab, tmp_path: Path) -> None:
    found = failed(kubecheck(f"{CHECKS}/test_bootstrap.py"))
    assert "usage-bootstrap-authentication is not true" in found["certs.bootstrap_token_usable"]["api"]
    # Where nobody asked for a token, having none is no fault.
    lenient = tmp_path / "lenient.toml"
    lenient.write_text(lab.policy.read_text() + "\n[certificates]\nbootstrap_token = false\n")
    run = kubecheck(f"{CHECKS}/test_bootstrap.py", "--policy", str(lenient))
    assert run.code == 0, run.output
    assert ("certs.bootstrap_token_usable", "api") in run.with_outcome("not-applicable")


@pytest.fixture
def short_signing(lab: Lab, api: client.ApiClient) -> Iterator[None]:
    """Controller-managers that sign for a year, as they do without the flag."""
    leases = client.CoordinationV1Api(api)
    before = {node: lab.machine(node).component("kube-controller-manager").argv for node in lab.masters}

    def restart(argvs: dict[str, list[str]]) -> None:
        for node, argv in argvs.items():
            lab.stop(node, "kube-controller-manager")
            lab.machine(node).start("kube-controller-manager", argv)
        begun = datetime.now(UTC)
        # The lease of the one that led must run out before another takes it.
        until(
            lambda: (
                leases.read_namespaced_lease("kube-controller-manager", "kube-system").spec.acquire_time
                > begun
            ),
            "a controller-manager leads",
        )

    restart(
        {node: [word for word in argv if "signing-duration" not in word] for node, argv in before.items()}
    )
    yield
    restart(before)


@pytest.mark.usefixtures("short_signing")
def test_certificates_for_a_year(kubecheck: Kubecheck) -> None:
    found = failed(kubecheck("-k", "issued_for_long_enough or new_node_gets_certificate"))
    assert set(found) == {"certs.issued_for_long_enough"}
    assert "for 365.0 days; expected are at least 36135" in found["certs.issued_for_long_enough"]["rehearsal"]


@pytest.fixture
def stranger(lab: Lab) -> Iterator[str]:
    """One API server with a certificate of the right CA that lacks the kubernetes Service's address."""
    node = lab.masters[-1]
    folder = lab.machine(node).root / "etc/kubernetes/pki"
    before = {name: (folder / name).read_bytes() for name in ("apiserver.crt", "apiserver.key")}
    authority = x509.load_pem_x509_certificate((lab.pki / "ca.crt").read_bytes())
    signer = load_pem_private_key((lab.pki / "ca.key").read_bytes(), None)
    assert isinstance(signer, rsa.RSAPrivateKey)
    key = rsa.generate_private_key(65537, 2048)
    now = datetime.now(UTC)
    # The way from the test to this API server keeps working: only pods are turned away.
    names = [x509.DNSName(node), x509.IPAddress(ip_address("127.0.0.1"))]
    issued = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kube-apiserver")]))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName(names), False)
        .sign(signer, hashes.SHA256())
    )
    written = {
        "apiserver.crt": issued.public_bytes(Encoding.PEM),
        "apiserver.key": key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
    }

    def put(files: dict[str, bytes]) -> None:
        for name, content in files.items():
            (folder / name).write_bytes(content)
        wanted = x509.load_pem_x509_certificate(files["apiserver.crt"]).serial_number

        # An API server reads its certificate anew when the file changes.
        def served() -> bool:
            shown = ssl.get_server_certificate(("127.0.0.1", lab.api_port(node)))
            return x509.load_pem_x509_certificate(shown.encode()).serial_number == wanted

        until(served, f"the API server of {node} shows its new certificate", 90)

    put(written)
    yield node
    put(before)


def test_one_api_server_with_another_certificate(kubecheck: Kubecheck, lab: Lab, stranger: str) -> None:
    found = failed(kubecheck("-k", "test_api_server_certificates"))
    nodes = {f"node:{node}" for node in lab.nodes}
    assert set(found["certs.api_server_certificates"]) == nodes
    message = found["certs.api_server_certificates"][f"node:{lab.nodes[0]}"]
    assert message.startswith(f"1 of {len(lab.masters)} fail: {stranger}\n")
    assert "expected a certificate for 10.96.0.1, kubernetes.default.svc" in message
