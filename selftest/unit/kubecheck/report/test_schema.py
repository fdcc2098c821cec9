import json
from datetime import UTC, datetime

import jsonschema
import pytest

from kubecheck.outcomes import Outcome, Target
from kubecheck.report import schema_files as schema
from kubecheck.report.document import as_text, document, write_no_verdict, write_reports

VALIDATOR = jsonschema.Draft202012Validator(
    json.loads(schema.FILE.read_text(encoding="utf-8")),
    format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
)


def found(body):
    """What the schema has against a document."""
    return [f"{'.'.join(map(str, error.path))}: {error.message}" for error in VALIDATOR.iter_errors(body)]


@pytest.fixture
def written(tmp_path):
    """Writes all reports of a run, and reads verdict.json."""

    def write(ending):
        write_reports(ending, tmp_path)
        return json.loads((tmp_path / "verdict.json").read_text(encoding="utf-8"))

    return write


def test_the_schema_and_its_page_are_up_to_date():
    assert json.loads(schema.FILE.read_text(encoding="utf-8")) == schema.schema(), "run `make docs`"
    assert schema.PAGE.read_text(encoding="utf-8") == schema.page(), "run `make docs`"


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(schema.schema())


def test_every_field_is_explained():
    for name, part in schema.schema()["$defs"].items():
        assert part["description"], name
        for field, what in part["properties"].items():
            assert what.get("description"), f"{name}.{field}"


def test_a_healthy_run(ended, result, written):
    body = written(ended([result(), result(vantage="node:node1")]))
    assert found(body) == []
    assert (body["verdict"], body["exit_code"], body["causes"], body["recorded"]) == ("READY", 0, [], None)


def test_a_faulty_run(ended, result, caused, written):
    targets = (Target("node1", Outcome.PASSED), Target("node2", Outcome.FAILED))
    failed = result(outcome=Outcome.FAILED, message="no answer", targets=targets)
    other = result(outcome=Outcome.FAILED, message="4 s late", check="nodes.clocks")
    unknown = result(outcome=Outcome.UNKNOWN, message="forbidden", check="dns.x")
    body = written(ended([failed, other, unknown, result(outcome=Outcome.NOT_APPLICABLE)], [caused(failed)]))
    assert found(body) == []
    assert body["exit_code"] == 1
    assert body["checks"][0]["targets"] == {"passed": ["node1"], "failed": ["node2"]}
    assert body["causes"][0]["remedy"] == ["kubectl -n kube-system scale deployment coredns --replicas=2"]
    assert [each["check"] for each in body["unexplained"]] == ["nodes.clocks"]
    assert body["catalogue"]["nodes.clocks"]["remedy"] == ["kubectl get nodes"]


def test_a_run_that_was_stopped(ended, result, written):
    assert found(written(ended([result()], interrupted=True))) == []
    assert found(written(ended([]))) == []


def test_a_run_that_could_not_begin(tmp_path):
    write_no_verdict("the API server cannot be reached", tmp_path)
    body = json.loads((tmp_path / "verdict.json").read_text(encoding="utf-8"))
    assert found(body) == []
    assert body["exit_code"] == 11


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "PERHAPS"},
        {"verdict": "NO VERDICT"},
        {"schema": 2},
        {"counts": {"green": 1}},
        {"checks": [{"id": "dns.x"}]},
        {"causes": None},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_is_no_verdict_is_not_taken_for_one(ended, result, change):
    assert found(document(ended([result()])) | change)


def test_a_field_that_comes_later_is_no_harm(ended, result):
    assert found(document(ended([result()])) | {"colour": "blue"}) == []


def test_times_are_of_a_zone(ended, result):
    for field in ("started", "ended"):
        assert datetime.fromisoformat(document(ended([result()]))[field]).tzinfo is UTC


def test_each_result_is_a_line(ended, result):
    results = [result(vantage=f"pod:node{number}", message="a\nb") for number in range(50)]
    body = document(ended(results))
    text = "".join(as_text(body))
    assert json.loads(text) == body
    assert sum(line.startswith('  {"id":') for line in text.splitlines()) == 50


def test_many_nodes_make_no_huge_file(ended, result):
    """A passed result costs no more than its id, its vantage and a hundred characters."""
    few, many = (len("".join(as_text(document(ended([result()] * count))))) for count in (100, 1100))
    assert (many - few) / 1000 < len("network.pod_to_pod" + "pod:node1") + 100
