"""Every option as an environment variable too: ``KUBECHECK_REPORTS`` for ``--reports``.

A flag stands over the variable, and the variable over what the option is by itself.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

SWITCH = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}


class Environment:
    """Adds options by ``add``, which takes what argparse takes; ``refuse`` hears of a wrong variable."""

    def __init__(self, add: Callable[..., Any], refuse: Callable[[str], NoReturn]) -> None:
        self.add = add
        self.refuse = refuse

    def addoption(self, name: str, **about: Any) -> None:
        """Add the option, with its variable's value as its default where the variable is set."""
        variable = f"KUBECHECK_{name.removeprefix('--').replace('-', '_').upper()}"
        if text := os.environ.get(variable):
            try:
                about["default"] = _value(text, about)
            except (ValueError, argparse.ArgumentTypeError) as problem:
                self.refuse(f"{variable}: {problem}")
        self.add(name, **about)


class Repeated(argparse.Action):
    """Gathers the values of an option that is given several times; they take the place of the variable's."""

    def __call__(
        self,
        _parser: Any,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        _name: Any = None,
    ) -> None:
        """Keep one more value."""
        given = getattr(namespace, self.dest)
        setattr(namespace, self.dest, [values] if given is self.default else [*given, values])


def _value(text: str, about: dict[str, Any]) -> Any:
    if about.get("action") == "store_true":
        if text.lower() not in SWITCH:
            raise ValueError(f"{text!r} is neither 1 nor 0")
        return SWITCH[text.lower()]
    if about.get("action") is Repeated:
        return text.split(",")
    return about["type"](text) if "type" in about else text
