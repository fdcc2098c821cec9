"""``kubecheck explain``: what a check or a cause means, how to confirm it by hand, what mends it."""

from __future__ import annotations

import argparse
import difflib
import re
import shutil
import sys
import textwrap
from collections.abc import Sequence

from kubecheck.checks.catalogue import load_checks, suites
from kubecheck.diagnosis.catalogue import all_kinds
from kubecheck.report.explanation import AREAS, Explanation, by_area, explained

WIDEST = 100  # columns; longer lines of prose are hard to read
NEAR = 5  # names told when none fits


def main(arguments: Sequence[str]) -> int:
    """Explain one check or cause, or list all of them. 2 for a name that is none of theirs."""
    parser = argparse.ArgumentParser(
        prog="kubecheck explain",
        description="What a check or a cause means, why it matters, how to see it by hand, what mends it.",
    )
    parser.add_argument("name", nargs="?", help="a check or a cause (without one: all are listed)")
    name = parser.parse_args(arguments).name
    every = explained(load_checks(suites()), all_kinds())
    if name is None:
        print("\n".join(listed(every)))
        return 0
    found = named(every, name)
    if found is None:
        print(f"kubecheck: {unknown(every, name)}", file=sys.stderr)
        return 2
    print("\n".join(told(found, min(WIDEST, shutil.get_terminal_size().columns))))
    return 0


def named(every: Sequence[Explanation], name: str) -> Explanation | None:
    """The one that is called ``name``, as a report, a test id or a person writes it; None if none is."""
    wanted = _plain(name)
    own = [each for each in every if _plain(each.own_name) == wanted]
    whole = [each for each in every if _plain(each.name) == wanted]
    return next(iter(whole), own[0] if len(own) == 1 else None)


def unknown(every: Sequence[Explanation], name: str) -> str:
    """One sentence: the names that are near to one that nothing has."""
    wanted = _plain(name)
    names = {_plain(each.name): each.name for each in every}
    names |= {_plain(each.own_name): each.name for each in every}
    near = [whole for plain, whole in names.items() if wanted and plain.startswith(wanted)]
    near += [names[plain] for plain in difflib.get_close_matches(wanted, names, NEAR)]
    near += [whole for plain, whole in names.items() if wanted and wanted in plain]
    near = list(dict.fromkeys(near))
    more = f" and {len(near) - NEAR} more" if len(near) > NEAR else ""
    hint = f"did you mean {_or(near[:NEAR])}{more}? " if near else ""
    return f"there is no check and no cause {name!r}: {hint}`kubecheck explain` lists them all"


def listed(every: Sequence[Explanation]) -> list[str]:
    """The lines that list all checks by area, and all causes."""
    wide = max(len(each.name) for each in every)
    lines = []
    for area, checks in by_area(every).items():
        lines += [f"Checks, {area}: {AREAS.get(area, area)}"]
        lines += [f"  {each.name:<{wide}}  {each.title}" for each in checks]
        lines += [""]
    lines += ["Causes of failures"]
    lines += [f"  {each.name:<{wide}}  {each.title}" for each in every if not each.area]
    return [*lines, "", "`kubecheck explain NAME` tells more of one."]


def told(what: Explanation, columns: int) -> list[str]:
    """The lines that explain one, prose at most ``columns`` wide; commands stay in one piece."""
    lines = [what.name, what.title, ""]

    def section(title: str, *, prose: Sequence[str] = (), steps: Sequence[str] = ()) -> None:
        if prose or steps:
            lines.extend([title, *_wrapped(prose, columns), *(f"  {step}" for step in steps), ""])

    section("What it means", prose=[what.what])
    section("Why it matters", prose=what.why)
    section("Judged", steps=what.at)
    section("To confirm it by hand", steps=what.confirm)
    section("What mends it" if what.confirm else "To look by hand, and what mends it", steps=what.remedy)
    if what.area:
        section("To check it alone", steps=[f"kubecheck -k {what.own_name}"])
    section("Runbook", steps=what.runbook_lines)
    section("Source", steps=[what.source])
    return lines[:-1]


def _wrapped(paragraphs: Sequence[str], columns: int) -> list[str]:
    wrapper = textwrap.TextWrapper(
        columns, initial_indent="  ", subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )
    return "\n\n".join(map(wrapper.fill, paragraphs)).splitlines()


def _plain(name: str) -> str:
    """``name`` without what a test id has around it, and without differences of spelling."""
    path = re.fullmatch(r"(?:.*/)?(?P<area>[^/]+)/[^/]+\.py::(?P<name>[^\[]+).*", name)
    if path:
        name = f"{path['area']}.{path['name'].removeprefix('test_')}"
    return name.strip().lower().replace("-", "_").removeprefix("test_")


def _or(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last
