"""JUnit XML, from results: a failed check is a failure, one that could not be told an error.

pytest's own writer knows only two of the three truths, and gives every check that needs the
fleet the time of waiting for it. What is written is what GitLab, Jenkins and the usual actions of
GitHub read: https://github.com/testmoapp/junitxml
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from kubecheck import __version__
from kubecheck.diagnosis import Cause
from kubecheck.outcomes import Outcome, Result
from kubecheck.report.digest import explaining, first

if TYPE_CHECKING:
    from kubecheck.report.document import Ending  # which itself writes this report

# What XML 1.0 cannot carry at all: https://www.w3.org/TR/xml/#charsets
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAGS = {Outcome.FAILED: "failure", Outcome.UNKNOWN: "error", Outcome.NOT_APPLICABLE: "skipped"}


def junit(ending: Ending) -> str:
    """The report as text."""
    counts = ending.counts()
    numbers = {
        "tests": str(len(ending.results)),
        "failures": str(counts[Outcome.FAILED]),
        "errors": str(counts[Outcome.UNKNOWN]),
        "skipped": str(counts[Outcome.NOT_APPLICABLE]),
        "time": f"{sum(result.seconds for result in ending.results):.3f}",
    }
    suites = ElementTree.Element("testsuites", {"name": "kubecheck", **numbers})
    suite = ElementTree.SubElement(
        suites,
        "testsuite",
        # Without a zone, as the schema has it: Jenkins and others read it as UTC.
        {"name": "kubecheck", "timestamp": f"{ending.started:%Y-%m-%dT%H:%M:%S}", **numbers},
    )
    _properties(suite, ending)
    causes = explaining(ending)
    for result in ending.results:
        _case(suite, result, causes.get((result.check, result.vantage), ()))
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True)


def junit_without_verdict(reason: str, ended: datetime) -> str:
    """The report of a run that could not begin: one error, so that nobody takes it for a run of nothing."""
    numbers = {"tests": "1", "failures": "0", "errors": "1", "skipped": "0", "time": "0.000"}
    suites = ElementTree.Element("testsuites", {"name": "kubecheck", **numbers})
    named = {"name": "kubecheck", "timestamp": f"{ended:%Y-%m-%dT%H:%M:%S}", **numbers}
    suite = ElementTree.SubElement(suites, "testsuite", named)
    case = ElementTree.SubElement(
        suite, "testcase", {"classname": "kubecheck", "name": "verdict", "time": "0.000"}
    )
    told = _clean(f"NO VERDICT: {reason}")
    ElementTree.SubElement(case, "error", {"message": told, "type": "no verdict"}).text = told
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True)


def _properties(suite: ElementTree.Element, ending: Ending) -> None:
    facts = ending.facts
    told = [
        ("kubecheck", __version__),
        ("run", ending.run),
        ("verdict", ending.verdict_told),
        ("server", facts.server),
        ("kubernetes", facts.server_version),
        ("nodes", str(len(facts.nodes))),
        *((f"cause.{cause.kind.id}", cause.finding.says) for cause in ending.diagnosis.causes),
    ]
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in told:
        ElementTree.SubElement(properties, "property", {"name": name, "value": _clean(value)})


def _case(suite: ElementTree.Element, result: Result, causes: tuple[Cause, ...]) -> None:
    case = ElementTree.SubElement(
        suite,
        "testcase",
        {
            "classname": result.check,
            "name": _clean(f"{result.title} [{result.vantage}]"),
            "file": _clean(result.nodeid.partition("::")[0]),
            "time": f"{result.seconds:.3f}",
        },
    )
    tag = _TAGS.get(result.outcome)
    if tag is None:
        return
    first = result.message.partition("\n")[0]
    if tag == "skipped":
        ElementTree.SubElement(case, tag, {"message": _clean(result.message)})
        return
    if causes:
        first += f" (cause: {causes[0].finding.says})"
    told = [
        result.message,
        *(f"next: {step}" for step in (() if causes else result.remedy)),
        *(line for cause in causes for line in _cause(cause)),
    ]
    detail = ElementTree.SubElement(case, tag, {"message": _clean(first), "type": result.outcome.value})
    detail.text = _clean("\n".join(told))


def _cause(cause: Cause) -> list[str]:
    """What a failure says of its cause, in place of the check's own next steps."""
    finding = cause.finding
    return [
        "",
        f"cause: {finding.says} ({finding.confidence.name.lower()})",
        f"blames: {', '.join(first(finding.blames))}",
        *(f"mend: {step}" for step in first(cause.remedy)),
    ]


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
