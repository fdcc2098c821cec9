"""Certificates as the API shows them, and as a server shows them to this machine."""

from datetime import timedelta

import pytest
from kubernetes.client import ApiClient, Configuration

from kubecheck.cluster.api import ApiError
from kubecheck.cluster.certificates import read_certificates
from selftest.unit.checks_certs.conftest import CA, FRONT, NAMESAKE, NOW, certificate, issue


class Api:
    """An API server with these namespaces (age in seconds, CA in it), and nothing at its own address."""

    def __init__(self, namespaces, aggregation=None, server="https://127.0.0.1:1"):
        self.namespaces, self.aggregation, self.server = namespaces, aggregation, server
        self.client = ApiClient(Configuration(host=server))
        self.certificate_by_plugin = False

    def clock(self):
        return NOW.isoformat()

    def items(self, path, **query):
        if path == "/api/v1/namespaces":
            return [
                {
                    "metadata": {
                        "name": name,
                        "creationTimestamp": (NOW - timedelta(seconds=age)).isoformat(),
                    },
                    "status": {"phase": "Terminating" if name == "leaving" else "Active"},
                }
                for name, (age, _) in self.namespaces.items()
            ]
        return [
            {"metadata": {"namespace": name}, "data": {"ca.crt": pem}}
            for name, (_, pem) in self.namespaces.items()
            if pem
        ]

    def get(self, path):
        if path.endswith("kube-root-ca.crt"):
            return {"data": {"ca.crt": self.namespaces["kube-system"][1]}}
        if self.aggregation is None:
            raise ApiError(403, "Forbidden", "may not")
        return {"data": self.aggregation}


def test_namespaces_without_the_ca_or_with_another():
    found = read_certificates(
        Api(
            {
                "kube-system": (9e6, CA.pem),
                "good": (9e6, CA.pem),
                "other": (9e6, NAMESAKE.pem),
                "bare": (9e6, ""),
                "new": (5, ""),
                "leaving": (9e6, ""),
            }
        )
    )
    assert set(found.strays.value) == {"other", "bare"}
    assert found.strays.value["other"] == "not the one of kube-system"
    assert found.root.value == (CA,)
    assert "may not" in found.aggregation.problem
    assert "connection refused" in found.served.problem
    assert found.own.absent


@pytest.mark.parametrize("names", ['["front-proxy-client"]', "[]", ""])
def test_what_api_servers_tell_those_who_extend_them(names):
    data = {
        "client-ca-file": CA.pem,
        "requestheader-client-ca-file": FRONT.pem,
        "requestheader-allowed-names": names,
    }
    found = read_certificates(Api({"kube-system": (9, CA.pem)}, data)).aggregation.value
    assert (found.clients, found.front_proxies) == ((CA,), (FRONT,))
    assert found.names == (("front-proxy-client",) if "front" in names else ())
    without = read_certificates(Api({"kube-system": (9, CA.pem)}, {"client-ca-file": ""})).aggregation.value
    assert (without.clients, without.front_proxies) == ((), ())


def test_the_servers_certificate_as_this_machine_sees_it(serving):
    with serving(issue("kube-apiserver", ("127.0.0.1",))) as port:
        found = read_certificates(Api({"kube-system": (9, CA.pem)}, server=f"https://127.0.0.1:{port}"))
    assert found.served.value.asked == "127.0.0.1"
    assert found.served.value.chain[0].covers("127.0.0.1")


def test_the_kubeconfigs_own_certificate(tmp_path):
    mine = certificate("kubernetes-admin", organization="system:masters")
    api = Api({"kube-system": (9, CA.pem)})
    api.client.configuration.cert_file = str(tmp_path / "admin.crt")
    (tmp_path / "admin.crt").write_text(mine.pem)
    assert read_certificates(api).own.value == mine
    (tmp_path / "admin.crt").write_text("nothing")
    assert "cannot be read" in read_certificates(api).own.problem
    api.certificate_by_plugin = True
    assert read_certificates(api).own.absent
    assert "plugin" in read_certificates(api).own.problem
