"""What is different between two verdict.json, and what only looks so."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubecheck.report.comparison import compare
from kubecheck.report.snapshot import RecordGiven, SnapshotProblem, load_snapshot, snapshot
from selftest.unit.kubecheck.cluster.test_hostile_kubeconfig import places, with_changed

P, F, U, N = "passed", "failed", "unknown", "not-applicable"


def body(
    results,
    *,
    run="aaaaaa",
    nodes=("node1",),
    causes=(),
    messages=None,
    day=1,
    server="https://vip:8443",
    **more,
):
    """A verdict.json of results by "check vantage": an outcome, or the outcomes of targets.

    A cause is its kind with whom it blames, and explains all that failed.
    """
    checks = []
    for place, found in results.items():
        check, vantage = place.split()
        targets, result = {}, found
        if isinstance(found, dict):
            for target, outcome in found.items():
                targets.setdefault(outcome, []).append(target)
            result = next(each for each in (F, U, P) if each in targets)
        message = (messages or {}).get(place, "")
        checks.append(
            {"id": check, "vantage": vantage, "outcome": result, "message": message, "targets": targets}
        )
    explains = [
        {"check": check["id"], "vantage": check["vantage"], "targets": check["targets"].get(F, [])}
        for check in checks
        if check["outcome"] == F
    ]
    return {
        "schema": 1,
        "verdict": "NOT READY" if any(check["outcome"] == F for check in checks) else "READY",
        "run": run,
        "started": f"2026-01-0{day}T02:00:00Z",
        "cluster": {"server": server, "nodes": [{"name": node} for node in nodes]},
        "causes": [
            {"id": kind, "blames": blames, "says": f"{kind}: {', '.join(blames)}", "explains": explains}
            for kind, *blames in causes
        ],
        "checks": checks,
        **more,
    }


def difference(*bodies):
    return compare([snapshot(each, "it") for each in bodies])


def told(changes):
    return [(each.check, each.vantages) for each in changes]


@pytest.mark.parametrize(
    ("before", "now", "section", "worse"),
    [
        (P, P, None, False),
        (F, F, None, False),
        (U, U, None, False),
        (N, N, None, False),
        (P, F, "broke", True),
        (U, F, "broke", True),
        (N, F, "new", True),
        (None, F, "new", True),
        (P, U, "cannot be told any more", True),
        (F, U, "cannot be told any more", False),
        (F, P, "healed", False),
        (U, P, "healed", False),
        (N, P, "new", False),
        (None, P, "new", False),
        (None, U, "new", False),
        (None, N, None, False),
        (P, N, "gone", False),
        (P, None, "gone", False),
        (F, None, "gone", False),
        (N, None, None, False),
    ],
)
def test_what_a_change_is_called(before, now, section, worse):
    runs = [body({"dns.x api": outcome} if outcome else {}) for outcome in (before, now)]
    found = difference(*runs)
    assert [name for name, changes in found.sections.items() if changes] == ([section] if section else [])
    assert found.worse is worse


def test_vantages_that_changed_alike_are_told_together():
    places = [f"dns.x pod:node{n}" for n in range(3)]
    found = difference(body(dict.fromkeys(places, P)), body(dict.fromkeys(places, F) | {"dns.y api": F}))
    assert told(found.broke) == [("dns.x", ("pod:node0", "pod:node1", "pod:node2"))]
    assert told(found.added) == [("dns.y", ("api",))]


def test_names_that_the_run_made_up_are_no_difference():
    old = body({"n.x pod:a": {"kubecheck-aaaaaa/probe": F, "peer-744cd65b7c-5prfg on a": P}}, run="aaaaaa",
               causes=[("c", "Namespace/kubecheck-aaaaaa")])  # fmt: skip
    new = body({"n.x pod:a": {"kubecheck-bbbbbb/probe": F, "peer-c7f8b99f7-c9r4q on a": P}}, run="bbbbbb",
               causes=[("c", "Namespace/kubecheck-bbbbbb")])  # fmt: skip
    found = difference(old, new)
    assert not any(found.sections.values())
    assert found.causes_added == found.causes_gone == ()
    assert list(found.lines())[-1] == "nothing changed"
    assert "nothing changed" in next(found.summary())


def test_names_of_nodes_stay_as_they_are():
    assert snapshot(body({"n.x pod:a": {"k8s-master01": F, "web-proxy-prod": P}}), "it").targets == {
        ("n.x", "pod:a"): {"k8s-master01": F, "web-proxy-prod": P}
    }


def test_a_fault_that_moves_between_nodes_with_made_up_names_is_told():
    a, b = "prod-md-0-7f6d8bcd9-x2zqk", "prod-md-0-7f6d8bcd9-b4k7m.example.com"
    on_a, on_b = ("peer-744cd65b7c-5prfg on " + a, "peer-c7f8b99f7-c9r4q on " + b)
    old, new = (
        body(
            {"n.x pod:c": {f"probe-{a}": one, f"probe-{b}": other, on_a: P, on_b: P}},
            nodes=(a, b),
            causes=[("it", f"Node/{broken}")],
        )
        for broken, one, other in ((a, F, P), (b, P, F))
    )
    assert snapshot(old, "it").targets["n.x", "pod:c"] == {
        f"probe-{a}": F, f"probe-{b}": P, f"peer-* on {a}": P, f"peer-* on {b}": P,
    }  # fmt: skip
    found = difference(old, new)
    assert found.broke[0].targets == (f"probe-{b}",)
    assert found.causes_added == (("it", f"it: Node/{b}"),)
    assert found.causes_gone == (("it", f"it: Node/{a}"),)


def test_a_target_that_fails_too_is_a_difference():
    old, new = body({"n.x pod:a": {"b": F, "c": P}}), body({"n.x pod:a": {"b": F, "c": F, "d": F}})
    found = difference(old, new)
    assert found.broke[0].targets == ("c",)
    assert found.worse
    assert "  n.x at pod:a: fails for c too" in list(found.lines())
    assert not difference(new, old).worse


def test_causes_come_and_go_by_kind_and_by_whom_they_blame():
    found = difference(
        body({"k.x node:a": F, "k.x node:b": P}, causes=[("kube-proxy-down", "Node/a"), ("stays", "Node/a")]),
        body({"k.x node:a": P, "k.x node:b": F}, causes=[("kube-proxy-down", "Node/b"), ("stays", "Node/a")]),
    )
    assert found.causes_added == (("kube-proxy-down", "kube-proxy-down: Node/b"),)
    assert found.causes_gone == (("kube-proxy-down", "kube-proxy-down: Node/a"),)
    assert "new cause: kube-proxy-down: Node/b (kubecheck explain kube-proxy-down)" in list(found.lines())


@pytest.mark.parametrize("diagnosed", [True, False])
@pytest.mark.parametrize(
    ("now", "gone"),
    [
        (P, True),
        (F, False),
        (U, False),
        (N, False),
        (None, False),
        ({"b": P, "c": F}, True),
        ({"b": U, "c": P}, False),
        ({"c": F}, False),
        ({"c": P}, True),  # all of it holds
    ],
)
def test_a_cause_is_gone_where_something_that_it_explained_passes(now, gone, diagnosed):
    old = body({"n.x pod:a": {"b": F, "c": P}}, causes=[("it", "Node/b")])
    found = difference(old, body({"n.x pod:a": now} if now else {}, diagnosed=diagnosed))
    assert bool(found.causes_gone) is gone


def test_what_still_fails_keeps_its_cause_where_nobody_looked():
    old = body({"n.x pod:a": F, "n.x pod:b": F}, causes=[("it", "Node/b")])
    now = {"n.x pod:a": P, "n.x pod:b": F}
    assert difference(old, body(now)).causes_gone
    assert not difference(old, body(now, diagnosed=False)).causes_gone
    assert "(causes were not looked for)" in str(snapshot(body(now, diagnosed=False), "it"))


@pytest.mark.parametrize(("before", "new"), [(P, True), (F, False), (U, False), (None, False)])
def test_a_cause_is_new_after_a_run_in_which_nobody_looked_where_something_passed(before, new):
    old = body({"n.x pod:a": before} if before else {}, diagnosed=False)
    found = difference(old, body({"n.x pod:a": F}, causes=[("it", "Node/b")]))
    assert bool(found.causes_added) is new


def test_a_cause_at_some_nodes_less_is_not_gone_and_at_one_more_is_new():
    two, one = (body({}, causes=[("kubelet-down", *names)]) for names in (("Node/a", "Node/b"), ("Node/b",)))
    healing = difference(two, one)
    assert healing.causes_added == healing.causes_gone == ()
    spreading = difference(one, two)
    assert [kind for kind, _ in spreading.causes_added] == ["kubelet-down"]
    assert spreading.causes_gone == ()


@pytest.mark.parametrize(
    ("history", "flaky", "section"),
    [
        ([P, F, P], True, None),
        ([F, P, F], True, None),
        ([P, F, P, F], True, "broke"),
        ([P, U, P], False, None),
        ([P, P, F], False, "broke"),
        ([P, F, U, None, P], True, None),
    ],
)
def test_what_goes_there_and_back_is_flaky(history, flaky, section):
    found = difference(*(body({"dns.x api": outcome} if outcome else {}) for outcome in history))
    assert bool(found.flaky) is flaky
    named = [name for name, changes in found.sections.items() if changes and name != "flaky"]
    assert named == ([section] if section else [])
    if flaky:
        assert list(found.flaky[0].history) == [each for each in history if each in (P, F)]


def test_a_node_that_came_is_told_in_a_line():
    here = {f"dns.{name} pod:node{n}": P for name in "abc" for n in (1, 2)}
    old = body({place: outcome for place, outcome in here.items() if place.endswith("1")})
    new = body(here | {"dns.d pod:node2": F}, nodes=("node1", "node2"))
    lines = list(difference(old, new).lines())
    assert lines[lines.index("\nnew:") + 1 :] == [
        "  node node2: 3 results that passed",
        "  dns.d at pod:node2: failed",
    ]


def test_the_evidence_is_told_and_steers_no_terminal():
    place = "dns.x pod:node\x1b[31m"
    found = difference(body({place: P}), body({place: F}, messages={place: "no\x1b]0;x\x07 answer\nsecond"}))
    text = "\n".join([*found.lines(), *found.summary()])
    assert "    no\ufffd]0;x\ufffd answer" in text
    assert "second" not in text
    assert not set(text) & {"\x1b", "\x07"}


def test_the_summary_has_five_lines_at_most():
    old = {f"dns.x{n} api": P for n in range(20)} | {f"dns.y{n} api": F for n in range(20)} | {"dns.z api": P}
    new = {f"dns.x{n} api": F for n in range(20)} | {f"dns.y{n} api": P for n in range(20)} | {"dns.w api": P}
    found = difference(body(old, causes=[("a", "Node/a")]), body(new, causes=[("b", "Node/b")]))
    lines = list(found.summary())
    assert len(lines) == 5
    assert lines[0].endswith("READY: 20 broke, 20 healed, 1 new, 1 gone")
    assert lines[3] == "  broke: dns.x0, dns.x1, dns.x10, dns.x11 and 16 more"


def test_all_of_it_is_json():
    found = difference(
        body({"n.x pod:a": P, "n.y pod:a": {"b": F, "c": P}}),
        body({"n.x pod:a": F, "n.y pod:a": {"b": F, "c": F}}),
    )
    said = json.loads(json.dumps(found.as_json()))
    assert said["worse"] is True
    assert said["broke"] == [
        {"check": "n.x", "vantages": ["pod:a"], "before": "passed", "now": "failed"},
        {"check": "n.y", "vantages": ["pod:a"], "before": "failed", "now": "failed", "targets": ["c"]},
    ]


def test_two_clusters_are_named():
    lines = list(difference(body({}), body({}, server="https://other:6443")).lines())
    assert "of two clusters: https://vip:8443 and https://other:6443" in lines


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "is no verdict.json of schema 1"),
        ('{"schema": 2, "verdict": "READY"}', "is no verdict.json of schema 1"),
        ('{"schema": 1, "verdict": "NO VERDICT", "reason": "no API server"}', "compare: no API server"),
        ('{"schema": 1, "verdict": "READY", "run": "x", "checks": 1}', "is damaged"),
        ('{"schema": 1, "verdict": "READY", "run": "x", "checks": [{}]}', "is damaged"),
        (json.dumps(body({"dns.x api": "splendid"})), "is damaged"),
        (json.dumps(body({}) | {"started": "yesterday"}), "is damaged"),
    ],
)  # fmt: skip
def test_what_is_no_verdict_is_said_in_a_sentence(text, words, tmp_path):
    path = tmp_path / "verdict.json"
    path.write_text(text)
    with pytest.raises(SnapshotProblem, match=words) as problem:
        load_snapshot(path)
    assert "\n" not in str(problem.value)


def test_a_record_is_known_and_the_way_to_its_verdict_is_told(tmp_path):
    path = tmp_path / "record.json"
    path.write_text('{"schema": 1, "facts": {}, "answers": {}}')
    with pytest.raises(RecordGiven, match=r"judge it with kubecheck --replay .*/record\.json --reports DIR"):
        load_snapshot(path)


def test_a_file_that_is_not_there_or_not_text(tmp_path):
    with pytest.raises(SnapshotProblem, match="does not exist"):
        load_snapshot(tmp_path / "nothing.json")
    with pytest.raises(SnapshotProblem, match="cannot be read"):
        load_snapshot(tmp_path)
    (tmp_path / "x").write_bytes(b"\xff\xfe\0")
    with pytest.raises(SnapshotProblem, match="is not JSON"):
        load_snapshot(tmp_path / "x")


ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.just([]), st.just({}), st.just("passed"),
    st.lists(st.none() | st.text(max_size=3), max_size=2), st.just("2026-01-01T00:00:00"),
)  # fmt: skip
WHOLE = body(
    {"dns.a pod:x": F, "dns.b pod:x": {"t": F}}, causes=[("c", "Node/x")], messages={"dns.a pod:x": "m"}
)


@settings(max_examples=150)
@given(place=st.sampled_from([*places(WHOLE)]), other=ODD)
def test_a_verdict_that_is_made_up_is_compared_or_refused(place, other):
    try:
        found = snapshot(with_changed(WHOLE, place, other), "it")
    except SnapshotProblem as problem:
        assert str(problem)  # noqa: PT017 - one of two ways that are both right
        return
    assert compare([snapshot(WHOLE, "it"), found]).lines() is not None
