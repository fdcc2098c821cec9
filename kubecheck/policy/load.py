"""Reading a policy: a file or a profile's name in, a validated Policy out."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from kubecheck.input import TooLarge, read_text
from kubecheck.policy.lines import line_of
from kubecheck.policy.model import Policy

FILE_LIMIT = 1_000_000  # bytes; a policy is a page of text


class PolicyError(Exception):
    """The policy cannot be used; the text is one sentence for the user."""


def profiles() -> tuple[str, ...]:
    """Names of the profiles that ship with kubecheck."""
    folder = resources.files(__package__) / "profiles"
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir()))


def load_policy(source: str | None) -> Policy:
    """The policy of ``source``: a TOML file's path, a profile's name, or None for the default.

    Raises PolicyError naming the file, the key and what is allowed there.
    """
    if source is None:
        return Policy()
    if source in profiles():
        return _validated({"profile": source}, f"profile {source}")
    path = Path(source)
    try:
        text = read_text(path, FILE_LIMIT)
    except FileNotFoundError:
        raise PolicyError(
            f"policy {source} does not exist: name a TOML file or a profile ({', '.join(profiles())})"
        ) from None
    except OSError as problem:
        raise PolicyError(f"policy {source} cannot be read: {problem.strerror}") from None
    except TooLarge:
        raise PolicyError(f"policy {source} is larger than a policy can be; is it the right file?") from None
    except ValueError:  # a name with NUL in it, too
        raise PolicyError(f"policy {source} is not text: is it the right file?") from None
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as problem:
        raise PolicyError(f"policy {source} is not TOML: {problem}") from None
    return _validated(values, source, text)


def _validated(values: dict[str, Any], source: str, text: str = "") -> Policy:
    profile = values.get("profile", "default")
    if profile not in profiles():
        raise PolicyError(f"policy {source}: profile is {profile!r}; allowed are {', '.join(profiles())}")
    base = tomllib.loads((resources.files(__package__) / "profiles" / f"{profile}.toml").read_text())
    try:
        return Policy.model_validate(_merged(base, values))
    except ValidationError as problem:
        raise PolicyError(f"policy {source}: {_said(problem, text)}") from None


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        inner = merged.get(key)
        merged[key] = _merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return merged


def _said(problem: ValidationError, text: str) -> str:
    sentences = []
    for error in problem.errors():
        line = line_of(text, error["loc"])
        key = ".".join(str(part) for part in error["loc"]) + (f" (line {line})" if line else "")
        if error["type"] == "extra_forbidden":
            sentences.append(f"there is no key {key}; allowed are {', '.join(_siblings(error['loc']))}")
        else:
            # What stands before an @ may be a password, and this is told in reports.
            given = "a text with an @ in it" if "@" in str(error["input"]) else repr(error["input"])
            sentences.append(f"{key} is {given}: {error['msg']}")
    return "; ".join(sentences)


def _siblings(location: tuple[int | str, ...]) -> list[str]:
    model: Any = Policy
    for part in location[:-1]:
        model = model.model_fields[part].annotation
    return sorted(model.model_fields)
