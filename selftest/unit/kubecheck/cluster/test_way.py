"""The way to the API server, of requests and of streams alike: TLS as the kubeconfig says, and proxies."""

import base64
import ssl
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from kubecheck.cluster.api import ApiError
from kubecheck.cluster.connection import ConnectionProblem, connect
from kubecheck.cluster.proxy import choose_proxy
from kubecheck.fleet.exec import run_script
from kubecheck.fleet.stream import ExecProblem
from selftest import tunnels
from selftest.unit.checks_certs.conftest import CA, KEY, issue
from selftest.unit.kubecheck.cluster.conftest import kubeconfig_body

EXEC = "/api/v1/namespaces/ns/pods/p/exec"


@pytest.fixture(autouse=True)
def no_proxy_around(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def secured(server, tmp_path):
    """``server`` with TLS and a certificate for the name api.example only."""
    pem = tmp_path / "server.pem"
    key = KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    pem.write_bytes(issue("api", ("api.example",), begins=datetime.now(UTC)).public_bytes(Encoding.PEM) + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server.names = []
    context.sni_callback = lambda _socket, name, _context: server.names.append(name)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.pages["/version"] = (200, {"gitVersion": "v1"})
    server.pages[EXEC] = (418, {"message": "it came here"})
    return server


@pytest.fixture
def lead_to(kubeconfig):
    """A connection to a server, by a kubeconfig whose cluster says more."""

    def make(server, scheme="https", **more):
        body = kubeconfig_body(port=server.server_port)
        body["clusters"][0]["cluster"] = {"server": f"{scheme}://127.0.0.1:{server.server_port}", **more}
        return connect(kubeconfig(body), None)

    return make


def both(api):
    """What became of a plain request and of a stream."""
    found = []
    for ask in (lambda: api.get("/version"), lambda: run_script(api, "ns", "p", "exit\n", 5)):
        try:
            found.append(ask())
        except (ApiError, ExecProblem) as problem:
            found.append(str(problem))
    return found


TRUSTED = {"certificate-authority-data": base64.b64encode(CA.pem.encode()).decode()}
CAME = [{"gitVersion": "v1"}, "exec into ns/p was refused: it came here"]


def test_the_name_that_the_kubeconfig_gives_is_asked_for_and_checked(secured, lead_to):
    assert both(lead_to(secured, **TRUSTED, **{"tls-server-name": "api.example"})) == CAME
    assert secured.names == ["api.example"] * 2


@pytest.mark.parametrize("more", [TRUSTED, TRUSTED | {"tls-server-name": "other.example"}, {}])
def test_another_name_and_an_unknown_ca_are_refused(secured, lead_to, more):
    for said in both(lead_to(secured, **more)):
        assert "certificate verify failed" in said
    assert secured.asked == []


def test_without_verification_nothing_is_checked_nor_warned_of(secured, lead_to, recwarn):
    assert both(lead_to(secured, **{"insecure-skip-tls-verify": True})) == CAME
    assert not recwarn.list


@pytest.fixture
def proxy():
    with tunnels.proxy() as ours:
        yield ours


NAMED = TRUSTED | {"tls-server-name": "api.example"}


def test_the_kubeconfigs_proxy_is_used_whatever_the_environment_says(secured, proxy, lead_to, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    assert both(lead_to(secured, **NAMED, **{"proxy-url": f"http://{proxy.address}"})) == CAME
    assert proxy.asked == [f"127.0.0.1:{secured.server_port}"] * 2


def test_a_proxy_that_wants_a_password_gets_the_one_in_its_address(secured, proxy, lead_to):
    proxy.password = "Basic " + base64.b64encode(b"me:s cret").decode()
    assert both(lead_to(secured, **NAMED, **{"proxy-url": f"http://me:s%20cret@{proxy.address}"})) == CAME
    for said in both(lead_to(secured, **NAMED, **{"proxy-url": f"http://me:wrong@{proxy.address}"})):
        assert f"through the proxy http://{proxy.address}: Tunnel connection failed: 407" in said
        assert "wrong" not in said


def test_a_proxy_that_is_not_there_is_blamed_itself(secured, lead_to):
    for said in both(lead_to(secured, **NAMED, **{"proxy-url": "http://127.0.0.1:1"})):
        assert "through the proxy http://127.0.0.1:1: connection refused" in said


@pytest.mark.parametrize("url", ["gopher://127.0.0.1:70", "http://["])
def test_what_is_no_proxy_is_one_sentence(kubeconfig, url):
    body = kubeconfig_body()
    body["clusters"][0]["cluster"] |= {"proxy-url": url}
    with pytest.raises(ConnectionProblem, match="proxy") as refused:
        connect(kubeconfig(body), None)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("server", "environment", "chosen"),
    [
        ("https://api.example:6443", {"HTTPS_PROXY": "http://p:3128"}, "http://p:3128"),
        ("https://api.example:6443", {"https_proxy": "p:3128"}, "http://p:3128"),
        ("https://api.example:6443", {"HTTP_PROXY": "http://p:3128"}, None),
        ("http://api.example", {"HTTP_PROXY": "http://p:3128"}, "http://p:3128"),
        ("https://api.example:6443", {"HTTPS_PROXY": "http://p:3128", "NO_PROXY": "a.b,.example"}, None),
        ("https://10.1.2.3:6443", {"HTTPS_PROXY": "http://p:3128", "NO_PROXY": "10.0.0.0/8"}, None),
        (
            "https://10.1.2.3:6443",
            {"HTTPS_PROXY": "http://p:3128", "NO_PROXY": "10.0.0.0/16"},
            "http://p:3128",
        ),
        ("https://localhost:6443", {"HTTPS_PROXY": "http://p:3128"}, None),
        ("https://[::1]:6443", {"HTTPS_PROXY": "http://p:3128"}, None),
        ("https://api.example:6443", {"HTTPS_PROXY": "socks5://p:1080"}, "socks5h://p:1080"),
    ],
)
def test_the_environments_proxy_as_kubectl_takes_it(server, environment, chosen, monkeypatch):
    from kubernetes.client import Configuration

    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    configuration = Configuration()
    configuration.host = server
    choose_proxy(configuration, "")
    assert configuration.proxy == chosen
