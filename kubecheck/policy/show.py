"""A policy as a policy file: every key, with what it means and the value it has."""

from __future__ import annotations

import inspect
import json
import textwrap
from typing import Any

from kubecheck.policy.model import Policy
from kubecheck.policy.section import Section

WIDTH = 100


def policy_text(policy: Policy) -> str:
    """TOML that reads back as ``policy``, each key below a comment that explains it."""
    lines = [
        *_comment("What a cluster promises. Every key may be left out: it then has its profile's value."),
        "",
        *_keys(policy),
    ]
    for name in type(policy).model_fields:
        section = getattr(policy, name)
        if isinstance(section, Section):
            lines += [
                "",
                *_comment(inspect.cleandoc(type(section).__doc__ or "")),
                f"[{name}]",
                *_keys(section),
            ]
            lines += _tables(name, section)
    return "\n".join(lines) + "\n"


def _keys(section: Section) -> list[str]:
    lines: list[str] = []
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if not isinstance(value, Section | dict):
            lines += [*_comment(field.description or ""), f"{name} = {_value(value)}"]
    return lines


def _tables(prefix: str, section: Section) -> list[str]:
    lines: list[str] = []
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, dict):
            lines += ["", *_comment(field.description or ""), f"[{prefix}.{name}]"]
            lines += [f"{_key(key)} = {_value(inner)}" for key, inner in value.items()]
    return lines


def _key(name: str) -> str:
    return name if name.replace("-", "").replace("_", "").isalnum() else json.dumps(name)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(key)} = {_value(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(inner) for inner in value) + "]"
    # JSON's strings, numbers and booleans are TOML's too.
    return json.dumps(value, ensure_ascii=False)


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(" ".join(text.replace("``", "").split()), WIDTH - 2)]
