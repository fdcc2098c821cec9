"""What Allure is told of a check while it is judged."""

from __future__ import annotations

import allure

from kubecheck.checks.check import Check
from kubecheck.checks.vantage import Vantage


def describe(check: Check, vantage: Vantage | None) -> None:
    """Label the test that Allure has just begun: where it belongs, what it means, what mends it."""
    allure.dynamic.title(f"{check.title} [{vantage}]" if vantage else check.title)
    allure.dynamic.epic("kubecheck")
    allure.dynamic.feature(check.area)
    allure.dynamic.story(check.title)
    if vantage and vantage.node:
        allure.dynamic.label("host", vantage.node)
    for line in check.runbook:
        allure.dynamic.tag(line)
    steps = "".join(f"\n- {step}" for step in check.remedy)
    allure.dynamic.description(f"{check.doc}\n\nNext steps:{steps}")
