"""The pages of docs/ that are made from the code: checks by area, causes, rights, the runbook's table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from kubecheck.policy.load import load_policy
from kubecheck.report.explanation import AREAS, Explanation, by_area
from kubecheck.report.markdown import code, escaped, step
from kubecheck.report.rights import page as rights_page
from kubecheck.report.runbook import LINES

NOTICE = "<!-- Made by `make docs` out of the code; what is changed here is lost. -->\n"

INDEX = """\
# Checks

kubecheck has {} checks. A check's title is the state in which it passes. `kubecheck explain NAME` shows on a
terminal what its page says, and [the runbook](../runbook.md) is told line by line."""
CAUSES = """\
# Causes

When checks fail, kubecheck looks for the fewest causes that explain all of it, and says whom each blames, how
sure it is, and what mends it in this very cluster. These are the causes that it knows. Words in capitals
stand for the names that a report fills in."""
RUNBOOK = """\
# The runbook

What an engineer types and reads by hand after a highly available binary install, line by line, and the checks
that stand for it. `kubecheck runbook` adds their outcome in the last run."""


def pages(every: Sequence[Explanation]) -> dict[str, str]:
    """The pages' content by their path below docs/."""
    checks = by_area(every)
    causes = [each for each in every if not each.area]
    found = {f"checks/{area}.md": _area(area, each) for area, each in checks.items()}
    found["checks/README.md"] = _index(checks)
    found["causes.md"] = _causes(causes)
    found["rights.md"] = rights_page(load_policy("runbook"))
    found["runbook.md"] = _runbook([each for area in checks.values() for each in area])
    return {path: f"{NOTICE}\n{text.strip()}\n" for path, text in found.items()}


def write_pages(every: Sequence[Explanation], folder: Path) -> list[Path]:
    """Write the pages below ``folder``, and remove those of areas that are no more. Returns the files."""
    written = []
    for path, text in pages(every).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        written.append(file)
    for old in leftovers(every, folder):
        old.unlink()
    return written


def leftovers(every: Sequence[Explanation], folder: Path) -> list[Path]:
    """Files that earlier checks left below ``folder``, and that say themselves that they are made."""
    made = pages(every)
    there = (file for file in sorted((folder / "checks").glob("*.md")) if f"checks/{file.name}" not in made)
    return [file for file in there if file.read_text(encoding="utf-8").startswith(NOTICE)]


def _index(areas: dict[str, list[Explanation]]) -> str:
    lines = [INDEX.format(sum(map(len, areas.values())))]
    for area, checks in areas.items():
        lines += ["", f"## [{area}]({area}.md)", "", f"{_capital(escaped(AREAS.get(area, area)))}.", ""]
        lines += _table(checks, f"{area}.md")
    return "\n".join(lines)


def _table(checks: Iterable[Explanation], page: str) -> list[str]:
    rows = ["| check | passes when | runbook |", "|---|---|---|"]
    rows += [
        f"| [{code(each.own_name)}]({page}#{each.own_name}) | {escaped(each.title)} |"
        f" {_lines(each, '../runbook.md')} |"
        for each in checks
    ]
    return rows


def _area(area: str, checks: Sequence[Explanation]) -> str:
    lines = [f"# Checks: {area}", "", f"{_capital(escaped(AREAS.get(area, area)))}.", "", *_table(checks, "")]
    for each in checks:
        lines += ["", f"## {each.own_name}", "", f"**{escaped(each.title)}.**", "", *_prose(each), ""]
        lines += [f"- Judged {place}." for place in each.at]
        if each.runbook:
            lines += [f"- Runbook: {_lines(each, '../runbook.md')}."]
        lines += [f"- Alone: {code(f'kubecheck -k {each.own_name}')}", f"- Source: {escaped(each.source)}"]
        lines += ["", "When it fails:", "", *_steps(each.remedy)]
    return "\n".join(lines)


def _causes(causes: Sequence[Explanation]) -> str:
    lines = [
        CAUSES,
        "",
        "| cause | title |",
        "|---|---|",
        *(f"| [{code(each.name)}](#{each.name}) | {escaped(each.title)} |" for each in causes),
    ]
    for each in causes:
        lines += ["", f"## {each.name}", "", f"**{escaped(each.title)}.**", "", *_prose(each)]
        lines += ["", "To confirm it by hand:", "", *_steps(each.confirm)]
        lines += ["", "What mends it:", "", *_steps(each.remedy)]
        lines += ["", f"Source: {escaped(each.source)}"]
    return "\n".join(lines)


def _runbook(checks: Sequence[Explanation]) -> str:
    lines = [
        RUNBOOK,
        "",
        "| line | what must hold | checks |",
        "|---|---|---|",
    ]
    for line, demand in LINES.items():
        mine = [f"[{code(c.name)}](checks/{c.area}.md#{c.own_name})" for c in checks if line in c.runbook]
        lines.append(f'| <a id="{line.lower()}"></a>{line} | {escaped(demand)} | {"<br>".join(mine)} |')
    return "\n".join(lines)


def _prose(what: Explanation) -> list[str]:
    return "\n\n".join(map(escaped, (what.what, *what.why))).split("\n")


def _steps(steps: Iterable[str]) -> list[str]:
    return [f"{number}. {step(each)}" for number, each in enumerate(steps, 1)]


def _lines(what: Explanation, page: str) -> str:
    return ", ".join(f"[{line}]({page}#{line.lower()})" for line in what.runbook)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
