from dataclasses import replace
from pathlib import Path

import pytest

from kubecheck.cluster.needed import rights
from kubecheck.cluster.reading import Reading
from kubecheck.outcomes import NO_PROBES, Outcome
from kubecheck.policy import Policy
from kubecheck.report.github import summary
from kubecheck.report.terminal import EVIDENCE, ROWS, places, tell

FAILED, UNKNOWN, SKIPPED = Outcome.FAILED, Outcome.UNKNOWN, Outcome.NOT_APPLICABLE


class Screen:
    def __init__(self):
        self.lines = []
        self.colours = []

    def write_line(self, line, **markup):
        self.lines.append(line)
        self.colours.append(markup)

    def write_sep(self, sep, title=None, **markup):
        self.write_line(f"== {title}", **markup)

    @property
    def text(self):
        return "\n".join(self.lines)

    def rows(self, width):
        return sum(max(1, -(-len(line) // width)) for line in self.lines)


@pytest.fixture
def told(ended):
    """What the terminal shows of results and causes."""

    def show(*results, causes=(), interrupted=False, reports=Path("none/reports"), **how):
        screen = Screen()
        tell(ended(results, causes, interrupted), screen, reports, **how)
        return screen

    return show


def test_all_that_passed_is_two_lines(told, result):
    screen = told(result(), result(vantage="pod:node2"))
    assert screen.lines == ["== READY", "reports: none/reports"]
    assert screen.colours[0]["green"]


def test_a_read_only_run_says_so_with_its_verdict(ended, result):
    left_out = result(vantage="pod:node1", check="dns.x", outcome=SKIPPED, message=NO_PROBES)
    ending = replace(ended([result(vantage="api"), left_out]), read_only=True)
    screen = Screen()
    tell(ending, screen, Path("none/reports"))
    assert screen.lines[0] == "== READY (read-only: 1 check was not looked at)"
    assert "  1 skipped: only what the API tells was looked at -> run without --no-probes" in screen.lines
    assert ending.last_line().startswith("verdict: READY (read-only: 1 check was not looked at; 1 passed, ")


@pytest.mark.parametrize(
    ("missing", "grant"),
    [
        (["list secrets in namespace kube-system"], "the right to list secrets in namespace kube-system"),
        (["create pods", "create pods/exec"], "the right to create pods and to create pods/exec"),
        (["create pods", "delete namespaces", "get pods/exec"], "kubecheck-probes of `kubecheck rights`"),
    ],
)
def test_what_could_not_be_told_for_want_of_rights_says_what_to_grant(ended, result, missing, grant):
    lacking = tuple(right for right in rights(Policy()) if str(right) in missing)
    checks = {"api": "certs.bootstrap_token_usable", "pod:node1": "dns.x"}
    stopped = [
        result(outcome=UNKNOWN, check=check, vantage=vantage, message="may not")
        for vantage, check in checks.items()
        if any(right.stops(check, vantage.partition(":")[0]) for right in lacking)
    ]
    ending = ended(stopped)
    screen = Screen()
    tell(
        replace(ending, facts=replace(ending.facts, missing_rights=Reading(lacking))),
        screen,
        Path("none/reports"),
    )
    assert screen.lines[2] == f"  1 unknown: may not -> grant {grant}"


def test_the_page_is_named_where_there_is_one(told, result, tmp_path):
    (tmp_path / "verdict.html").touch()
    assert told(result(), reports=tmp_path).lines[-1] == f"reports: {tmp_path}/verdict.html"


def test_a_cause_comes_with_whom_it_blames_and_what_mends_it(told, result, caused):
    failed = [result(outcome=FAILED, vantage=f"pod:node{n}") for n in (1, 2)]
    mute = result(outcome=UNKNOWN, check="dns.x")
    assert told(*failed, mute, causes=[caused(*failed, mute)]).lines == [
        "== NOT READY: 1 cause explains 2 of 2 failures",
        "1. CoreDNS does not run (certain)",
        "   blames    Deployment/kube-system/coredns",
        "   because   it asks for 0 replicas",
        "   explains  2 failures of 1 check and 1 unknown of 1 check (kubecheck explain dns-not-running)",
        "   mend      kubectl -n kube-system scale deployment coredns --replicas=2",
        "reports: none/reports",
    ]


def test_of_many_culprits_and_commands_the_first_are_told_and_all_when_asked_for(told, result, caused):
    failed = result(outcome=FAILED)
    nodes = tuple(f"Node/node{n}" for n in range(1000))
    steps = tuple(f"on node{n}: systemctl restart kubelet" for n in range(20))
    cause = caused(failed, blames=nodes, remedy=steps)
    text = told(failed, causes=[cause]).text
    assert "Node/node7 and 992 more\n" in text
    assert "node7: systemctl" in text
    assert "... and 12 more lines in the report" in text
    assert "node8" not in text
    everything = told(failed, causes=[cause], everything=True).text
    assert "Node/node999\n" in everything
    assert "node19: systemctl" in everything
    assert "more" not in everything


def test_failures_that_a_cause_explains_are_listed_only_when_asked_for(told, result, caused):
    failed = [result(outcome=FAILED, vantage=f"pod:node{n}") for n in range(30)]
    causes = [caused(*failed)]
    assert "network.pod_to_pod" not in told(*failed, causes=causes).text
    screen = told(*failed, causes=causes, everything=True)
    assert "failed network.pod_to_pod at pod: node0, node1" in screen.text
    assert "node29" in screen.text


def test_what_no_cause_explains_is_told_with_its_evidence(told, result, caused):
    explained = result(outcome=FAILED, check="dns.a")
    strange = [result(outcome=FAILED, message="no answer", vantage=f"pod:node{n}") for n in (1, 2)]
    lines = told(explained, *strange, causes=[caused(explained)]).lines
    start = lines.index("not explained by any known cause:")
    assert lines[start + 1 : start + 5] == [
        "  network.pod_to_pod (R13): Every pod reaches a pod on every node",
        "    at pod: node1, node2",
        "    no answer",
        "    next: kubectl get nodes",
    ]
    assert "1 of 3 failures" in lines[0]


def test_without_any_cause_failures_are_just_failures(told, result):
    lines = told(result(outcome=FAILED, message="no answer")).lines
    assert lines[:2] == ["== NOT READY: 1 failure of 1 check", "failed:"]


def test_unknowns_are_grouped_by_reason_with_what_would_verify_them(told, result):
    forbidden = (
        'nodes is forbidden: User "eve" cannot list resource "leases" in API group'
        ' "coordination.k8s.io" in the namespace "kube-system"'
    )
    screen = told(
        result(),
        *(result(outcome=UNKNOWN, check=f"a.b{n}", message=forbidden) for n in range(3)),
        *(result(outcome=UNKNOWN, vantage=f"pod:n{n}", message=f"n{n} was late by {n}.5 s") for n in (1, 2)),
        result(outcome=SKIPPED, message="it is told from the node's own files: run with --node-access"),
        result(outcome=SKIPPED, message="policy names no outside name (dns.outside_name)"),
        result(outcome=SKIPPED, message="there is one API server only"),
    )
    start = screen.lines.index("not verified:")
    assert screen.lines[0] == "== UNDECIDED"
    assert screen.lines[start + 1 : -1] == [
        (
            f"  3 unknown: {forbidden}"
            " -> grant the right to list leases.coordination.k8s.io in namespace kube-system"
        ),
        "  2 unknown: n1 was late by 1.5 s (network.pod_to_pod)",
        "  1 skipped: the nodes' own files were not looked at -> run with --node-access",
        "  1 skipped: policy does not ask for dns.outside_name",
    ]


def test_what_a_cause_explains_is_not_told_again_as_unknown(told, result, caused):
    failed, mute = result(outcome=FAILED), result(outcome=UNKNOWN, check="dns.x", message="nothing there")
    assert "nothing there" not in told(failed, mute, causes=[caused(failed, mute)]).text


def test_where_nothing_failed_a_cause_explains_what_cannot_be_told(told, result, caused):
    mute, other = result(outcome=UNKNOWN, check="dns.x"), result(outcome=UNKNOWN, check="dns.y")
    first = told(result(), mute, other, causes=[caused(mute)]).lines[0]
    assert first == "== UNDECIDED: 1 cause explains 1 of 2 unknowns"


def test_a_run_in_which_nobody_looked_for_causes_says_so(ended, result):
    ending = ended([result(outcome=Outcome.FAILED)], interrupted=True)
    ending = replace(ending, diagnosis=replace(ending.diagnosis, looked_for=False))
    screen = Screen()
    tell(ending, screen, Path("none/reports"))
    assert "failed; causes were not looked for:" in screen.lines
    assert "### Failed; causes were not looked for" in summary(ending)


def test_a_stopped_run_says_so(told, result):
    assert told(result(), interrupted=True).lines[0].endswith("(stopped before its end)")


@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize("causes", [0, 1, 12])
@pytest.mark.parametrize("strange", [0, 1, 40])
@pytest.mark.parametrize("unknown", [0, 30])
def test_it_is_a_screen_whatever_happens(told, result, caused, width, causes, strange, unknown):
    long = "asked a thing of another and got nothing at all; " * 6
    explained = [result(outcome=FAILED, check=f"c.c{n}") for n in range(causes)]
    screen = told(
        *explained,
        *(
            result(outcome=FAILED, check=f"s.s{n}", title=long, message=f"{long}\n" * 9)
            for n in range(strange)
        ),
        *(result(outcome=UNKNOWN, check=f"u.u{n}", message=f"{'x' * n} {long}") for n in range(unknown)),
        causes=[caused(each, says=long, kind_id=each.check) for each in explained],
        width=width,
    )
    assert screen.rows(width) <= ROWS
    if causes:
        assert "kubectl -n kube-system scale deployment coredns --replicas=2" in screen.text
    if strange:
        assert "s.s0" in screen.text
    if unknown:
        assert "30 unknown" in screen.text or "more reasons" in screen.text


def test_text_of_the_cluster_is_plain_and_a_long_message_is_cut(told, result, caused):
    evil = "\x1b[31mred\r\n::error::gotcha\n" + "line\n" * (EVIDENCE + 2)
    failed = result(outcome=FAILED, message=evil, title=evil, vantage="pod:\x1b[2J", remedy=(evil,))
    explained = result(outcome=FAILED, check="dns.x")
    cause = caused(explained, says=evil, blames=(evil,), confirmed=(evil,), remedy=(evil,))
    screen = told(failed, explained, result(outcome=UNKNOWN, message=evil), causes=[cause])
    assert all(line.isprintable() for line in "\n".join(screen.lines).split("\n"))
    assert not any(line.strip().startswith("::") for line in screen.text.split("\n"))
    assert "more lines in the report" in screen.text


def test_vantages_are_told_by_kind():
    assert places(["pod:a", "pod:b", "pod:c", "node:a", "api"], 2) == "pod: a, b and 1 more; node: a; api"
