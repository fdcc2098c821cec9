"""Credentials as kubectl takes them: plugins, files that change, a pod's own, and acting as somebody else."""

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kubecheck.cluster import connection, credentials
from kubecheck.cluster.api import ApiError
from kubecheck.cluster.connection import ConnectionProblem, connect
from selftest.unit.kubecheck.cluster.conftest import kubeconfig_body

ANSWER = (200, {"gitVersion": "v1"})


@pytest.fixture
def plugin(kubeconfig, server, tmp_path):
    """A kubeconfig with a credential plugin that is this line of shell; it counts its runs in ``runs``."""

    def make(script, **more):
        file = tmp_path / "plugin"
        file.write_text(f"#!/bin/sh\necho run >> {tmp_path}/runs\n{script}\n")
        file.chmod(0o755)
        body = kubeconfig_body(port=server.server_port)
        version = "client.authentication.k8s.io/v1"
        told = {"apiVersion": version, "command": "./plugin", "interactiveMode": "Never", **more}
        body["users"][0]["user"] = {"exec": told}
        server.pages["/version"] = ANSWER
        return kubeconfig(body)

    return make


def says(**status):
    told = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}
    return f"cat <<'END'\n{json.dumps(told)}\nEND"


def in_seconds(seconds):
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def runs(tmp_path):
    return len((tmp_path / "runs").read_text().splitlines())


def tokens(server):
    return [token for *_, token in server.asked]


def test_a_plugins_token_is_sent_and_the_plugin_runs_once(plugin, server, tmp_path):
    api = connect(plugin(says(token="t1", expirationTimestamp=in_seconds(3600))), None)
    api.get("/version")
    api.get("/version")
    assert tokens(server) == ["Bearer t1", "Bearer t1"]
    assert runs(tmp_path) == 1


def test_a_token_that_ran_out_is_renewed_by_one_of_those_that_ask(plugin, server, tmp_path):
    path = plugin(says(token="t1", expirationTimestamp=in_seconds(credentials.EARLY.seconds)))
    api = connect(path, None)
    plugin(says(token="t2", expirationTimestamp=in_seconds(3600)))
    threads = [threading.Thread(target=api.get, args=("/version",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(tokens(server)) == {"Bearer t2"}
    assert runs(tmp_path) == 2


def test_a_certificate_that_ran_out_is_renewed_in_new_connections(plugin, server):
    given = {"clientCertificateData": "CERT1", "clientKeyData": "KEY"}
    api = connect(plugin(says(**given, expirationTimestamp=in_seconds(1))), None)
    plugin(says(**given | {"clientCertificateData": "CERT2"}, expirationTimestamp=in_seconds(3600)))
    api.get("/version")
    assert Path(api._pools().connection_pool_kw["cert_file"]).read_text() == "CERT2"


@pytest.mark.parametrize("given", [{"clientCertificateData": "CERT", "clientKeyData": "KEY"}, {"token": "t"}])
def test_it_is_known_whether_a_certificate_is_a_plugins(plugin, kubeconfig, given):
    assert connect(plugin(says(**given)), None).certificate_by_plugin == ("clientKeyData" in given)
    assert not connect(kubeconfig(), None).certificate_by_plugin


def test_a_renewal_that_fails_is_told_at_the_request(plugin):
    path = plugin(says(token="t1", expirationTimestamp=in_seconds(1)))
    api = connect(path, None)
    plugin("echo logged out >&2; exit 3")
    with pytest.raises(ApiError, match=r"ran out and could not be renewed: .*logged out") as problem:
        api.get("/version")
    assert problem.value.status == 401


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (
            "echo 'please log in\n  first' >&2; exit 1",
            "process returned 1. please log in first",
        ),
        ("echo hello", "failed to decode"),
        ("echo '{}'", "missing key"),
        (says(), "neither a token nor a client certificate"),
        (says(clientCertificateData="x"), "neither a token nor a client certificate"),
        (says(token="t", expirationTimestamp="tomorrow"), "no ExecCredential"),
        ("echo '[1]'", "missing key"),
        (says(token="t").replace("/v1", "/v1beta1", 1), "does not match"),
    ],
)
def test_a_plugin_that_fails_is_one_sentence(plugin, script, said, capfd):
    path = plugin(script)
    with pytest.raises(ConnectionProblem, match=said) as refused:
        connect(path, None)
    assert f"kubeconfig {path} cannot be used: its credential plugin ./plugin" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert capfd.readouterr().err == ""


def test_a_plugin_that_is_not_there_comes_with_its_hint(plugin):
    with pytest.raises(ConnectionProblem, match=r"plugin no-such-plugin cannot be run .*No such file.*PATH"):
        connect(plugin("", command="no-such-plugin"), None)
    with pytest.raises(ConnectionProblem, match=r"No such file.*: apt install it, then log in"):
        connect(plugin("", command="no-such-plugin", installHint="apt install it,\n  then log in"), None)


def test_a_tokens_file_is_read_again(kubeconfig, server, tmp_path, monkeypatch):
    monkeypatch.setattr(credentials, "FILE_KEPT", timedelta())
    body = kubeconfig_body(port=server.server_port)
    body["users"][0]["user"] = {"tokenFile": "token"}
    server.pages["/version"] = ANSWER
    (tmp_path / "token").write_text("one\n")
    api = connect(kubeconfig(body), None)
    api.get("/version")
    (tmp_path / "token").write_text("two\n")
    api.get("/version")
    assert tokens(server) == ["Bearer one", "Bearer two"]
    (tmp_path / "token").unlink()
    with pytest.raises(ApiError, match=r"token in .* cannot be read"):
        api.get("/version")


def test_what_is_wrong_with_a_user_is_told_without_what_else_it_holds(kubeconfig):
    body = kubeconfig_body(token="canary")
    body["clusters"][0]["cluster"] = {"server": "https://127.0.0.1:1"}
    body["users"][0]["user"]["client-certificate-data"] = None
    with pytest.raises(ConnectionProblem, match=r"client-certificate-data in .*: users/one") as refused:
        connect(kubeconfig(body), None)
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize("token", ["one\nX-Other: two", "t\u00f6ken", "\x00"])
def test_a_token_that_cannot_be_sent_is_told_without_itself(kubeconfig, server, token):
    with pytest.raises(ApiError, match="token in use cannot be sent") as problem:
        connect(kubeconfig(port=server.server_port, token=token), None).get("/version")
    assert token not in str(problem.value)


def test_a_pods_own_token_is_read_again(server, tmp_path, monkeypatch):
    from kubernetes.config import incluster_config

    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(server.server_port))
    token = tmp_path / "pod-token"
    (tmp_path / "ca.crt").write_text("-")
    monkeypatch.setattr(connection, "SERVICE_ACCOUNT_TOKEN", token)
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(token))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(tmp_path / "ca.crt"))
    token.write_text("one")
    api = connect(None, None)
    assert api.server == f"https://127.0.0.1:{server.server_port}"
    assert ("Authorization", "bearer one") in api.headers()
    token.write_text("two")
    loader = api.client.configuration.refresh_api_key_hook.__closure__[0].cell_contents
    loader.token_expires_at -= timedelta(minutes=2)
    assert ("Authorization", "bearer two") in api.headers()


ACTING = ("Impersonate-User", "Impersonate-Group", "Impersonate-Uid", "Impersonate-Extra-Reason%2Fwhy")


def acting(server):
    return {name: server.headers[-1].get_all(name) for name in ACTING if name in server.headers[-1]}


@pytest.fixture
def acting_kubeconfig(kubeconfig, server):
    body = kubeconfig_body(port=server.server_port)
    more = {"as": "kube", "as-groups": ["g1", "g2"], "as-uid": "7", "as-user-extra": {"Reason/why": ["test"]}}
    body["users"][0]["user"] |= more
    server.pages["/version"] = ANSWER
    return kubeconfig(body)


def test_nobody_is_acted_as_unless_it_is_said(api, server):
    server.pages["/version"] = ANSWER
    api.get("/version")
    assert acting(server) == {}
    assert server.headers[-1]["User-Agent"].startswith("kubecheck/")


def test_flags_say_as_whom_over_the_kubeconfig(acting_kubeconfig, server):
    connect(acting_kubeconfig, None).get("/version")
    assert acting(server) == {
        "Impersonate-User": ["kube"],
        "Impersonate-Group": ["g1", "g2"],
        "Impersonate-Uid": ["7"],
        "Impersonate-Extra-Reason%2Fwhy": ["test"],
    }
    connect(acting_kubeconfig, None, "me", ["a", "b"]).get("/version")
    assert acting(server) == {"Impersonate-User": ["me"], "Impersonate-Group": ["a", "b"]}


@pytest.mark.parametrize(
    ("user", "groups", "said"),
    [(None, ["g"], "--as USER"), ("a\nb", [], "ASCII"), ("ü", [], "ASCII")],
)
def test_what_cannot_be_impersonated(kubeconfig, user, groups, said):
    with pytest.raises(ConnectionProblem, match=said):
        connect(kubeconfig(), None, user, groups)
