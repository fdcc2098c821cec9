"""What kubecheck said of a fault, compared to what it has to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab.faults.catalogue import fault_named
from lab.faults.fault import Fault


@dataclass(frozen=True)
class Injected:
    """A fault in the lab: its name and its victims."""

    name: str
    victims: Mapping[str, str]

    @property
    def fault(self) -> Fault:
        """What the catalogue says of it."""
        return fault_named(self.name)


@dataclass(frozen=True)
class Judgement:
    """How right a verdict is about the faults that were in the lab.

    ``caught`` says that it is not READY (READY where there is no fault), ``named`` that it names their
    causes and no other, ``blamed`` that it blames their victims and nobody else. ``collateral`` are results
    that failed and that none of the faults may turn red, and those that could not be told for no reason that
    a cause knows; ``unexplained`` are failures that no cause explains.
    """

    caught: bool
    named: bool
    blamed: bool
    collateral: tuple[str, ...]
    unexplained: tuple[str, ...]
    told: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Whether nothing is missing and nothing too much."""
        return self.caught and self.named and self.blamed and not self.collateral and not self.unexplained

    def __str__(self) -> str:
        """What is wrong with it; empty where it is right."""
        wrong = []
        if not self.caught:
            wrong.append("not caught, or not READY where there is no fault")
        if not self.named or not self.blamed:
            wrong.append(f"it said: {'; '.join(self.told) or 'no cause'}")
        if self.collateral:
            wrong.append(f"collateral: {', '.join(self.collateral)}")
        if self.unexplained:
            wrong.append(f"unexplained: {', '.join(self.unexplained)}")
        return "\n".join(wrong)


def judge(verdict: Mapping[str, Any], injected: Sequence[Injected]) -> Judgement:
    """Compare the content of a verdict.json to the faults that were in the lab."""
    faults = [each.fault for each in injected]
    wanted = {cause for fault in faults for cause in fault.causes}
    blames = {blamed for each in injected for blamed in each.fault.blamed(each.victims)}
    causes = verdict.get("causes", ())
    explained = {(each["check"], each["vantage"]) for cause in causes for each in cause["explains"]}
    collateral = [
        f"{each['id']}@{each['vantage']}"
        for each in verdict["checks"]
        if each["outcome"] == "failed"
        or (each["outcome"] == "unknown" and (each["id"], each["vantage"]) not in explained)
        if not any(one.fault.may_turn_red(each["id"], each["vantage"], one.victims) for one in injected)
    ]
    ready = verdict["verdict"] == "READY"
    return Judgement(
        caught=ready if not wanted else not ready,
        named={cause["id"] for cause in causes} == wanted,
        blamed={blamed for cause in causes for blamed in cause["blames"]} == blames,
        collateral=tuple(collateral),
        unexplained=tuple(f"{each['check']}@{each['vantage']}" for each in verdict.get("unexplained", ())),
        told=tuple(f"{cause['id']} ({', '.join(cause['blames'])})" for cause in causes),
    )
