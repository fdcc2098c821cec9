"""JUnit XML, from results: a failed check is a failure, one that could not be told an error.

pytest's own writer knows only two of the three truths, and gives every check that needs the
fleet the time of waiting for it. What is written is what GitLab, Jenkins and the usual actions of
GitHub read: https://github.com/testmoapp/junitxml
"""

from __future__ import annotations

import re
from collections.abc import Iterator
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
INDENT = "  "
_TAGS = {Outcome.FAILED: "failure", Outcome.UNKNOWN: "error", Outcome.NOT_APPLICABLE: "skipped"}


def junit(ending: Ending) -> Iterator[str]:
    """The report as text, piece by piece."""
    counts = ending.counts()
    numbers = {
        "tests": str(len(ending.results)),
        "failures": str(counts[Outcome.FAILED]),
        "errors": str(counts[Outcome.UNKNOWN]),
        "skipped": str(counts[Outcome.NOT_APPLICABLE]),
        "time": f"{sum(result.seconds for result in ending.results):.3f}",
    }
    # Without a zone, as the schema has it: Jenkins and others read it as UTC.
    began = f"{ending.started:%Y-%m-%dT%H:%M:%S}"
    yield "<?xml version='1.0' encoding='utf-8'?>\n"
    yield _opened("testsuites", {"name": "kubecheck", **numbers}, 0)
    yield _opened("testsuite", {"name": "kubecheck", "timestamp": began, **numbers}, 1)
    yield _text(_properties(ending), 2)
    causes = explaining(ending)
    for result in ending.results:
        yield _text(_case(result, causes.get((result.check, result.vantage), ())), 2)
    yield "  </testsuite>\n</testsuites>"


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


def _opened(tag: str, attributes: dict[str, str], level: int) -> str:
    """The start tag of an element whose children follow."""
    element = ElementTree.Element(tag, attributes)
    whole = ElementTree.tostring(element, encoding="unicode", short_empty_elements=False)
    return f"{INDENT * level}{whole.removesuffix(f'</{tag}>')}\n"


def _text(element: ElementTree.Element, level: int) -> str:
    ElementTree.indent(element, INDENT, level)
    return f"{INDENT * level}{ElementTree.tostring(element, encoding='unicode')}\n"


def _properties(ending: Ending) -> ElementTree.Element:
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
    properties = ElementTree.Element("properties")
    for name, value in told:
        ElementTree.SubElement(properties, "property", {"name": name, "value": _clean(value)})
    return properties


def _case(result: Result, causes: tuple[Cause, ...]) -> ElementTree.Element:
    case = ElementTree.Element(
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
        return case
    first = result.message.partition("\n")[0]
    if tag == "skipped":
        ElementTree.SubElement(case, tag, {"message": _clean(result.message)})
        return case
    if causes:
        first += f" (cause: {causes[0].finding.says})"
    told = [
        result.message,
        *(f"next: {step}" for step in (() if causes else result.remedy)),
        *(line for cause in causes for line in _cause(cause)),
    ]
    detail = ElementTree.SubElement(case, tag, {"message": _clean(first), "type": result.outcome.value})
    detail.text = _clean("\n".join(told))
    return case


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
