"""What docs/speed.md says: kubecheck and the floor phase by phase, and what the distance consists of."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from statistics import median

from bench.speed import Timed, medians, ratio
from kubecheck import __version__

# The floor's phase that does what one of kubecheck's does; "" where it has none.
PAIRED = {
    "start": "start", "facts": "", "deploy": "deploy", "survey": "exec", "judge": "", "diagnose": "",
    "report": "delete",
}  # fmt: skip
PAGE = """\
# How fast kubecheck is

The floor is what anybody needs who puts the same number of probe pods there: a bare script on the same client
library makes two namespaces with a pod on each node in both, waits until they are Ready, enters each once and
asks for their deletion. It judges nothing. `make bench` runs both in turns and writes this page: here are
the medians of {runs} runs, in seconds. kubecheck {version}, {nodes} nodes, {day}, on a machine of
{cores} cores that carries all nodes and both programs.

| phase | floor | kubecheck |
|---|---|---|
{rows}

**{ratio:.2f} times the floor.** The distance consists of:

- **{survey:+.1f} s, asking.** {inquiries} inquiries in place of one echo for each pod: names, connections,
  pings and downloads from every node and from a pod on every node to every other. All of a vantage's go
  through one exec and run side by side there. Where one machine carries all nodes, as here, their processes
  share its {cores} cores with the API servers and etcd; on a real cluster each node bears its own share.
- **{deploy:+.1f} s, deploying.** Each probe pod on the pod network has nginx in it too, which answers.
  There is a Deployment of three replicas, whose coming up is itself a check; Services, whose rules must be
  written everywhere; and the names of new pods must be published before they are asked for. What needs only
  the API is judged meanwhile.
- **{rest:+.1f} s, the rest.** pytest and the checks are loaded, the facts of the cluster are read, every
  result is judged and told, and the reports are written.
"""


def page(floors: list[Timed], fulls: list[Timed]) -> str:
    """What docs/ shows: both, phase by phase, and what the distance between them consists of."""
    floor, full = medians(floors), medians(fulls)
    rows = {"all": _row([run.seconds for run in floors], [run.seconds for run in fulls])}
    for phase, theirs in PAIRED.items():
        rows[phase] = (
            f"| {floor[theirs]:.2f} | {full[phase]:.2f} |" if theirs else f"|  | {full[phase]:.2f} |"
        )
    for words, whose in (("CPU of the machine", "machine"), ("CPU of the program itself", "own")):
        rows[words] = _row(*([getattr(run, whose) for run in runs] for runs in (floors, fulls)))
    return PAGE.format(
        day=datetime.now(UTC).date().isoformat(),
        version=__version__,
        cores=os.cpu_count(),
        runs=len(fulls),
        ratio=ratio(floors, fulls),
        inquiries=fulls[0].inquiries,
        nodes=fulls[0].nodes,
        rows="\n".join(f"| {name} {row}" for name, row in rows.items()),
        deploy=full["deploy"] - floor["deploy"],
        survey=full["survey"] - floor["exec"],
        rest=sum(full[phase] for phase, theirs in PAIRED.items() if not theirs)
        + full["start"]
        - floor["start"],
    )


def _row(floors: list[float], fulls: list[float]) -> str:
    return f"| {median(floors):.2f} | {median(fulls):.2f} |"
