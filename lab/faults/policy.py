"""The policy of a run against a lab with faults in it: the lab's own, and what the faults need promised."""

import re
import tomllib


def merged(policy: str, more: str) -> str:
    """``policy`` with the tables of ``more``, whose keys win; both are TOML with plain tables only."""
    for table, values in _tables(more).items():
        lines = policy.splitlines()
        header = f"[{table}]"
        if header not in lines:
            lines += ["", header]
        start = lines.index(header) + 1
        rest = (number for number in range(start, len(lines)) if lines[number].startswith("["))
        end = next(rest, len(lines))
        keys = [f"{re.escape(key)}\\s*=" for key in tomllib.loads("\n".join(values))]
        old = [line for line in lines[start:end] if not any(re.match(key, line) for key in keys)]
        policy = "\n".join([*lines[:start], *values, *old, *lines[end:]]) + "\n"
    tomllib.loads(policy)
    return policy


def _tables(text: str) -> dict[str, list[str]]:
    """The lines of each table."""
    tables: dict[str, list[str]] = {}
    current: list[str] = []
    for line in text.splitlines():
        if header := re.fullmatch(r"\[([^\[\]]+)\]", line.strip()):
            current = tables.setdefault(header[1], [])
        elif line.strip():
            current.append(line)
    return tables
