import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kubecheck.policy import Policy, load_policy
from kubecheck.probes import Raw
from kubecheck.survey import Record, RecordProblem, load_record, save_record
from kubecheck.survey.record import SCHEMA, raws_from_json, raws_to_json

ANSWERS = {
    "pod:node1": {
        "tcp 10.96.0.1:443": Raw(0, b"", 0.01),
        "GET http://10.244.1.5:8080/": Raw(0, bytes(range(256)), 1.25, tries=7),
    },
    "node:node1": {},
}


@pytest.fixture
def record(facts, standing):
    """A record with something in every part of it."""
    return Record(
        run="r1",
        started="2026-01-01T00:00:00+00:00",
        policy=load_policy("runbook"),
        facts=facts,
        standing=standing,
        answers=ANSWERS,
        troubles={"pod:node2": "exec was refused: ü"},
    )


@pytest.fixture
def path(tmp_path):
    return tmp_path / "record.json"


@pytest.fixture
def saved(record, path):
    """A saved record: its path, and its body as JSON values."""
    save_record(record, path)
    return path, json.loads(path.read_text())


def refusal(path):
    with pytest.raises(RecordProblem) as refused:
        load_record(path)
    said = str(refused.value)
    assert str(path) in said
    assert "\n" not in said, "one sentence is one line"
    return said


def test_what_was_saved_is_what_is_loaded(record, path):
    save_record(record, path)
    assert load_record(path) == record


def test_a_record_without_a_fleet_keeps_the_reason(record, path):
    bare = replace(
        record,
        no_probes=True,
        standing=None,
        fleet_problem="Namespace x was refused",
        answers={},
        troubles={},
    )
    save_record(bare, path)
    assert load_record(path) == bare


def test_a_policy_with_lists_comes_back(record, path):
    policy = Policy.model_validate({"images": {"pull_secrets": ["a/b", "c/d"]}})
    save_record(replace(record, policy=policy), path)
    assert load_record(path).policy == policy


def test_saving_what_was_loaded_changes_nothing(saved, tmp_path):
    path, body = saved
    save_record(load_record(path), tmp_path / "again.json")
    assert json.loads((tmp_path / "again.json").read_text()) == body


@given(
    st.dictionaries(
        st.text(max_size=5),
        st.dictionaries(
            st.text(max_size=5),
            st.builds(
                Raw,
                status=st.integers(0, 255),
                output=st.binary(max_size=40),
                seconds=st.floats(0, 100),
                tries=st.integers(1, 99),
            ),
            max_size=3,
        ),
        max_size=3,
    )
)
def test_any_raw_answers_survive_json(answers):
    assert raws_from_json(json.loads(json.dumps(raws_to_json(answers)))) == answers


def test_cut_off_anywhere_it_is_refused_in_words(saved):
    path, _ = saved
    whole = path.read_bytes()
    body_ends = len(whole.rstrip())
    step = max(1, body_ends // 150)
    for end in [*range(40), *range(40, body_ends, step), body_ends - 1]:
        path.write_bytes(whole[:end])
        refusal(path)


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_with_any_value_replaced_it_loads_or_is_refused(record, path, data):
    save_record(record, path)
    place = body = json.loads(path.read_text())
    while isinstance(place, dict | list) and place:
        keys = sorted(place) if isinstance(place, dict) else range(len(place))
        parent, key = place, data.draw(st.sampled_from(keys))
        place = place[key]
        if data.draw(st.booleans()):
            break
    parent[key] = data.draw(
        st.sampled_from([None, [], {}, "x", -1, 1e308, True, [None], {"x": None}, 10**400, float("inf")])
    )
    path.write_text(json.dumps(body))
    try:
        loaded = load_record(path)
    except RecordProblem as refused:
        said = str(refused)
    else:
        assert isinstance(loaded, Record)
        return
    assert "\n" not in said


@pytest.mark.parametrize("key", ["run", "started", "policy", "facts", "standing", "answers", "troubles"])
def test_without_one_of_its_parts_it_is_damaged(saved, key):
    path, body = saved
    del body[key]
    path.write_text(json.dumps(body))
    assert "damaged" in refusal(path)


@pytest.mark.parametrize(
    "raw",
    [
        [0, 0.1, 1],
        [0, 0.1, 1, "eA==", 5, 6],
        ["x", 0.1, 1, "eA=="],
        [0, 0.1, 1, "not base64!"],
        [0, 0.1, 1, "ü"],
        [0, 0.1, 1, 7],
        [None, 0.1, 1, "eA=="],
        [float("inf"), 0.1, 1, "eA=="],
        [0, 10**400, 1, "eA=="],
        "eA==",
        None,
    ],
    ids=repr,
)
def test_a_damaged_raw_answer_is_refused(saved, raw):
    path, body = saved
    body["answers"]["pod:node1"]["tcp 10.96.0.1:443"] = raw
    path.write_text(json.dumps(body))
    assert "damaged" in refusal(path)


@pytest.mark.parametrize("schema", [SCHEMA + 1, 0, None, "1", [1], {}])
def test_another_schema_is_refused_with_the_one_that_is_read(saved, schema):
    path, body = saved
    body["schema"] = schema
    path.write_text(json.dumps(body))
    said = refusal(path)
    assert f"schema {SCHEMA}" in said


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"3",
        b"hello",
        b"\xff\xfe\x00",
        b"\x7fELF\x02",
        b"[" * 100_000,
        b"9" * 5000,
    ],
    ids=["empty", "null", "list", "object", "number", "text", "binary", "program", "too deep", "too long"],
)
def test_another_kind_of_file_is_refused(path, content):
    path.write_bytes(content)
    refusal(path)


def test_a_missing_file_and_a_directory_are_refused(tmp_path):
    assert "does not exist" in refusal(tmp_path / "nowhere.json")
    assert "cannot be read" in refusal(tmp_path)


def test_a_verdict_is_told_as_what_it_is(path):
    path.write_text(json.dumps({"schema": SCHEMA, "verdict": "READY", "checks": []}))
    assert refusal(path) == f"{path} is the verdict of a run and no record: name the record.json of that run"
