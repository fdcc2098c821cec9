"""HTTP: what a server answers, and which of our own servers it was."""

from __future__ import annotations

import re
from dataclasses import dataclass
from shlex import quote

from kubecheck.probes.question import KILLED, Answer, Question, Raw, address


@dataclass(frozen=True)
class HttpGet(Question):
    """``GET http://host:port/path``; ``settles`` for a Service that this run has just created."""

    host: str
    port: int
    path: str = "/"
    settles: bool = False

    @property
    def key(self) -> str:
        """``GET http://HOST:PORT/PATH``."""
        return f"GET http://{address(self.host, self.port)}{self.path}"

    def shell(self, seconds: int) -> str:
        """The body on standard output; an error in words on standard error."""
        url = f"http://{address(self.host, self.port)}{self.path}"
        # Not wget's own -T, with which some builds of busybox crash.
        return f"timeout {seconds} wget -Y off -q -O - {quote(url)}"

    def read(self, raw: Raw, origin: str) -> HttpAnswer:
        """The answer in ``raw``."""
        return HttpAnswer(self, origin, raw)


@dataclass(frozen=True)
class Identity:
    """Who answered, as each of our nginx servers says of itself.

    ``server`` is the pod's own address, ``client`` the source address it saw.
    """

    namespace: str
    pod: str
    server: str
    client: str


@dataclass(frozen=True)
class HttpAnswer(Answer):
    """The body, or why there is none."""

    @property
    def answered(self) -> bool:
        """True for a 2xx answer; wget fails on any other."""
        return self.raw.status == 0

    @property
    def got(self) -> str:
        """The body's beginning, or what happened instead."""
        if not self.answered:
            text = self.raw.text
            if self.raw.status in KILLED or "timed out" in text:
                return "no answer"
            told = re.search(r"can't connect to remote host.*?: (.+)", text)
            if told:
                return told[1].strip().lower()
        return super().got

    @property
    def identity(self) -> Identity | None:
        """Who answered; None when it was no server of ours."""
        fields = dict(part.split("=", 1) for part in self.raw.text.split() if "=" in part)
        try:
            return Identity(fields["namespace"], fields["pod"], fields["server"], fields["client"])
        except KeyError:
            return None

    def must_come_from(self, pod: str, namespace: str) -> Identity:
        """The pod ``namespace/pod`` itself answered. Returns its identity."""
        expected = f"an answer of pod {namespace}/{pod}"
        self.must(self.answered, expected)
        identity = self.identity
        self.must(identity is not None and (identity.namespace, identity.pod) == (namespace, pod), expected)
        assert identity is not None
        return identity

    def must_come_from_namespace(self, namespace: str) -> Identity:
        """Some pod of ``namespace`` answered. Returns its identity."""
        expected = f"an answer of a pod in namespace {namespace}"
        self.must(self.answered, expected)
        identity = self.identity
        self.must(identity is not None and identity.namespace == namespace, expected)
        assert identity is not None
        return identity
