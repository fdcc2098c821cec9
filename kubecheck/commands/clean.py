"""``kubecheck clean``: remove what runs that were killed have left in the cluster."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kubecheck.environment import Environment
from kubecheck.options import declare_connection

if TYPE_CHECKING:
    from kubecheck.cluster.api import Api

DESCRIPTION = """\
Remove the namespaces, and the rehearsals' certificate requests, of runs that could not do it themselves:
those whose deadline has passed, and with --all every run's. A run removes such namespaces itself when it
begins. The exit code is 0 when nothing is left of them, 1 when something is, and 11 when the cluster
cannot be reached, or refuses."""
PATIENCE = 60.0  # seconds until the namespaces are to be gone


def main(arguments: Sequence[str]) -> int:
    """Remove them, and wait until they are gone."""
    parser = argparse.ArgumentParser(prog="kubecheck clean", description=DESCRIPTION)
    declare_connection(Environment(parser.add_argument, parser.error))
    parser.add_argument("--all", action="store_true", help="also runs that may be under way")
    given = parser.parse_args(arguments)

    from kubecheck.cluster.api import ApiError
    from kubecheck.cluster.connection import ConnectionProblem, connect

    try:
        api = connect(given.kubeconfig, given.context, given.as_user, given.as_group)
        return clean(api, datetime.now(UTC), everything=given.all)
    except ConnectionProblem as problem:
        print(f"kubecheck: {problem}", file=sys.stderr)
    except ApiError as problem:
        print(f"kubecheck: the cluster refused: {problem}", file=sys.stderr)
    return 11


def clean(api: Api, now: datetime, *, everything: bool) -> int:
    """Remove what runs left behind, and say what. Raises ApiError."""
    from kubecheck.cluster.bootstrap import REQUESTS
    from kubecheck.cluster.deadline import Deadline
    from kubecheck.fleet.removal import left, remove_namespace, requests_left, still_standing

    found = left(api)
    under_way = {each.run for each in found if each.ends is not None and each.ends >= now}
    spared = set() if everything else under_way
    # What carries kubecheck's label without its deadline may be somebody else's, so --all must be said.
    removed = [each for each in found if each.run not in spared and (everything or each.ends is not None)]
    for each in removed:
        print(f"removing namespace {each.name} of run {each.run}")
        if not each.deleting:
            remove_namespace(api, each.name)
    for name, run in requests_left(api).items():
        if run not in spared:
            print(f"removing certificate request {name} of run {run}")
            api.delete(f"{REQUESTS}/{name}")
    for run in sorted(spared):
        ends = max(each.ends for each in found if each.run == run and each.ends is not None)
        print(f"run {run} may be under way until {ends:%Y-%m-%d %H:%M} UTC: --all removes it too")
    undated = [each for each in found if each.ends is None and each not in removed]
    for each in undated:
        print(f"namespace {each.name} carries kubecheck's label and no deadline: --all removes it too")
    patience = Deadline(PATIENCE)
    standing: dict[str, str] = {}
    for run in sorted({each.run for each in removed}):
        standing |= still_standing(api, run, patience.left or 0.0)
    for name, reason in standing.items():
        print(f"kubecheck: namespace {name} still stands: {reason}", file=sys.stderr)
    if not found:
        print("nothing of kubecheck's is left in the cluster")
    return int(bool(standing))
