"""What a right is, what rights are granted for, and what cannot be told without one.

Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

WHOLE = ("*",)
"""In place of checks: all that a part is for."""


class Part(StrEnum):
    """What rights are granted for, each part by itself."""

    READ = "read"
    NODES = "nodes"
    TOKENS = "tokens"
    DASHBOARD = "dashboard"
    LOGIN = "login"
    PROBES = "probes"
    REHEARSAL = "rehearsal"


PARTS = {
    Part.READ: "What the API server says of the cluster: read, and nothing else. Every run needs it.",
    Part.NODES: "The kubelets' configuration and metrics, and each API server by itself: through the API"
    " server's proxy to nodes. Grant it with care: the proxy leads to all of the kubelet's API, and on some"
    " versions reading through it is enough to run commands in pods.",
    Part.TOKENS: "Bootstrap tokens. There is no right to list Secrets of one type only, so this one reads"
    " all Secrets of kube-system.",
    Part.DASHBOARD: "The dashboard's page, through the API server's proxy to Services.",
    Part.LOGIN: "A login to the dashboard, with a token made for the ServiceAccount that policy names."
    " Whoever may make its tokens may do all that it may do: leave this out where that is too much.",
    Part.PROBES: "Probe pods. A run makes namespaces of its own, whose names nobody knows beforehand, so"
    " these rights hold in all namespaces.",
    Part.REHEARSAL: "A new node's joining, rehearsed with a bootstrap token. The token itself asks for the"
    " certificate; kubecheck only takes the request away again.",
}


_KINDS = {
    Part.PROBES: frozenset({"pod", "node", "kubectl", "fleet", "rehearsal"}),
    Part.REHEARSAL: frozenset({"rehearsal"}),
}


@dataclass(frozen=True)
class Right:
    """To do ``verb`` to ``what``: a resource (``pods/exec``, ``nodes.metrics.k8s.io``), or a URL.

    Empty ``namespace`` and ``name`` stand for all. ``why`` is what needs it. ``checks`` are the ids of those
    that are unknown without it; WHOLE where none of its part can be told; none where a run only tells less.
    """

    part: Part
    verb: str
    what: str
    why: str
    checks: tuple[str, ...] = ()
    namespace: str = ""
    name: str = ""

    def __str__(self) -> str:
        """As one says it: ``list secrets in namespace kube-system``."""
        name = f" {self.name}" if self.name else ""
        return f"{self.verb} {self.what}{name}" + (
            f" in namespace {self.namespace}" if self.namespace else ""
        )

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        return self.what.partition("/")[0].partition(".")[2]

    @property
    def resource(self) -> str:
        """The resource with its subresource, as RBAC names it; empty for a URL."""
        base, slash, sub = self.what.partition("/")
        return f"{base.partition('.')[0]}{slash}{sub}" if base else ""

    def stops(self, check: str, kind: str) -> bool:
        """Whether ``check``, judged at a vantage of ``kind``, is unknown without it."""
        if self.checks == WHOLE:
            return kind in _KINDS.get(self.part, {kind})
        return check in self.checks
