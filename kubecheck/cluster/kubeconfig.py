"""A kubeconfig as a file: read with care, because it may be damaged, and told without what it holds.

The client walks a kubeconfig without checking it, and its words for a damaged one may hold a token.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kubecheck.input import TooLarge, read_text

FILE_LIMIT = 5_000_000  # bytes; a cluster with its certificates takes about six thousand
MOST_ALIASES = 30  # of a file that is written without any: a few dozen may already stand for billions


class ConnectionProblem(Exception):
    """The cluster cannot be used from here; the text is one sentence and what to do."""


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")


class _Cluster(_Part):
    server: str
    proxy: str | None = Field(None, alias="proxy-url")
    name: str | None = Field(None, alias="tls-server-name")
    unverified: bool | None = Field(None, alias="insecure-skip-tls-verify")
    authority: str | None = Field(None, alias="certificate-authority")
    authority_data: str | None = Field(None, alias="certificate-authority-data")


class _User(_Part):
    token: str | None = None
    token_file: str | None = Field(None, alias="tokenFile")
    certificate: str | None = Field(None, alias="client-certificate")
    certificate_data: str | None = Field(None, alias="client-certificate-data")
    key: str | None = Field(None, alias="client-key")
    key_data: str | None = Field(None, alias="client-key-data")
    username: str | None = None
    password: str | None = None
    plugin: dict[str, Any] | None = Field(None, alias="exec")
    acting_as: str | None = Field(None, alias="as")
    acting_groups: list[str] | None = Field(None, alias="as-groups")


class _Context(_Part):
    cluster: str
    user: str | None = None
    namespace: str | None = None


class _NamedCluster(_Part):
    name: str = Field(min_length=1)
    cluster: _Cluster


class _NamedUser(_Part):
    name: str = Field(min_length=1)
    user: _User | None = None


class _NamedContext(_Part):
    name: str = Field(min_length=1)
    context: _Context


class _File(_Part):
    """The fields that are used. Source: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/."""

    clusters: list[_NamedCluster] | None = None
    users: list[_NamedUser] | None = None
    contexts: list[_NamedContext] | None = None
    current: str | None = Field(None, alias="current-context")


def read_kubeconfig(path: str) -> dict[str, Any] | None:
    """The content of a file, None where it is empty, as one of a list may be. Raises ConnectionProblem."""
    import yaml

    question = "is it the right file?"
    try:
        text = read_text(Path(path), FILE_LIMIT)
        if "*" in text and sum(isinstance(each, yaml.AliasEvent) for each in yaml.parse(text)) > MOST_ALIASES:
            raise ConnectionProblem(f"kubeconfig {path} repeats its own parts without end: {question}")
        content = yaml.safe_load(text)
    except TooLarge:
        raise ConnectionProblem(f"kubeconfig {path} is larger than a kubeconfig can be: {question}") from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise ConnectionProblem(f"kubeconfig {path} is not YAML: {question}") from None
    except OSError as problem:
        raise ConnectionProblem(f"kubeconfig {path} cannot be read: {problem.strerror}") from None
    if content is None:
        return None
    if not isinstance(content, dict):
        raise ConnectionProblem(f"kubeconfig {path} names no cluster: {question}")
    try:
        _File.model_validate(content)
    except ValidationError as problem:
        # Where and what kind, and never the value, which may be a secret.
        first = problem.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ConnectionProblem(f"kubeconfig {path} is damaged at {place}: {first['msg']}") from None
    return content


def check_address(server: str) -> None:
    """Raises ValueError for an address that cannot be used, or cannot be shown."""
    parts = urlsplit(server)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise ValueError("its server is no address of an API server, as https://HOST:PORT")
    if "@" in parts.netloc:
        raise ValueError("its server's address holds credentials, which belong to its user")
