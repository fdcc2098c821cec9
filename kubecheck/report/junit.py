"""JUnit XML, from results: a failed check is a failure, one that could not be told an error.

pytest's own writer knows only two of the three truths, and gives every check that needs the
fleet the time of waiting for it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from xml.etree import ElementTree

from kubecheck.outcomes import Outcome, Result

# What XML 1.0 cannot carry at all: https://www.w3.org/TR/xml/#charsets
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(results: Sequence[Result], started: datetime, run: str) -> str:
    """The report as text."""
    counts = {outcome: sum(r.outcome is outcome for r in results) for outcome in Outcome}
    numbers = {
        "tests": str(len(results)),
        "failures": str(counts[Outcome.FAILED]),
        "errors": str(counts[Outcome.UNKNOWN]),
        "skipped": str(counts[Outcome.NOT_APPLICABLE]),
        "time": f"{sum(r.seconds for r in results):.3f}",
    }
    suites = ElementTree.Element("testsuites", {"name": "kubecheck", **numbers})
    suite = ElementTree.SubElement(
        suites,
        "testsuite",
        {"name": f"kubecheck {run}", "timestamp": started.isoformat(timespec="seconds"), **numbers},
    )
    for result in results:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            {
                "classname": result.check,
                "name": _clean(f"{result.title} [{result.vantage}]"),
                "time": f"{result.seconds:.3f}",
            },
        )
        tag = {
            Outcome.FAILED: "failure",
            Outcome.UNKNOWN: "error",
            Outcome.NOT_APPLICABLE: "skipped",
        }.get(result.outcome)
        if tag:
            message = _clean(result.message)
            detail = ElementTree.SubElement(case, tag, {"message": message.partition("\n")[0]})
            detail.text = "\n".join([message, *(_clean(f"next: {step}") for step in result.remedy)])
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True)


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
