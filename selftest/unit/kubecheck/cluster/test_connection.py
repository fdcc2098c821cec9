import json
import os
import socket

import pytest

from kubecheck.cluster import connection
from kubecheck.cluster.api import ApiError
from kubecheck.cluster.connection import ConnectionProblem, connect, explain_refusal


@pytest.fixture(autouse=True)
def nowhere(monkeypatch, tmp_path):
    """Neither a KUBECONFIG nor a home folder with one, nor a pod around."""
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(connection, "SERVICE_ACCOUNT_TOKEN", tmp_path / "no-token")


def refusal(path=None, context=None):
    with pytest.raises(ConnectionProblem) as refused:
        connect(path, context)
    said = str(refused.value)
    assert said
    assert "Traceback" not in said
    return said


def test_the_kubeconfig_named_on_the_command_line_is_used(kubeconfig, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", kubeconfig(file="other", port=2))
    assert connect(kubeconfig(port=1), None).server == "http://127.0.0.1:1"


def test_then_comes_the_one_in_the_environment(kubeconfig, monkeypatch):
    kubeconfig(file="home/.kube/config", port=3)
    monkeypatch.setenv("KUBECONFIG", kubeconfig(port=2))
    assert connect(None, None).server == "http://127.0.0.1:2"


def test_then_the_one_in_the_home_folder(kubeconfig):
    kubeconfig(file="home/.kube/config", port=3)
    assert connect(None, None).server == "http://127.0.0.1:3"


def test_a_tilde_is_the_home_folder(kubeconfig):
    kubeconfig(file="home/mine", port=4)
    assert connect("~/mine", None).server == "http://127.0.0.1:4"


def test_without_any_the_three_places_are_named():
    said = refusal()
    assert "--kubeconfig" in said
    assert "KUBECONFIG" in said
    assert "~/.kube/config" in said


def test_a_list_is_merged_and_its_first_context_is_current(kubeconfig, monkeypatch):
    paths = [kubeconfig(file="a", name="a", port=1), kubeconfig(file="b", name="b", port=2)]
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join(paths))
    assert connect(None, None).server == "http://127.0.0.1:1"
    assert connect(None, "b").server == "http://127.0.0.1:2"


def test_files_of_a_list_that_are_not_there_are_passed_over(kubeconfig, monkeypatch, tmp_path):
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join([str(tmp_path / "gone"), "", kubeconfig(port=7)]))
    assert connect(None, None).server == "http://127.0.0.1:7"


def test_a_list_may_hold_the_cluster_the_user_and_the_context_apart(kubeconfig, monkeypatch):
    whole = {
        "current-context": "x",
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:8"}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
    }
    parts = [{"clusters": whole["clusters"]}, {"users": whole["users"]}]
    parts.append({"contexts": whole["contexts"], "current-context": "x"})
    paths = [kubeconfig(part, file=f"part{number}") for number, part in enumerate(parts)]
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join(paths))
    assert connect(None, None).server == "http://127.0.0.1:8"


def test_empty_files_of_a_list_are_passed_over(kubeconfig, monkeypatch):
    paths = [kubeconfig(b"", file="empty"), kubeconfig(port=7), kubeconfig(b"# nothing", file="comment")]
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join(paths))
    assert connect(None, None).server == "http://127.0.0.1:7"


def test_the_token_is_sent(kubeconfig, server):
    server.pages["/version"] = (200, {"gitVersion": "v1.36.4"})
    assert connect(kubeconfig(port=server.server_port, token="mine"), None).get("/version")
    assert server.asked[0][-1] == "Bearer mine"


@pytest.mark.parametrize("path", ["missing", "missing/deeper"])
def test_a_file_that_is_not_there(tmp_path, path):
    said = refusal(str(tmp_path / path))
    assert str(tmp_path / path) in said
    assert "does not exist" in said


def test_no_file_of_the_list_is_there(monkeypatch, tmp_path):
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join([str(tmp_path / "a"), str(tmp_path / "b")]))
    said = refusal()
    assert str(tmp_path / "a") in said
    assert str(tmp_path / "b") in said


def test_a_directory(tmp_path):
    assert "cannot be read" in refusal(str(tmp_path))


@pytest.mark.parametrize(
    "content",
    [b"clusters: [", b"\xff\xfe\x00\x01", b"\x7fELF\x02\x01", "clusters:\n".encode("utf-16"), b"a: b: c"],
    ids=["broken off", "binary", "program", "UTF-16", "nonsense"],
)
def test_what_is_no_yaml(kubeconfig, content):
    path = kubeconfig(content)
    said = refusal(path)
    assert path in said
    assert "not YAML" in said


@pytest.mark.parametrize(
    "content", [b"a: 2021-13-45\n", b"[" * 1_000], ids=["a date that is none", "nested too deep"]
)
def test_yaml_that_python_cannot_hold(kubeconfig, content):
    path = kubeconfig(content)
    assert path in refusal(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"# only a comment\n", b"[]\n", b"3\n", b"{}\n", b"clusters: []\n", b"clusters:\n", b"hello\n"],
)
def test_yaml_that_names_no_cluster(kubeconfig, content):
    path = kubeconfig(content)
    said = refusal(path)
    assert path in said
    assert "names no cluster" in said


DAMAGED = {
    "clusters is a word": {"clusters": "hello"},
    "clusters are words": {"clusters": ["hello"]},
    "no contexts": {"clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}]},
    "another cluster": {
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": {}}],
        "contexts": [{"name": "x", "context": {"cluster": "other", "user": "u"}}],
        "current-context": "x",
    },
    "a context of nothing": {
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
        "contexts": [{"name": "x", "context": None}],
        "current-context": "x",
    },
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_kubeconfig_is_refused_with_its_path(kubeconfig, content):
    path = kubeconfig(content)
    assert path in refusal(path)


@pytest.mark.parametrize("data", ["%%", "aGk="], ids=["not base64", "no certificate"])
def test_a_ca_that_is_none_is_told_at_the_first_request(kubeconfig, data):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"https://127.0.0.1:{listener.getsockname()[1]}"
        cluster = {"server": address, "certificate-authority-data": data}
        content = kubeconfig_of(cluster)
        with pytest.raises(ApiError, match="certificate") as problem:
            connect(kubeconfig(content), None).get("/version")
    assert problem.value.unreachable


def test_a_ca_file_that_is_not_there_is_refused(kubeconfig):
    path = kubeconfig(kubeconfig_of({"server": "https://127.0.0.1:1", "certificate-authority": "/no/ca.crt"}))
    said = refusal(path)
    assert path in said
    assert "/no/ca.crt" in said


def kubeconfig_of(cluster):
    return {
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": {}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }


def test_a_context_that_is_not_there_is_named(kubeconfig):
    assert "staging" in refusal(kubeconfig(), "staging")


def test_no_current_context(kubeconfig):
    path = kubeconfig(json.dumps({"clusters": [{"name": "c", "cluster": {"server": "http://x"}}]}).encode())
    assert path in refusal(path)


def test_a_user_that_does_not_exist_before_the_slash():
    assert "does not exist" in refusal("~no-such-user-here/config")


def test_a_pod_without_the_servers_address(monkeypatch, tmp_path):
    token = tmp_path / "token"
    token.write_text("t")
    monkeypatch.setattr(connection, "SERVICE_ACCOUNT_TOKEN", token)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    refusal()


def test_a_refused_connection_is_one_sentence_with_what_to_do(kubeconfig):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        api = connect(kubeconfig(port=taken.getsockname()[1]), None)
        with pytest.raises(ApiError) as problem:
            api.get("/version")
    said = str(explain_refusal(api, problem.value))
    assert f"{api.server}: connection refused" in said
    assert "cannot be reached" in said
    assert "Check that it runs" in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "do not accept|does not accept"), (403, "lack a right"), (500, "answered 500: it broke")],
)
def test_a_refusal_is_told_by_its_status(api, status, words):
    said = explain_refusal(api, ApiError(status, "X", "it broke"))
    with pytest.raises(ConnectionProblem, match=words):
        raise said
