"""Requests: what kubecheck itself asks through the API server, as kubectl does.

``kubectl exec``, ``logs`` and ``port-forward`` go from the API server to the kubelet of the node,
and from there to its container runtime. A request is a value, as a question is; the fleet
carries it out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from kubecheck.outcomes import CannotTell
from kubecheck.probes.identity import Identity
from kubecheck.probes.question import SECONDS, Answer, Inquiry, Raw, address

BROKE_OFF = 1
UNREACHABLE = 2
"""Statuses of a Raw for a request that no HTTP status describes; 0 is success, others are HTTP's."""

# The API server could not be asked, did not let us, or the pod was gone: nothing was learnt of the node.
_LEARNT_NOTHING = {UNREACHABLE, 401, 403, 404, 429}


@dataclass(frozen=True)
class Request(Inquiry):
    """Something asked of the pod ``namespace/pod`` through the API server."""

    namespace: str
    pod: str

    @property
    def verb(self) -> str:
        """The word of kubectl for it."""
        raise NotImplementedError

    @property
    def key(self) -> str:
        """``kubectl VERB NAMESPACE/POD``."""
        return f"kubectl {self.verb} {self.namespace}/{self.pod}"

    def read(self, raw: Raw, origin: str) -> RequestAnswer:
        """The answer in ``raw``."""
        return RequestAnswer(self, origin, raw)


class PodExec(Request):
    """A command run in the busybox container, whose output comes back."""

    verb = "exec"


class PodLog(Request):
    """The last line of the busybox container's log, which it wrote when it started."""

    verb = "logs"


class PodForward(Request):
    """``GET /`` over a forwarded port of the nginx container, which says who it is."""

    verb = "port-forward"


class PodClock(Request):
    """What ``date +%s`` says in the busybox container, and when it was asked: see ClockAnswer."""

    verb = "exec (date)"

    def read(self, raw: Raw, origin: str) -> ClockAnswer:
        """The answer in ``raw``."""
        return ClockAnswer(self, origin, raw)


@dataclass(frozen=True)
class AnonymousGet(Request):
    """``GET https://host:port/path`` from the busybox container, without credentials: the status line only.

    Busybox carries the bytes and kubecheck makes the TLS: busybox's own is refused by current kubelets.
    """

    host: str
    port: int
    path: str

    verb = "exec (anonymous GET)"

    @property
    def key(self) -> str:
        """``anonymous GET https://HOST:PORT/PATH``."""
        return f"anonymous GET https://{address(self.host, self.port)}{self.path}"

    def read(self, raw: Raw, origin: str) -> RequestAnswer:  # noqa: ARG002 - the pod asks, whoever has it ask
        """The answer in ``raw``."""
        return RequestAnswer(self, f"pod {self.namespace}/{self.pod}", raw)


@dataclass(frozen=True)
class ServerClock(Inquiry):
    """The Date header of the API server, and when it was asked: see ClockAnswer."""

    @property
    def key(self) -> str:
        """``date of the API server``."""
        return "date of the API server"

    def read(self, raw: Raw, origin: str) -> ClockAnswer:
        """The answer in ``raw``."""
        return ClockAnswer(self, origin, raw)


@dataclass(frozen=True)
class RequestAnswer(Answer):
    """What came back through the API server, or its refusal."""

    @property
    def conclusive(self) -> bool:
        """False when nothing was learnt of the node, or kubecheck itself was too slow to hear it."""
        status = self.raw.status
        return status not in _LEARNT_NOTHING and not (self.raw.starved and status == BROKE_OFF)

    @property
    def got(self) -> str:
        """What came back; a refusal with its HTTP status."""
        said = " ".join(self.raw.text.split())[:300] or "nothing"
        return f"{self.raw.status} {said}" if self.raw.status >= 400 else said

    def must_say(self, expected: str) -> None:
        """It succeeded, and the last line of what came back is ``expected``."""
        last = (self.raw.text.splitlines() or [""])[-1]
        self.must(self.raw.status == 0 and last == expected, f"the line {expected!r}")

    def must_be_refused(self) -> None:
        """A server answered over HTTP, with 401 or 403. Raises CannotTell when none answered."""
        expected = "401 Unauthorized or 403 Forbidden"
        status = re.match(r"HTTP/\S+ (\d+)", self.raw.text)
        if self.raw.status != 0 or not status:
            raise CannotTell(self.told(expected))
        self.must(status[1] in ("401", "403"), expected)

    def must_come_from(self, pod: str, namespace: str) -> None:
        """The nginx server of the pod ``namespace/pod`` answered."""
        identity = Identity.read(self.raw.text) if self.raw.status == 0 else None
        self.must(
            identity is not None and (identity.namespace, identity.pod) == (namespace, pod),
            f"an answer of pod {namespace}/{pod}",
        )


@dataclass(frozen=True)
class ClockAnswer(RequestAnswer):
    """A clock, read to a second: ``sent`` and ``received`` are times of our own, in seconds, around it."""

    def offset(self) -> tuple[float, float]:
        """How far it is ahead of our own time, in seconds, and how exactly that is known (plus or minus).

        Raises CannotTell when it could not be read.
        """
        found = re.fullmatch(rf"sent=({SECONDS}) received=({SECONDS}) said=([0-9]{{1,12}})", self.raw.text)
        if self.raw.status != 0 or not found:
            raise CannotTell(self.told("the time of day"))
        sent, received, said = (float(part) for part in found.groups())
        # It was read at some time between the two, and shows whole seconds only.
        earliest, latest = said - received, said + 1 - sent
        return (earliest + latest) / 2, (latest - earliest) / 2


def middle(clocks: Mapping[str, tuple[float, float]], prefer: str) -> str:
    """Whose clock is in the middle; of two in the middle the one that is nearer to that of ``prefer``.

    ``clocks`` are offsets as ``ClockAnswer.offset`` gives them.
    """
    names = sorted(clocks, key=lambda name: clocks[name][0])
    two = names[(len(names) - 1) // 2 : len(names) // 2 + 1]
    if prefer not in clocks:
        return two[0]
    return min(two, key=lambda name: abs(clocks[name][0] - clocks[prefer][0]))
