"""The way to the API server, of requests and of streams alike: TLS as the kubeconfig says, and proxies."""

import base64
import re
import socket
import ssl
import threading
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from kubecheck.cluster.api import Api, ApiError
from kubecheck.cluster.connection import ConnectionProblem, connect
from kubecheck.cluster.deadline import Deadline
from kubecheck.cluster.proxy import choose_proxy
from kubecheck.fleet.exec import run_script
from kubecheck.fleet.stream import ExecProblem
from selftest import tunnels
from selftest.unit.checks_certs.conftest import CA, KEY, OTHER_KEY, certificate, issue
from selftest.unit.kubecheck.cluster.conftest import kubeconfig_body

EXEC = "/api/v1/namespaces/ns/pods/p/exec"


@pytest.fixture(autouse=True)
def no_proxy_around(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def showing(tmp_path):
    """What a server needs for TLS with a certificate for a name; ours is signed by CA."""

    def make(name, **options):
        pem = tmp_path / "server.pem"
        key = KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        shown = issue(name, (name,), begins=datetime.now(UTC), **options)
        pem.write_bytes(shown.public_bytes(Encoding.PEM) + key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        return context

    return make


@pytest.fixture
def secured(server, showing):
    """``server`` with TLS and a certificate for the name api.example only."""
    context = showing("api.example")
    server.names = []
    context.sni_callback = lambda _socket, name, _context: server.names.append(name)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.pages["/version"] = (200, {"gitVersion": "v1"})
    server.pages[EXEC] = (418, {"message": "it came here"})
    return server


@pytest.fixture
def lead_to(kubeconfig):
    """A connection to a server, by a kubeconfig whose cluster says more."""

    def make(server, host="127.0.0.1", **more):
        body = kubeconfig_body(port=server.server_port)
        body["clusters"][0]["cluster"] = {"server": f"https://{host}:{server.server_port}", **more}
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
def started(showing):
    """Starts a proxy of a kind."""
    with ExitStack() as stack:
        kinds = {
            "http": tunnels.proxy,
            "https": lambda: tunnels.proxy(showing("127.0.0.1")),
            "socks5": tunnels.socks,
        }
        yield lambda kind: stack.enter_context(kinds[kind]())


@pytest.fixture(params=["http", "https", "socks5"])
def proxy(request, started):
    return started(request.param)


@pytest.fixture
def impatient(monkeypatch):
    """Nothing is waited for longer than a moment."""
    monkeypatch.setattr(Deadline, "within", lambda _self, seconds: min(seconds, 0.3))


NAMED = TRUSTED | {"tls-server-name": "api.example"}


def test_the_kubeconfigs_proxy_is_used_whatever_the_environment_says(secured, proxy, lead_to, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    assert both(lead_to(secured, **NAMED, **{"proxy-url": proxy.url()})) == CAME
    assert proxy.asked == [f"127.0.0.1:{secured.server_port}"] * 2


@pytest.mark.parametrize("kind", ["http", "https", "socks5", "socks5h"])
def test_requests_watches_and_streams_go_by_name_through_the_environments_proxy(
    secured, started, kind, lead_to, streams, monkeypatch
):
    proxy = started(kind.removesuffix("h"))
    proxy.names["api.example"] = "127.0.0.1"
    proxy.secret = "me:secret"
    monkeypatch.setenv("HTTPS_PROXY", f"{kind}://{proxy.secret}@{proxy.address}")
    script = []
    secured.pages[EXEC] = streams(b"\x01what it ", b"\x01prints", hear=script.append)
    secured.pages["/api/v1/pods"] = (200, b'{"type": "ADDED", "object": {}}\n' * 2)
    api = lead_to(secured, "api.example", **TRUSTED)
    made = []
    monkeypatch.setattr(api, "connection", lambda: made.append(Api.connection(api)) or made[-1])
    assert api.get("/version") == {"gitVersion": "v1"}
    assert [event["type"] for event in api.watch("/api/v1/pods", "1", 0.1)] == ["ADDED"] * 2
    assert run_script(api, "ns", "p", "exit\n", 5) == b"what it prints"
    assert script == [b"\x00exit\n"]
    assert set(proxy.asked) == {f"api.example:{secured.server_port}"}
    assert [each.fileno() for each in made] == [-1], "a stream that is over is closed"
    assert not any("Proxy-Authorization" in headers for headers in secured.headers)


def test_a_proxy_that_wants_a_password_gets_the_one_in_its_address(secured, proxy, lead_to):
    proxy.secret = "me:s cret/\N{EURO SIGN}"
    assert both(lead_to(secured, **NAMED, **{"proxy-url": proxy.url("me:s%20cret%2F%E2%82%AC")})) == CAME
    for secret, answer in (("me:wrong", "407|authentication failed"), ("", "407|methods were rejected")):
        for said in both(lead_to(secured, **NAMED, **{"proxy-url": proxy.url(secret)})):
            assert re.search(rf"through the proxy {proxy.scheme}h?://{proxy.address}: ", said)
            assert re.search(f"Tunnel connection failed: .*({answer})", said)
            assert "wrong" not in said


@pytest.mark.parametrize("kind", ["http", "https", "socks5"])
def test_a_proxy_that_is_not_there_is_blamed_itself(secured, lead_to, kind):
    for said in both(lead_to(secured, **NAMED, **{"proxy-url": f"{kind}://me:canary@127.0.0.1:1"})):
        assert re.search(r"through the proxy \w+://127.0.0.1:1: connection refused$", said)


def test_a_proxy_that_cannot_reach_the_server_says_so(secured, proxy, lead_to):
    proxy.names["127.0.0.1"] = "127.0.0.2"
    for said in both(lead_to(secured, **NAMED, **{"proxy-url": proxy.url()})):
        assert re.search(r"Tunnel connection failed: (502 Bad Gateway|0x05: Connection refused)$", said)


def test_a_proxy_of_another_kind_is_told_in_one_sentence(secured, proxy, lead_to, impatient):
    for called in {"http", "https", "socks5"} - {proxy.scheme}:
        for said in both(lead_to(secured, **NAMED, **{"proxy-url": f"{called}://me:canary@{proxy.address}"})):
            assert re.search(rf"through the proxy {called}h?://{proxy.address}: [^(]", said)
            assert not re.search("canary|\n", said)
            assert called != "https" or "TLS to the proxy itself failed, which may be one for http://" in said


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("http", "what came is no HTTP: SSH-2.0"),
        ("https", "TLS to the proxy itself failed"),
        ("socks5", "Tunnel connection failed: SOCKS5 proxy server sent invalid data"),
    ],
)
def test_what_speaks_as_no_proxy_does_is_told_in_one_sentence(secured, lead_to, kind, expected):
    def greet():
        for _ in range(2):
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"SSH-2.0\r\nmore\r\n")
                connection.recv(65536)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=greet, daemon=True).start()
        url = f"{kind}://me:canary@127.0.0.1:{listener.getsockname()[1]}"
        for said in both(lead_to(secured, **NAMED, **{"proxy-url": url})):
            assert expected in said
            assert "canary" not in said


@pytest.mark.parametrize("kind", ["http", "https", "socks5"])
def test_a_proxy_that_says_nothing_has_not_answered_in_time(secured, lead_to, kind, impatient):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"{kind}://127.0.0.1:{listener.getsockname()[1]}"
        api = lead_to(secured, **NAMED, **{"proxy-url": url})
        for ask in (lambda: api.get("/version"), api.connection):
            with pytest.raises(ApiError, match="no answer in time") as problem:
                ask()
            assert problem.value.silence


def test_a_proxys_certificate_is_trusted_as_kubectl_trusts_it(
    secured, showing, lead_to, tmp_path, monkeypatch
):
    theirs = tmp_path / "theirs.pem"
    theirs.write_text(certificate("theirs", issuer="theirs", key=OTHER_KEY, days=3650).pem + CA.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(theirs))
    unverified = {"insecure-skip-tls-verify": True}
    with tunnels.proxy(showing("127.0.0.1", issuer="theirs", key=OTHER_KEY)) as proxy:
        for said in both(lead_to(secured, **NAMED, **{"proxy-url": proxy.url("me:canary")})):
            assert f"through the proxy {proxy.url()}: the proxy's own certificate is not accepted (" in said
        for trusting in ({"tls-server-name": "api.example"}, unverified):
            assert both(lead_to(secured, **trusting, **{"proxy-url": proxy.url()})) == CAME


def test_a_proxy_that_asks_for_a_client_certificate_is_shown_ours(secured, showing, kubeconfig, tmp_path):
    ca = tmp_path / "ca.pem"
    ca.write_text(CA.pem)
    context = showing("127.0.0.1")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(ca)
    shown = issue("me", begins=datetime.now(UTC)).public_bytes(Encoding.PEM)
    key = KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    body = kubeconfig_body()
    with tunnels.proxy(context) as proxy:
        server = f"https://127.0.0.1:{secured.server_port}"
        body["clusters"][0]["cluster"] = NAMED | {"server": server, "proxy-url": proxy.url()}
        for said in both(connect(kubeconfig(body), None)):
            assert f"through the proxy {proxy.url()}: " in said
        assert proxy.asked == []
        body["users"][0]["user"] = {
            "client-certificate-data": base64.b64encode(shown).decode(),
            "client-key-data": base64.b64encode(key).decode(),
        }
        assert both(connect(kubeconfig(body), None)) == CAME
        body["users"][0]["user"]["client-certificate-data"] = base64.b64encode(b"none").decode()
        for said in both(connect(kubeconfig(body), None)):
            assert f"through the proxy {proxy.url()}: " in said


def test_a_ca_that_is_none_is_told_at_a_proxy_too(secured, showing, lead_to):
    none = {"certificate-authority-data": base64.b64encode(b"no certificate").decode()}
    with tunnels.proxy(showing("127.0.0.1")) as proxy:
        for said in both(lead_to(secured, **none, **{"proxy-url": proxy.url()})):
            assert f"through the proxy {proxy.url()}: " in said


def test_a_proxys_certificate_is_for_its_name(secured, showing, lead_to):
    with tunnels.proxy(showing("api.example")) as proxy:
        for said in both(lead_to(secured, **NAMED, **{"proxy-url": proxy.url()})):
            assert "own certificate is not accepted (IP address mismatch" in said


@pytest.mark.parametrize(
    "url",
    [
        "gopher://me:canary@127.0.0.1:70", "socks4://127.0.0.1:70", "http://[", "http://me:canary@[::1",
        "https://me:canary@", "socks5://me:canary@p:99999", "http://me:canary@p:x", "http://me:canary@a\u2100b",
        "http://me:can#ary@p:1", "http://me:12#canary@p:1", "http://me:12/canary@p:1", "http://me:canary@p q",
    ],
)  # fmt: skip
def test_what_is_no_proxy_is_one_sentence(kubeconfig, url):
    body = kubeconfig_body()
    body["clusters"][0]["cluster"] |= {"proxy-url": url}
    with pytest.raises(ConnectionProblem, match="the proxy's address is none") as refused:
        connect(kubeconfig(body), None)
    assert "\n" not in str(refused.value)
    assert not re.search("can|ary|12", str(refused.value))


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
        ("https://api.example:6443", {"ALL_PROXY": "http://p:3128"}, None),
        (
            "https://api.example:6443",
            {"HTTPS_PROXY": "http://p:1", "https_proxy": "http://q:1"},
            "http://p:1",
        ),
        ("https://api.example:6443", {"HTTPS_PROXY": "socks5://p:1080"}, "socks5h://p:1080"),
        ("https://api.example:6443", {"HTTPS_PROXY": "SOCKS5://me:x@p"}, "socks5h://me:x@p"),
        ("https://api.example:6443", {"HTTPS_PROXY": "socks5h://p:1080"}, "socks5h://p:1080"),
        ("https://api.example:6443", {"HTTPS_PROXY": "https://me:x@p:1"}, "https://p:1"),
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


@pytest.mark.parametrize(
    ("server", "without", "with_proxy"),
    [
        (
            "https://vip.corp.example:6443",
            ["*", "*.corp.example", ".corp.example", "corp.example", "example", "VIP.corp.example",
             "vip.corp.example:6443", "*.corp.example:6443", " a.b , .corp.example ", "10.0.0.0/8,*"],
            ["", ",", "*corp.example", "vip.corp.example:443", ".vip.corp.example", "orp.example", "*.*",
             "*:6443", "https://vip.corp.example", ":6443", ".", "*."],
        ),
        ("https://corp.example", ["corp.example", "corp.example:443", "corp.example:"],
         ["*.corp.example", ".corp.example", "corp.example:6443", "xcorp.example"]),
        ("http://corp.example", ["corp.example:80"], ["corp.example:443"]),
        (
            "https://10.1.2.3:6443",
            ["10.1.2.3", "10.1.2.3:6443", "10.1.2.9/24", "0.0.0.0/0", "::ffff:10.1.2.3"],
            ["10.1.2.3:443", "10.1.2.", "10.*", "10.1.2.3/33", "10.1.2.9", "::/0", "10.0.0.0/255.0.0.0"],
        ),
        (
            "https://[fd00::1]:6443",
            ["fd00::1", "[fd00::1]:6443", "fd00::/8", "FD00:0::1"],
            ["[fd00::1]", "[fd00::1]:443", "fd00::2", "0.0.0.0/0"],
        ),
        ("https://127.0.0.9:6443", ["", "x"], []),
        ("https://[::ffff:127.0.0.1]:6443", [""], []),
    ],
)  # fmt: skip
def test_what_no_proxy_names_is_what_gos_httpproxy_takes_it_for(server, without, with_proxy, monkeypatch):
    from kubernetes.client import Configuration

    configuration = Configuration()
    configuration.host = server
    for proxy in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(proxy, "http://p:3128")
    chosen = {}
    for entries in (*without, *with_proxy):
        monkeypatch.setenv("NO_PROXY", entries)
        choose_proxy(configuration, "")
        chosen[entries] = configuration.proxy
    assert chosen == dict.fromkeys(without) | dict.fromkeys(with_proxy, "http://p:3128")
