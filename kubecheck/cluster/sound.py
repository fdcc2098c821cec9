"""Facts of the kinds that they should be: JSON of another shape is found here, and not by who uses it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from kubecheck.cluster.facts import Facts
from kubecheck.cluster.reading import Reading

FACTS = TypeAdapter(Facts)


class Unsound(Exception):
    """A fact without which there are none is not what it should be; the text says which."""


def sound(facts: Facts) -> Facts:
    """``facts`` as a record holds them; one of another kind than it should be has become its reason.

    Raises Unsound.
    """
    try:
        return FACTS.validate_json(FACTS.dump_json(facts, warnings=False))
    except ValidationError as problem:
        # The words say what should be there, and not what is.
        errors = problem.errors(include_input=False, include_url=False)
    changed: dict[str, Any] = {}
    for error in errors:
        name, *rest = map(str, error["loc"])
        reason: Reading[Any] = Reading(
            problem=f"it came back in a form that is not understood: {'.'.join(rest)}: {error['msg']}"
        )
        before = changed.get(name, getattr(facts, name))
        if isinstance(before, Reading):
            changed[name] = reason
        elif rest and isinstance(before, dict) and isinstance(before.get(rest[0]), Reading):
            changed[name] = {**before, rest[0]: reason}
        else:
            raise Unsound(f"{'.'.join([name, *rest])}: {error['msg']}")
    return replace(facts, **changed)
