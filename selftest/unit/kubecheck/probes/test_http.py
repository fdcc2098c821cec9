import pytest

from kubecheck.outcomes import CannotTell
from kubecheck.probes import HttpGet, Identity, Raw


@pytest.fixture(scope="module")
def answers(pod, http_port, refusing_port, dropping_port, silent_port, without):
    paths = {"ours": "/", "stranger": "/stranger", "binary": "/binary", "404": "/nowhere", "500": "/broken"}
    return pod.ask(
        {
            **{name: HttpGet("127.0.0.1", http_port, path) for name, path in paths.items()},
            "quoted": HttpGet("127.0.0.1", http_port, "/it's;$(id)"),
            "refusing": HttpGet("127.0.0.1", refusing_port),
            "silent": HttpGet("127.0.0.1", silent_port),
            "dropping": HttpGet("127.0.0.1", dropping_port),
            "no wget": without(HttpGet("127.0.0.1", http_port), "wget"),
        },
        seconds=2,
    )


def test_our_server_says_who_it_is(answers):
    answer = answers["ours"]
    identity = Identity("kubecheck-r1", "probe-node1", "10.244.1.5", "10.244.2.7")
    assert answer.answered
    assert answer.must_come_from("probe-node1", "kubecheck-r1") == identity
    assert answer.must_come_from_namespace("kubecheck-r1") == identity


@pytest.mark.parametrize(
    ("pod_name", "namespace"), [("probe-node2", "kubecheck-r1"), ("probe-node1", "kubecheck-r2")]
)
def test_a_misrouted_request_is_seen(answers, pod_name, namespace):
    with pytest.raises(AssertionError) as failed:
        answers["ours"].must_come_from(pod_name, namespace)
    assert "pod=probe-node1" in str(failed.value)
    assert f"expected an answer of pod {namespace}/{pod_name}" in str(failed.value)


def test_an_answer_out_of_another_namespace_is_seen(answers):
    with pytest.raises(AssertionError, match="expected an answer of a pod in namespace kubecheck-r2"):
        answers["ours"].must_come_from_namespace("kubecheck-r2")


def test_a_stranger_that_answers_200_is_not_ours(answers):
    assert answers["stranger"].answered
    assert answers["stranger"].identity is None
    with pytest.raises(AssertionError, match="Welcome to nginx"):
        answers["stranger"].must_come_from("probe-node1", "kubecheck-r1")


def test_a_binary_body_comes_back_whole(answers):
    assert answers["binary"].raw.output == bytes(range(256)) * 4
    assert answers["binary"].identity is None


@pytest.mark.parametrize(("page", "told"), [("404", "404 Not Found"), ("500", "500 Internal Server Error")])
def test_an_error_page_is_a_failure_told_with_its_status(answers, page, told):
    assert not answers[page].answered
    with pytest.raises(AssertionError, match=told):
        answers[page].must_come_from("probe-node1", "kubecheck-r1")


def test_a_path_is_no_shell(answers):
    assert "uid=" not in answers["quoted"].raw.text
    assert "404" in answers["quoted"].raw.text


def test_a_refused_connection_is_the_kernels_word(answers):
    assert answers["refusing"].got == "connection refused"
    with pytest.raises(AssertionError, match="connection refused"):
        answers["refusing"].must_come_from_namespace("kubecheck-r1")


@pytest.mark.parametrize("server", ["silent", "dropping"])
def test_a_server_that_says_nothing_gave_no_answer(answers, server):
    answer = answers[server]
    assert answer.got == "no answer"
    assert answer.raw.seconds < 10
    with pytest.raises(AssertionError, match="no answer"):
        answer.must_come_from_namespace("kubecheck-r1")


def test_without_wget_nothing_is_learnt(answers):
    with pytest.raises(CannotTell, match="no-such-program"):
        answers["no wget"].must_come_from_namespace("kubecheck-r1")


def test_the_key_is_what_is_asked():
    assert HttpGet("10.96.0.1", 80).key == "GET http://10.96.0.1:80/"
    assert HttpGet("fd00::1", 80, "/x").key == "GET http://[fd00::1]:80/x"


@pytest.mark.parametrize("body", [b"", b"namespace=a pod=b", b"====", b"pod", b"\xff=\xfe server=1 client=2"])
def test_half_an_identity_is_none(body):
    assert HttpGet("h", 80).read(Raw(0, body, 0.0), "x").identity is None
