"""What a port gives to somebody without credentials."""

from __future__ import annotations

import re
from dataclasses import dataclass
from shlex import quote

from kubecheck.outcomes import CannotTell
from kubecheck.probes.question import Answer, Question, Raw, address


@dataclass(frozen=True)
class AnonymousGet(Question):
    """``GET https://host:port/path`` with no credentials, whatever certificate the server shows.

    Busybox brings TLS 1.2 of its own; a build without it makes the answer inconclusive.
    """

    host: str
    port: int
    path: str

    @property
    def key(self) -> str:
        """``anonymous GET https://HOST:PORT/PATH``."""
        return f"anonymous GET https://{address(self.host, self.port)}{self.path}"

    def shell(self, seconds: int) -> str:
        """The beginning of the body, or the server's refusal in wget's words."""
        url = quote(f"https://{address(self.host, self.port)}{self.path}")
        return f"timeout {seconds} wget -Y off --no-check-certificate -q -O - {url} | head -c 300"

    def read(self, raw: Raw, origin: str) -> AnonymousAnswer:
        """The answer in ``raw``."""
        return AnonymousAnswer(self, origin, raw)


@dataclass(frozen=True)
class AnonymousAnswer(Answer):
    """The HTTP status of a refusal; 0 where there was none."""

    @property
    def status(self) -> int:
        """What the server answered, for all but success."""
        found = re.search(r"server returned error: HTTP/\S+ (\d+)", self.raw.text)
        return int(found[1]) if found else 0

    @property
    def served(self) -> bool:
        """Whether something came back that is no complaint of wget's."""
        return bool(self.raw.text) and "wget:" not in self.raw.text and "Terminated" not in self.raw.text

    def must_be_refused(self) -> None:
        """The server answered 401 or 403. Raises CannotTell when no HTTP answer came at all."""
        expected = "401 Unauthorized or 403 Forbidden"
        if not self.served and not self.status:
            raise CannotTell(self.told(expected))
        self.must(self.status in (401, 403), expected)
