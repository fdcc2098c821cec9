"""The address in front of the API servers, as policy or cluster-info names it."""

from __future__ import annotations

from urllib.parse import urlsplit

from kubecheck.diagnosis.evidence import Evidence


def front(evidence: Evidence) -> str:
    """``host:port``; empty where nothing names one."""
    if evidence.policy.control_plane.vip:
        return evidence.policy.control_plane.vip
    info = evidence.facts.cluster_info.found
    return urlsplit(info.server).netloc if info else ""
