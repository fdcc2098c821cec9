"""Whatever an API server answers, discovery ends with facts or one clear refusal, and they make a record."""

import gzip

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kubecheck.cluster import api as module
from kubecheck.cluster.api import ApiError
from kubecheck.cluster.connection import ConnectionProblem
from kubecheck.cluster.deadline import Deadline
from kubecheck.cluster.discover import discover
from kubecheck.policy import load_policy
from kubecheck.survey import Record, load_record, save_record
from selftest.unit.kubecheck.cluster.test_hostile_kubeconfig import places, with_changed

PAGES = {
    "deep": b'{"a":' * 100_000,
    "nan": b'{"a": NaN}',
    "too large a number": b'{"a": 1e999}',
    "too many digits": b'{"a": ' + b"9" * 5000 + b"}",
    "half of a pair": b'{"a": "\\ud800"}',
    "cut off": b'{"items": [{"metadata"',
    "binary": bytes(range(256)),
    "a list": b"[]",
}


@pytest.mark.parametrize("page", PAGES.values(), ids=list(PAGES))
def test_what_is_no_object_is_refused(api, server, page):
    server.pages["/x"] = (200, page)
    with pytest.raises(ApiError, match="did not answer with"):
        api.get("/x")


@pytest.mark.parametrize("status", [200, 500])
def test_a_body_has_a_limit_also_when_it_is_packed(api, server, monkeypatch, status):
    monkeypatch.setattr(module, "BODY_LIMIT", 1 << 20)

    def bomb(handler):
        data = gzip.compress(b" " * (4 << 20))
        handler.send_response(status)
        handler.send_header("Content-Encoding", "gzip")
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    server.pages["/x"] = (status, bomb)
    with pytest.raises(ApiError, match="more than 1 MiB"):
        api.text("/x")


def test_a_list_ends(api, server, monkeypatch):
    monkeypatch.setattr(module, "MOST_PAGES", 3)
    server.pages["/x"] = (200, {"items": [{}], "metadata": {"continue": "more"}})
    with pytest.raises(ApiError, match="goes on after 3 pages"):
        api.items("/x")


METADATA = {"name": "n", "namespace": "ns", "labels": {"a": "b"}, "creationTimestamp": "2026-01-01T00:00:00Z"}
CONDITION = {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}
ANY_OBJECT = {  # something of every kind at once: each reader finds what it looks for
    "gitVersion": "v1.36.4",
    "metadata": METADATA,
    "kubeletconfig": {"clusterDNS": ["10.96.0.10"], "clusterDomain": "cluster.local"},
    "data": {"ca.crt": "QQ==", "token-id": "YWJjZGVm", "kubeconfig": "server: https://a:1"},
    "spec": {
        "nodeName": "n", "podCIDRs": ["10.0.0.0/24"], "clusterIPs": ["10.96.0.1"], "cidrs": ["10.96.0.0/12"],
        "ports": [{"name": "https", "port": 443, "nodePort": 30443}], "selector": {"a": "b"}, "replicas": 1,
        "template": {"spec": {"serviceAccountName": "s"}}, "holderIdentity": "x", "leaseDurationSeconds": 5,
        "renewTime": "2026-01-01T00:00:00Z", "service": {"namespace": "ns", "name": "n"}, "signerName": "x",
        "taints": [{"key": "k", "effect": "NoSchedule"}], "request": "QQ==",
    },
    "status": {
        "conditions": [CONDITION, {**CONDITION, "type": "Available"}],
        "capacity": {"cpu": "2", "memory": "4Gi"},
        "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}], "phase": "Running", "podIP": "10.0.0.2",
        "containerStatuses": [
            {"name": "c", "restartCount": 1, "state": {"waiting": {"reason": "x"}},
             "lastState": {"terminated": {"exitCode": 1, "finishedAt": "2026-01-01T00:00:00Z"}}}
        ],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}}, "allowed": True, "token": "x",
        "nodeInfo": {"kubeletVersion": "v1.36.4", "operatingSystem": "linux"}, "desiredNumberScheduled": 1,
    },
    "endpoints": [{"addresses": ["10.0.0.3"], "conditions": {"ready": True}, "nodeName": "n",
                   "targetRef": {"kind": "Pod", "name": "n", "namespace": "ns"}}],
    "ports": [{"name": "dns", "protocol": "UDP", "port": 53}],
    "webhooks": [{"name": "w", "clientConfig": {"service": {"namespace": "ns", "name": "n"}}}],
    "usage": {"cpu": "1", "memory": "1Gi"}, "containers": [{"usage": {"cpu": "1", "memory": "1Gi"}}],
    "timestamp": "2026-01-01T00:00:00Z",
}  # fmt: skip
OTHER = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=4), st.just([None]),
    st.just("\x1b[31m\x00\u202e"),
    st.lists(st.text(max_size=2), max_size=2), st.dictionaries(st.text(max_size=3), st.none(), max_size=2),
    st.just({"a": 1}), st.floats(allow_nan=False, allow_infinity=False), st.just("9" * 5000),
)  # fmt: skip


class Hostile:
    """An API without a network: every object is ``item``, every text is ``page``."""

    server = "https://api.test"
    deadline = Deadline(0)  # rows of metrics are not waited for

    def __init__(self, client, item, page):
        self.client, self.item, self.page = client, item, page

    def get(self, _path, **_query):
        return self.item

    def items(self, _path, **_query):
        return [self.item]

    def create(self, _path, _body):
        return self.item

    def text(self, _path, **_query):
        return self.page

    def through_proxy(self, *_arguments, **_options):
        return self.page

    def clock(self):
        return "2026-01-02T00:00:00+00:00"


PLACES = [*places(ANY_OBJECT)][1:]


@settings(max_examples=80)
@given(changes=st.lists(st.tuples(st.sampled_from(PLACES), OTHER), max_size=2), page=st.text())
@example(changes=[(("gitVersion",), {})], page="")
@example(changes=[(("metadata", "name"), [None])], page="")
@example(changes=[], page='{"kubeletconfig": {"clusterDomain": "\\ud800"}}')
@example(changes=[], page='{"kubeletconfig": {"maxPods": NaN}}')
def test_discovery_ends(client_of_nobody, tmp_path_factory, changes, page):
    item = ANY_OBJECT
    for place, other in changes:
        try:
            item = with_changed(item, place, other)
        except (KeyError, IndexError, TypeError, AttributeError):
            continue  # the first change took the place of the second away
    policy = load_policy("runbook")
    try:
        facts = discover(Hostile(client_of_nobody, item, page), policy)
    except ConnectionProblem:
        return
    path = tmp_path_factory.getbasetemp() / "record.json"
    save_record(Record("r1", "2026-01-01T02:00:00+00:00", policy, facts), path)
    assert load_record(path).facts == facts


@pytest.fixture(scope="module")
def client_of_nobody(tmp_path_factory):
    """A client whose server nobody is, for what is asked on a connection of its own."""
    import yaml

    from kubecheck.cluster.connection import connect
    from selftest.unit.kubecheck.cluster.conftest import kubeconfig_body

    path = tmp_path_factory.mktemp("nobody") / "kubeconfig"
    path.write_text(yaml.safe_dump(kubeconfig_body()))
    return connect(str(path), None).client
