import base64
import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubecheck.diagnosis import Confidence
from kubecheck.outcomes import NO_PROBES, Outcome, Target
from kubecheck.report.comparison import compared
from kubecheck.report.document import document, write_no_verdict
from kubecheck.report.html import _duration, page, page_without_verdict
from kubecheck.report.runbook import LINES
from kubecheck.report.snapshot import snapshot
from kubecheck.report.steps import step
from kubecheck.shard import Shard

HOSTILE = (
    "</pre><script>alert(1)</script><img src=x onerror='y'>\"' {{ 7*7 }} {% x %} &lt; \x1b[31m\u202e\ud800\0"
)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (27.34, "27.3 s"),
        (125, "02:05 min"),
        (725.6, "12:06 min"),
        (3725, "62:05 min"),
        (90000, "1500:00 min"),
    ],
)
def test_a_long_run_is_told_whole(seconds, told):
    assert _duration(seconds) == told


VOID = {"meta", "rect", "br", "link", "img", "input", "hr", "base"}


class Parsed(HTMLParser):
    """A page as a browser reads it: elements with their attributes, and all text."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.texts, self.open = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"style", "script"} & set(self.open):
            self.texts.append(data)

    @property
    def text(self):
        return " ".join("".join(self.texts).split())

    def having(self, attribute):
        return [(tag, attrs[attribute]) for tag, attrs in self.elements if attribute in attrs]


def shape(text):
    """The elements and their classes; two pages that differ in text only have the same."""
    return [(tag, attrs.get("class")) for tag, attrs in Parsed(text).elements]


@pytest.fixture
def mesh(result):
    """Makes results of pods that ask each other; ``bad`` are the pairs that fail."""

    def make(nodes, bad=(), check="network.pod_to_pod", kind="pod", got="no answer"):
        found = []
        for source in nodes:
            outcomes = {t: Outcome.FAILED if (source, t) in bad else Outcome.PASSED for t in nodes}
            failed = [t for t, outcome in outcomes.items() if outcome is Outcome.FAILED]
            targets = tuple(
                Target(t, outcome, "GET http://10.244.0.5/", "10.244.0.5", got if t in failed else "")
                for t, outcome in outcomes.items()
            )
            found.append(
                result(
                    check=check,
                    vantage=f"{kind}:{source}",
                    outcome=Outcome.FAILED if failed else Outcome.PASSED,
                    message=f"{len(failed)} of {len(nodes)} fail" if failed else "",
                    targets=targets,
                )
            )
        return found

    return make


@pytest.fixture
def faulty(ended, result, caused, mesh):
    """A run with a cause, a failure that none explains, an unknown, one that does not apply, and a mesh."""
    broken = result(
        outcome=Outcome.FAILED,
        check="dns.replicas",
        message="0 of 2 replicas",
        runbook=("R1",),
        vantage="api",
    )
    results = [
        broken,
        result(outcome=Outcome.FAILED, check="nodes.clocks", message="4 s late", runbook=(), vantage="fleet"),
        result(outcome=Outcome.UNKNOWN, check="dns.may", message="forbidden", vantage="api"),
        result(outcome=Outcome.NOT_APPLICABLE, check="dns.outside", message="no name", runbook=()),
        *mesh(("node1", "node2"), bad={("node1", "node2")}),
    ]
    return ended(results, [caused(broken)])


def test_everything_that_was_found_is_told(faulty):
    parsed = Parsed(page(faulty))
    for cause in faulty.diagnosis.causes:
        assert cause.finding.says in parsed.text
        assert all(step(command).command in parsed.text for command in cause.remedy)
        assert all(name.rpartition("/")[2] in parsed.text for name in cause.finding.blames)
    for result in faulty.results:
        assert result.title in parsed.text
        assert result.message in parsed.text
        assert result.outcome is Outcome.PASSED or result.check in parsed.text
    for line, demand in LINES.items():
        assert f"{line} {demand}" in parsed.text
    assert "NOT READY" in parsed.text
    assert "asked GET http://10.244.0.5/: no answer" in parsed.text
    assert faulty.run in parsed.text
    assert f"{faulty.started:%Y-%m-%d %H:%M:%S} UTC" in parsed.text


def test_the_same_ending_gives_the_same_page(faulty):
    assert page(faulty) == page(faulty)


def everything_hostile(ending, text):
    """The ending with ``text`` behind all that the cluster or a probe says."""
    results = [
        replace(
            result,
            message=f"{result.message}{text}",
            targets=tuple(replace(t, got=f"{t.got}{text}" if t.got else "") for t in result.targets),
        )
        for result in ending.results
    ]
    causes = tuple(
        replace(
            cause,
            finding=replace(
                cause.finding,
                says=f"{cause.finding.says}{text}",
                blames=(*cause.finding.blames[:-1], f"{cause.finding.blames[-1]}{text}"),
                confirmed=tuple(f"{each}{text}" for each in cause.finding.confirmed),
            ),
        )
        for cause in ending.diagnosis.causes
    )
    facts = replace(ending.facts, server=f"https://x{text}", server_version=f"v1{text}")
    diagnosis = replace(ending.diagnosis, causes=causes)
    return replace(
        ending, results=results, facts=facts, diagnosis=diagnosis, fleet_problem=f"none{text}", run=f"r{text}"
    )


def test_hostile_text_is_text(faulty):
    plain, hostile = (page(everything_hostile(faulty, text)) for text in ("harmless", HOSTILE))
    assert shape(hostile) == shape(plain)
    assert hostile.count("<script") == 1
    assert "<script>alert(1)</script>" in Parsed(hostile).text
    assert "{{ 7*7 }} {% x %} &lt;" in Parsed(hostile).text
    assert not re.search("[\0\x1b\u202e\ud800]", hostile)


@given(st.text(min_size=1))
def test_any_text_is_text(text):
    told = Parsed(page_without_verdict(f"because of <{text}>", datetime(2026, 1, 1, tzinfo=UTC)))
    assert not told.open
    assert len(told.elements) == len(
        Parsed(page_without_verdict("because", datetime(2026, 1, 1, tzinfo=UTC))).elements
    )


def test_hostile_names_of_nodes_are_text(ended, mesh, facts_of):
    name = "<b>node1</b>\"'"
    bad = {(name, "node2"), ("node2", name)}
    ending = replace(ended(mesh((name, "node2"), bad)), facts=facts_of((name, "node2")))
    usual = replace(ended(mesh(("node1", "node2"), {("node1", "node2"), ("node2", "node1")})))
    assert shape(page(ending)) == shape(page(usual))
    assert name in Parsed(page(ending)).text


def test_the_page_needs_nothing_else(faulty):
    text = page(everything_hostile(faulty, "<img src=https://example.com/x>"))
    parsed = Parsed(text)
    assert parsed.having("src") == []
    assert [tag for tag, _ in parsed.elements if tag in ("link", "img", "iframe", "object", "base")] == []
    assert "url(" not in text
    assert "@import" not in text
    for tag, target in parsed.having("href"):
        assert tag == "a"
        assert target.startswith(("#", "https://"))
    assert [
        name for tag, attrs in parsed.elements for name in attrs if name.startswith("on") or name == "style"
    ] == []


def test_the_policy_of_the_page_lets_only_its_own_style_and_script_in(faulty):
    text = page(faulty)
    policy = next(attrs["content"] for tag, attrs in Parsed(text).elements if "http-equiv" in attrs)
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for element in ("style", "script"):
        [content] = re.findall(f"<{element}>(.*?)</{element}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in policy


def test_links_within_the_page_lead_somewhere_and_ids_are_unique(faulty):
    parsed = Parsed(page(faulty))
    ids = [value for _, value in parsed.having("id")]
    assert len(ids) == len(set(ids))
    for attribute in ("popovertarget", "aria-labelledby"):
        assert {value for _, value in parsed.having(attribute)} <= set(ids)
    assert {value[1:] for _, value in parsed.having("href") if value.startswith("#")} <= set(ids)


def test_headings_go_down_one_by_one(faulty):
    levels = [int(tag[1]) for tag, _ in Parsed(page(faulty)).elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_table_has_headers_and_the_grid_says_in_words_what_it_shows(faulty):
    text = page(faulty)
    for table in re.findall("<table.*?</table>", text, re.DOTALL):
        assert 'scope="col"' in table
    assert "fails</span>" not in text
    assert "fails: node1 to node2" in text


def test_many_nodes_make_a_small_grid(ended, mesh, facts_of):
    nodes = tuple(f"node{number:03}" for number in range(60))
    ending = replace(ended(mesh(nodes, {("node007", "node042")})), facts=facts_of(nodes))
    text = page(ending)
    assert text.count('<td class="') < 30 * 30
    assert "node007 → node042" in Parsed(text).text
    assert "A row and a column stand for several nodes" in Parsed(text).text


def test_a_pair_that_was_not_asked_is_not_called_good(ended, mesh, facts_of):
    ending = replace(ended(mesh(("node1", "node2"))), facts=facts_of(("node1", "node2", "node3")))
    assert page(ending).count('<td class="not-asked"') == 5


def test_a_run_in_which_nobody_looked_for_causes_says_so(ended, result):
    ending = ended([result(outcome=Outcome.FAILED)], interrupted=True)
    ending = replace(ending, diagnosis=replace(ending.diagnosis, looked_for=False))
    text = Parsed(page(ending)).text
    assert "1 of 1 check failed, and the run was stopped before causes were looked for." in text
    assert "Failed, and causes were not looked for" in text
    assert "no known cause" not in text
    assert document(ending)["diagnosed"] is False


@pytest.mark.parametrize("read_only", [True, False])
def test_only_a_run_without_probes_names_the_option(ended, result, read_only):
    left_out = result(check="dns.x", outcome=Outcome.NOT_APPLICABLE, message=NO_PROBES)
    ending = replace(ended([result(vantage="api"), left_out]), shard=Shard(1, 4), read_only=read_only)
    text = Parsed(page(ending)).text
    assert "This verdict is shard 1/4: the others judge the rest" in text
    assert ("A run without --no-probes looks at them." in text) is read_only


def test_a_run_that_was_stopped_says_so(ended, result):
    ending = replace(ended([result()], interrupted=True), fleet_problem="no node is Ready")
    text = Parsed(page(ending)).text
    assert "stopped before its end" in text
    assert "no node is Ready" in text


def test_a_healthy_run_has_no_causes_and_nothing_failed(ended, result):
    text = page(ended([result()]))
    assert "READY" in Parsed(text).text
    assert 'id="causes"' not in text
    assert 'id="unexplained"' not in text


def test_a_line_that_passed_in_part_says_so(ended, result):
    results = [
        result(runbook=("R21",)),
        result(runbook=("R21",), check="a.b", outcome=Outcome.NOT_APPLICABLE),
    ]
    assert f"R21 {LINES['R21']} (1 of 2 checks does not apply) passed" in Parsed(page(ended(results))).text


@pytest.mark.parametrize("confidence", Confidence)
def test_each_confidence_is_explained(ended, result, caused, confidence):
    failed = result(outcome=Outcome.FAILED, message="x")
    assert confidence.name.capitalize() in page(ended([failed], [caused(failed, confidence=confidence)]))


def test_a_run_that_could_not_begin_replaces_the_page_of_the_last_one(tmp_path):
    (tmp_path / "verdict.html").write_text("READY")
    write_no_verdict("the API server <does> not answer", tmp_path)
    parsed = Parsed((tmp_path / "verdict.html").read_text())
    assert "NO VERDICT" in parsed.text
    assert "the API server <does> not answer" in parsed.text


def test_a_flood_of_failures_stays_readable(ended, result, facts_of):
    nodes = tuple(f"node{number:03}" for number in range(200))
    results = [
        result(outcome=Outcome.FAILED, vantage=f"pod:{node}", message=f"no answer {number}")
        for number, node in enumerate(nodes)
    ]
    ending = replace(ended(results), facts=facts_of(nodes))
    assert len(page(ending)) < 200_000
    assert "180 more messages, all in verdict.json" in Parsed(page(ending)).text


def test_of_many_the_first_are_seen_and_all_are_there(ended, result, caused):
    failed = result(outcome=Outcome.FAILED, message="x")
    blames = tuple(f"Node/n{number:03}" for number in range(600))
    cause = caused(failed, blames=blames, remedy=tuple(f"kubectl drain {n[5:]}" for n in blames))
    text = page(ended([failed], [cause]))
    assert "and 592 more objects" in Parsed(text).text
    assert "and 592 more steps" in Parsed(text).text
    seen = re.sub('<details class="plain printed more">.*?</details>', "", text, flags=re.DOTALL)
    assert seen.count('<code class="command">kubectl drain') == seen.count("<span>Node</span>") == 8
    assert text.count('<code class="command">kubectl drain') == text.count("<span>Node</span>") == 600
    assert '<ol class="steps" start="9">' in text


def test_of_few_nothing_is_folded(ended, result, caused):
    failed = result(outcome=Outcome.FAILED, message="x")
    cause = caused(failed, blames=tuple(f"Node/n{number}" for number in range(8)))
    assert "printed more" not in page(ended([failed], [cause]))


def test_many_causes_are_all_named_and_the_first_are_open(ended, result, caused):
    failed = [result(outcome=Outcome.FAILED, check=f"dns.x{number:02}", message="x") for number in range(40)]
    text = page(ended(failed, [caused(each, says=f"{each.check} is broken") for each in failed]))
    assert text.count('<article class="cause">') == 12
    assert text.count('<details class="cause printed">') == 28
    assert all(f"<h3>{each.check} is broken</h3>" in text for each in failed)


def test_many_reasons_why_not_do_not_make_a_long_page(ended, result):
    results = [
        result(outcome=Outcome.NOT_APPLICABLE, vantage=f"pod:n{number}", message=f"it has {number} of them")
        for number in range(150)
    ]
    text = Parsed(page(ended(results))).text
    assert "it has 99 of them" in text
    assert "it has 100 of them" not in text
    assert "50 more reasons, in verdict.json" in text


def test_what_changed_since_the_last_run_is_told(ended, result, caused):
    before = ended([result(check="dns.x"), result(check="dns.y")])
    before = replace(before, started=before.started - timedelta(days=1))
    failed = result(check="dns.x", outcome=Outcome.FAILED, message="no reply")
    now = ended([failed, result(check="dns.y"), result(check="dns.z")], [caused(failed, says="<it> is dead")])
    told = Parsed(page(compared(now, snapshot(document(before), "before"))))
    assert f"Since the run of {before.started:%Y-%m-%d %H:%M:%S} UTC READY then, NOT READY now." in told.text
    assert "New cause: <it> is dead" in told.text
    assert "broke: 1 change dns.x pods on node1" in told.text
    same = Parsed(page(compared(before, snapshot(document(before), "before"))))
    assert "Nothing changed." in same.text
