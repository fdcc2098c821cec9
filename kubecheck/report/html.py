"""verdict.html: the whole run as one page that needs nothing else, for reading, printing and filing."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from kubecheck import __version__
from kubecheck.cluster.facts import Facts
from kubecheck.cluster.reading import Reading
from kubecheck.outcomes import Outcome, Result, Verdict
from kubecheck.policy import Policy
from kubecheck.policy.show import policy_text
from kubecheck.report.checks_told import CheckTold, at, by_area, by_line, few, places, reasons, tell_checks
from kubecheck.report.digest import (
    FIRST,
    counted,
    explained_by,
    gathered,
    not_asked,
    not_verified,
    unexplained,
)
from kubecheck.report.document import Ending
from kubecheck.report.matrix import NODE_LIMIT, matrices
from kubecheck.report.steps import step

WHOLE = 12  # causes that are open; of more, what they say
OPEN = 4  # checks that failed for no known cause and are open from the start
ROWS = 100  # reasons why something does not apply
SLOWEST = 10  # checks named with their time
LOOKS = {
    Verdict.READY: ("passed", "Everything that was checked holds"),
    Verdict.NOT_READY: ("failed", "Something is wrong in this cluster"),
    Verdict.UNDECIDED: ("unknown", "Nothing failed, and something could not be told"),
    Verdict.NO_VERDICT: ("unknown", "The run could not begin"),
}


@dataclass(frozen=True)
class Bar:
    """A number as a bar: ``share`` of the longest one, 0 to 100."""

    label: str
    seconds: float
    share: float


def page(ending: Ending) -> str:
    """The page of a run that began. The same ending gives the same page."""
    checks = tell_checks(ending)
    nodes = [node.name for node in ending.facts.nodes]
    return _render(
        "verdict.html.j2",
        verdict=ending.verdict,
        look=LOOKS[ending.verdict],
        ending=ending,
        sentence=_sentence(ending, checks),
        took=(ending.ended - ending.started).total_seconds(),
        counts=ending.counts(),
        causes=[(cause, *explained_by(ending, cause)) for cause in ending.diagnosis.causes],
        unexplained=unexplained(ending),
        gaps=not_verified(ending),
        missing_rights=ending.facts.missing_rights.found or (),
        not_asked=not_asked(ending),
        not_applicable=reasons(ending.with_outcome(Outcome.NOT_APPLICABLE)),
        matrices=matrices(ending.results, nodes),
        lines=by_line(checks),
        areas=by_area(checks),
        phases=_bars(ending.timings.items()),
        slowest=_bars(sorted(((c.id, c.seconds) for c in checks), key=lambda p: (-p[1], p[0]))[:SLOWEST]),
        facts=_facts(ending.facts),
        many=len(nodes) > NODE_LIMIT,
        differing=_differing(ending.policy),
        policy=policy_text(ending.policy),
    )


def page_without_verdict(reason: str, ended: datetime) -> str:
    """The page of a run that could not begin."""
    verdict = Verdict.NO_VERDICT
    return _render("no_verdict.html.j2", verdict=verdict, look=LOOKS[verdict], reason=reason, ended=ended)


@cache
def _environment() -> tuple[Environment, dict[str, Any]]:
    """Templates, and the style and the script that every page carries with what its policy calls them by."""
    loader = PackageLoader("kubecheck.report", "page")
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_plain,
    )
    environment.filters |= {
        "at": at,
        "blamed": _blamed,
        "counted": counted,
        "duration": _duration,
        "explained": _by_check,
        "few": few,
        "moment": _moment,
        "places": places,
        "step": step,
    }
    environment.globals |= {
        "OPEN": OPEN,
        "Outcome": Outcome,
        "ROWS": ROWS,
        "FIRST": FIRST,
        "WHOLE": WHOLE,
        "version": __version__,
    }
    style, script = (loader.get_source(environment, f"verdict.{kind}")[0] for kind in ("css", "js"))
    return environment, {
        "style": Markup(style),  # noqa: S704 - files of this package
        "script": Markup(script),  # noqa: S704
        "style_hash": _hash(style),
        "script_hash": _hash(script),
    }


def _render(template: str, **told: Any) -> str:
    environment, constant = _environment()
    return environment.get_template(template).render(told | constant)


def _hash(source: str) -> str:
    """What a Content-Security-Policy calls an inline element by."""
    return "sha256-" + b64encode(hashlib.sha256(source.encode()).digest()).decode()


def _plain(value: Any) -> Any:
    """Text of the cluster without what is no character of a page, or turns the direction of what follows."""
    if not isinstance(value, str) or isinstance(value, Markup) or value.isprintable():
        return value
    return "".join(c if c in "\n\t" or c.isprintable() else "\ufffd" for c in value)


def _sentence(ending: Ending, checks: list[CheckTold]) -> str:
    if ending.verdict is Verdict.NOT_READY:
        failed = sum(check.outcome is Outcome.FAILED for check in checks)
        text = f"{failed} of {counted(len(checks), 'check')} failed"
        causes = len(ending.diagnosis.causes)
        if not ending.diagnosis.looked_for:
            return f"{text}, and the run was stopped before causes were looked for"
        if not causes:
            return f"{text}, and no known cause explains why"
        if unexplained(ending):
            return f"{text}; {counted(causes, 'cause')} found, which do not explain all of it"
        return f"{text}; {counted(causes, 'cause')} {'explains' if causes == 1 else 'explain'} all of it"
    if not ending.results:
        return "Nothing was checked"
    return LOOKS[ending.verdict][1]


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _blamed(name: str) -> tuple[str, str]:
    """Kind and name of ``Kind/name`` or ``Kind/namespace/name``."""
    kind, _, rest = name.partition("/")
    return kind, rest


def _by_check(results: Sequence[Result]) -> list[tuple[str, str]]:
    """Each check with the places where it was judged."""
    return [(group[0].check, places(group)) for group in gathered(results, lambda result: result.check)]


def _bars(numbers: Iterable[tuple[str, float]]) -> list[Bar]:
    every = [(label, seconds) for label, seconds in numbers if seconds > 0]
    longest = max((seconds for _, seconds in every), default=1)
    return [Bar(label, seconds, round(100 * seconds / longest, 1)) for label, seconds in every]


def _facts(facts: Facts) -> list[tuple[str, str]]:
    """Rows of what is known of the cluster as a whole; what could not be read says why."""
    kubelets = sorted({node.kubelet_version for node in facts.nodes})
    runtimes = sorted({node.runtime for node in facts.nodes})
    rows: list[tuple[str, str]] = [
        ("API server", facts.server),
        ("Kubernetes", facts.server_version),
        ("nodes", f"{len(facts.nodes)}, {sum(node.ready for node in facts.nodes)} of them Ready"),
        ("kubelets", ", ".join(kubelets)),
        ("container runtimes", ", ".join(runtimes)),
        ("Service CIDRs", _read(facts.service_cidrs, ", ".join)),
        ("kubernetes Service", _read(facts.kubernetes_service, _service)),
        ("DNS Service", _read(facts.dns_service, _service)),
        ("cluster domain", _read(facts.dns_domain, str)),
        ("running pods", _read(facts.pods, lambda found: str(sum(p.phase == "Running" for p in found)))),
        ("API server's time", _read(facts.clock, str)),
    ]
    return rows


def _service(service: Any) -> str:
    ports = ", ".join(f"{port.port}/{port.protocol}" for port in service.ports)
    return f"{', '.join(service.cluster_ips)} on {ports}; {counted(len(service.endpoints), 'endpoint')}"


def _read(reading: Reading[Any], show: Any) -> str:
    if reading.found is None:
        return f"not known: {reading.problem}"
    return str(show(reading.found))


def _differing(policy: Policy) -> list[tuple[str, str, str]]:
    """Keys of policy that differ from the default profile: key, value, the default."""
    found = []
    ours, usual = policy.model_dump(mode="json"), Policy().model_dump(mode="json")
    for name, section in ours.items():
        if not isinstance(section, dict):
            continue
        for key, value in section.items():
            if value != usual[name][key]:
                found.append((f"{name}.{key}", _value(value), _value(usual[name][key])))
    return found


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, dict):
        return "; ".join(f"{key} = {_value(inner)}" for key, inner in value.items()) or "none"
    return str(value) if value != "" else "none"


def _duration(seconds: float) -> str:
    """``27.3 s``, ``12:05 min``, ``75:00 min``."""
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes:02}:{rest:02} min"
