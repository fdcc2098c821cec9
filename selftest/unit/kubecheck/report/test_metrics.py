import re
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubecheck.diagnosis import Diagnosis
from kubecheck.outcomes import Outcome, Verdict
from kubecheck.report.document import Ending
from kubecheck.report.lines import plain
from kubecheck.report.metrics import metrics, metrics_without_verdict, write_metrics

LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:\\\\|\\"|\\n|[^"\\\n])*"'
SAMPLE = re.compile(rf"([a-z_:][a-z0-9_:]*)(?:\{{({LABEL}(?:,{LABEL})*)?\}})? (\S+)")
UNESCAPED = {r"\\": "\\", r"\n": "\n", r"\"": '"'}


def parsed(text):
    """Samples by name and labels, as strictly as OpenMetrics writes it; only what both formats have."""
    assert text.endswith("\n# EOF\n")
    assert "\r" not in text
    found, family = {}, ""
    seen = []
    for line in text.removesuffix("# EOF\n").removesuffix("\n").split("\n"):
        if line.startswith("# HELP "):
            family = line.split(" ")[2]
            assert family not in seen
            seen.append(family)
        elif line.startswith("# TYPE "):
            assert line == f"# TYPE {family} gauge"
        else:
            match = SAMPLE.fullmatch(line)
            assert match, line
            assert match[1] == family
            labels = re.findall(LABEL, match[2] or "")
            pairs = tuple(
                (name, re.sub(r'\\[\\n"]', lambda m: UNESCAPED[m[0]], value[1:-1]))
                for name, _, value in (label.partition("=") for label in labels)
            )
            assert (family, pairs) not in found
            found[family, pairs] = float(match[3])
    return found


def test_a_run_in_numbers(ended, result, caused):
    failed = [result(outcome=Outcome.FAILED, vantage=f"pod:node{n}") for n in (1, 2)]
    strange = result(outcome=Outcome.FAILED, check="dns.x")
    ending = ended([*failed, strange, result(vantage="api")], [caused(*failed)])
    found = parsed(metrics(ending))
    assert found["kubecheck_verdict", (("verdict", "NOT READY"),)] == 1
    assert [v for (name, _), v in found.items() if name == "kubecheck_verdict"].count(0) == 3
    assert found["kubecheck_checks", (("outcome", "failed"),)] == 3
    assert found["kubecheck_checks", (("outcome", "unknown"),)] == 0
    assert found["kubecheck_check_failures", (("check", "network.pod_to_pod"),)] == 2
    blamed = (("cause", "dns-not-running"), ("blames", "Deployment/kube-system/coredns"))
    assert found["kubecheck_cause", (*blamed, ("confidence", "certain"))] == 1
    assert found["kubecheck_unexplained_failures", ()] == 1
    assert found["kubecheck_duration_seconds", (("phase", "deploy"),)] == 12.25
    assert found["kubecheck_duration_seconds", (("phase", "total"),)] >= 2
    assert found["kubecheck_nodes", ()] == 2
    assert abs(found["kubecheck_last_run_timestamp_seconds", ()] - time.time()) < 60


def test_a_run_that_could_not_begin_is_counted_too():
    found = parsed(metrics_without_verdict())
    assert found["kubecheck_verdict", (("verdict", "NO VERDICT"),)] == 1
    assert ("kubecheck_last_run_timestamp_seconds", ()) in found


def test_two_causes_of_one_kind_that_blame_the_same_are_one_sample(ended, result, caused):
    each = [result(outcome=Outcome.FAILED, check=f"a.b{n}") for n in (1, 2)]
    found = parsed(metrics(ended(each, [caused(one) for one in each])))
    assert sum(name == "kubecheck_cause" for name, _ in found) == 1


@given(text=st.text())
def test_any_text_is_a_label(text, facts_of, result):
    results = [result(outcome=Outcome.FAILED, check=text)]
    ending = Ending(
        results,
        Verdict.NOT_READY,
        Diagnosis(),
        {},
        facts_of(("n",)),
        "r",
        datetime.now(UTC),
        interrupted=False,
    )
    assert parsed(metrics(ending))["kubecheck_check_failures", (("check", plain(text)),)] == 1


def test_the_file_is_replaced_in_one_step_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "kubecheck.prom"
    path.write_text("old")
    reader = path.open()
    write_metrics("new \ud800\n", path)
    assert reader.read() == "old"
    assert path.read_text() == "new ?\n"
    assert [each.name for each in tmp_path.iterdir()] == ["kubecheck.prom"]


def test_another_user_may_read_it(tmp_path):
    write_metrics("x\n", tmp_path / "a.prom")
    assert (tmp_path / "a.prom").stat().st_mode & 0o044 == 0o044


def test_what_cannot_be_written_leaves_nothing(tmp_path):
    (tmp_path / "a.prom").mkdir()
    with pytest.raises(IsADirectoryError):
        write_metrics("x\n", tmp_path / "a.prom")
    assert [each.name for each in tmp_path.iterdir()] == ["a.prom"]
