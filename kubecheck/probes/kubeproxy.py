"""kube-proxy, as it tells of itself on its node's loopback: alive, in which mode, of which version."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from kubecheck.input import parse_json
from kubecheck.probes.question import Answer, Question, Raw, not_connected

HEALTH_PORT, METRICS_PORT = 10256, 10249


@dataclass(frozen=True)
class KubeProxy(Question):
    """kube-proxy's health, mode and version; to be asked on the host's network.

    Bound to an IPv6 address it serves its metrics at ::1 alone, and under k3s its health too.
    Source: healthzBindAddress and metricsBindAddress in
    https://kubernetes.io/docs/reference/config-api/kube-proxy-config.v1alpha1/
    """

    @property
    def key(self) -> str:
        """``kube-proxy on 127.0.0.1:10256``."""
        return f"kube-proxy on 127.0.0.1:{HEALTH_PORT}"

    def shell(self, seconds: int) -> str:
        """Exit status and text are those of the health check; mode and version are lines after it.

        One that does not answer in time is not asked for more.
        """
        get = f"timeout {seconds} wget -Y off -q -O -"
        return (
            f"at() {{ nc -w {seconds} ::1 $1 -e true && echo http://[::1]:$1 || echo http://127.0.0.1:$1; }};"
            f' {get} "$(at {HEALTH_PORT} 2>/dev/null)/healthz"; status=$?; [ $status -le 1 ] || exit $status;'
            f' echo; told=$(at {METRICS_PORT} 2>/dev/null); echo "mode=$({get} "$told/proxyMode" 2>&1)";'
            f" {get} \"$told/metrics\" 2>/dev/null | grep '^kubernetes_build_info{{'; exit $status"
        )

    def read(self, raw: Raw, origin: str) -> KubeProxyAnswer:
        """The answer in ``raw``."""
        health, *more = re.split(r"^mode=", raw.text, maxsplit=1, flags=re.MULTILINE)
        told = "".join(more)
        mode = re.match(r"\S+$", told, re.MULTILINE)
        version = re.search(r'^kubernetes_build_info\{.*git_version="([^"]+)"', raw.text, re.MULTILINE)
        return KubeProxyAnswer(
            self, origin, raw,
            health=_health(health),
            mode=mode[0] if mode else "",
            version=version[1] if version else "",
            said=health.strip(),
            metrics_refused="refused" in told,
        )  # fmt: skip


@dataclass(frozen=True)
class KubeProxyAnswer(Answer):
    """Its mode (iptables, ipvs, nftables) and version, empty where it does not tell; its health as JSON.

    Where the health check fails, wget shows the HTTP status and no text: ``said`` is what it printed.
    ``metrics_refused`` where nobody listens at the port at which mode and version are told.
    """

    health: dict[str, object]
    mode: str
    version: str
    said: str
    metrics_refused: bool

    @property
    def absent(self) -> bool:
        """Nobody listens at the health port."""
        return "refused" in self.said

    @property
    def got(self) -> str:
        """Healthy or what it said instead."""
        if self.raw.status == 0 or self.health:
            return f"healthy, mode {self.mode or 'not told'}, version {self.version or 'not told'}"
        if told := not_connected(self.said):
            return told
        failed = re.search(r"server returned error: (.+)", self.said)
        return failed[1].strip() if failed else super().got

    @property
    def lag(self) -> float | None:
        """Seconds from its last update of the rules until now; None where it does not tell."""
        try:
            updated = datetime.fromisoformat(str(self.health["lastUpdated"]))
            return (datetime.fromisoformat(str(self.health["currentTime"])) - updated).total_seconds()
        except (KeyError, ValueError, TypeError):
            return None

    def must_be_healthy(self, lag: float) -> None:
        """Its health check succeeds, and its last update of the rules is at most ``lag`` seconds old."""
        # wget shows a body only where the health check succeeds; the time may run out on mode and version.
        healthy = self.raw.status == 0 or bool(self.health)
        self.must(healthy, "that kube-proxy calls itself healthy")
        self.must(self.lag is None or self.lag <= lag, f"rules updated in the last {lag:.0f} s")


def _health(text: str) -> dict[str, object]:
    first = text.partition("\n")[0]
    try:
        found = parse_json(first)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
