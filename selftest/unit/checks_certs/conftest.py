"""A CA and certificates of our own, a TLS server that shows them, and a made-up cluster that has them."""

import base64
import json
import socket
import ssl
import subprocess
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from kubecheck.cluster.api import ApiError
from kubecheck.cluster.bootstrap import Bootstrap, BootstrapToken
from kubecheck.cluster.certificates import Aggregation, Certificates, Served
from kubecheck.cluster.clusterinfo import ClusterInfo
from kubecheck.cluster.controlplane import ApiServer, ControlPlane
from kubecheck.cluster.objects import Kubelet
from kubecheck.cluster.reading import Reading
from kubecheck.probes import Certificate, Raw
from selftest.unit.kubecheck.conftest import make_facts

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
KEY = rsa.generate_private_key(65537, 2048)
OTHER_KEY = rsa.generate_private_key(65537, 2048)
NAMES = ("10.96.0.1", "192.168.232.236", "192.168.232.1", "kubernetes.default.svc",
         "kubernetes.default.svc.cluster.local")  # fmt: skip


def name(common, organization=""):
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization)] if organization else []
    return x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def issue(
    common, hosts=(), issuer="kubernetes", key=KEY, days=365.0, organization="", begins=NOW, plain=False
):
    """A certificate for KEY, signed with ``key``, as cryptography has it."""
    alternatives = []
    for host in hosts:
        try:
            alternatives.append(x509.IPAddress(ip_address(host)))
        except ValueError:
            alternatives.append(x509.DNSName(host))
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(common, organization))
        .issuer_name(name(issuer))
        .public_key(KEY.public_key() if key is KEY or common != issuer else key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins - timedelta(days=1))
        .not_valid_after(begins + timedelta(days=days))
    )
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    if common == issuer and not plain:
        builder = builder.add_extension(x509.BasicConstraints(True, None), True)
        identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        builder = builder.add_extension(identifier, False)
        usage = dict.fromkeys(
            ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only",
             "decipher_only"), False,
        )  # fmt: skip
        builder = builder.add_extension(
            x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True, **usage), True
        )
    return builder.sign(key, hashes.SHA256())


def certificate(*arguments, **options):
    """The same as one of ours."""
    return Certificate.from_der(issue(*arguments, **options).public_bytes(Encoding.DER))


CA = certificate("kubernetes", days=3650)
NAMESAKE = certificate("kubernetes", key=OTHER_KEY, days=3650)
FRONT = certificate("front-proxy-ca", issuer="front-proxy-ca", days=3650)


@contextmanager
def tls_server(tmp_path, shown, ciphers="", least=None, most=None):
    """The port of a TLS server on loopback that shows this certificate."""
    pem = tmp_path / "server.pem"
    key = KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    pem.write_bytes(shown.public_bytes(Encoding.PEM) + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    if ciphers:
        context.set_ciphers(ciphers)
    if least:
        context.minimum_version = least
    if most:
        context.maximum_version = most

    def serve(listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(2)
                try:
                    context.wrap_socket(connection, server_side=True)
                except (OSError, ssl.SSLError):
                    continue

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1]


@pytest.fixture
def serving(tmp_path):
    return lambda *arguments, **options: tls_server(tmp_path, *arguments, **options)


def ask(question):
    """The answer to a question that busybox asks for real, on this machine."""
    begun = time.monotonic()
    done = subprocess.run(
        ["busybox", "sh", "-c", question.shell(2)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    return question.read(Raw(done.returncode, done.stdout, round(time.monotonic() - begun, 2)), "node n1")


TOKEN = BootstrapToken("abcdef", True, "", ("system:bootstrappers:kubeadm:default-node-token",))


def make_cluster(**changes):
    """Two nodes, an API server on the first, everything in order."""
    facts = make_facts(("node1", "node2"))
    kubelet = Reading(Kubelet(366 * 86400.0, {"rotateCertificates": True, "clusterDomain": "cluster.local"}))
    ready = Reading(())
    healthy = {
        "clock": Reading(NOW.isoformat()),
        "kubelets": {each.name: kubelet for each in facts.nodes},
        "control_plane": Reading(
            ControlPlane((ApiServer("192.168.232.1", 6443, "node1", ready, Reading("v1.37.2")),), ready)
        ),
        "cluster_info": Reading[ClusterInfo](problem="not found", absent=True),
        "certificates": Reading(
            Certificates(
                root=Reading((CA,)),
                strays=Reading({}),
                aggregation=Reading(Aggregation((CA,), (FRONT,), ("front-proxy-client",))),
                served=Reading(Served("192.168.232.236", (certificate("kube-apiserver", NAMES),))),
                own=Reading(certificate("kubernetes-admin", organization="system:masters")),
            )
        ),
        "bootstrap": Reading(
            Bootstrap(
                tokens=Reading((TOKEN,)),
                may_request=Reading({TOKEN.id: True}),
                approves=Reading({TOKEN.id: True}),
                renews=Reading(True),
                requests=Reading(()),
            )
        ),
    }
    return replace(facts, **(healthy | changes))


def changed(facts, what, **fields):
    """``facts`` with fields of its certificates or its bootstrap changed."""
    return replace(facts, **{what: Reading(replace(getattr(facts, what).value, **fields))})


@pytest.fixture
def facts():
    return make_cluster()


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def token_secret(**data):
    """A bootstrap token's Secret, whole unless ``data`` says otherwise."""
    whole = {
        "token-id": "abcdef",
        "token-secret": "0123456789abcdef",
        "usage-bootstrap-authentication": "true",
        "auth-extra-groups": "system:bootstrappers:kubeadm:default-node-token",
    }
    filled = {key.replace("_", "-"): value for key, value in data.items()}
    return {
        "metadata": {"name": "bootstrap-token-abcdef"},
        "data": {key: encoded(value) for key, value in (whole | filled).items() if value is not None},
    }


class FakeApi:
    """An API server that signs requests, or does what a test has it do instead.

    ``failures`` are what it answers to a method instead, one after the other, None where it does not. The
    watches of one that is ``silent`` tell nothing of what they see; the first ``expires`` come too late.
    """

    def __init__(
        self, secrets=(), refuses=None, conditions=None, signs=True, failures=None, silent=False, expires=0
    ):
        self.secrets, self.refuses = list(secrets), refuses
        self.conditions = (
            [{"type": "Approved", "message": "AutoApproved"}] if conditions is None else conditions
        )
        self.signs = signs
        self.failures = {method: list(those) for method, those in (failures or {}).items()}
        self.silent, self.expires = silent, expires
        self.requests, self.deleted, self.said = {}, [], []

    def clock(self):
        return NOW.isoformat()

    def items(self, path, **query):
        return self.secrets

    def _may_fail(self, method):
        problem = self.failures[method].pop(0) if self.failures.get(method) else None
        if problem is not None:
            raise problem

    def create(self, path, body):
        self.said.append(json.dumps(body))
        if self.refuses is not None:
            raise ApiError(self.refuses, "", f"refused with {self.refuses}")
        self._may_fail("create")
        name = body["metadata"]["name"]
        if name in self.requests:
            raise ApiError(409, "AlreadyExists", f'certificatesigningrequests "{name}" already exists')
        self.requests[name] = body
        return body

    def get(self, path, fieldSelector):  # noqa: N803 - as the API calls it
        self._may_fail("get")
        name = fieldSelector.removeprefix("metadata.name=")
        found = [self.requests[name]] if name in self.requests else []
        return {"metadata": {"resourceVersion": "1"}, "items": found}

    def watch(self, path, version, seconds, **query):
        self._may_fail("watch")
        if self.expires:
            self.expires -= 1
            gone = {"kind": "Status", "code": 410, "message": f"too old resource version: {version} (99)"}
            yield {"type": "ERROR", "object": gone}
            return
        for name, made in self.requests.items():
            status = {"conditions": self.conditions}
            if self.signs and self.conditions:
                asked = x509.load_pem_x509_csr(base64.b64decode(made["spec"]["request"]))
                common = asked.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
                issued = issue(common, organization="system:nodes")
                status["certificate"] = encoded(issued.public_bytes(Encoding.PEM).decode())
            self.requests[name] = {**made, "status": status}
            if not self.silent:
                yield {"type": "MODIFIED", "object": self.requests[name]}
        time.sleep(min(seconds, 0.01))

    def delete(self, path, **options):
        self._may_fail("delete")
        self.deleted.append(path)
        self.requests.pop(path.rpartition("/")[2], None)
