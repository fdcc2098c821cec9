"""Collection: one item for a check at each of its vantages, in the order they are judged."""

from __future__ import annotations

import pytest

from kubecheck.checks.check import declared
from kubecheck.checks.vantage import Vantage
from kubecheck.plugin.run import RUN, check_of, fleet_vantages, is_controller, is_worker, vantage_in


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrize a check over its vantages; without a cluster each stands once, unexpanded."""
    check = declared(metafunc.function)
    if check is None:
        return
    if "vantage" not in metafunc.fixturenames:
        metafunc.fixturenames.append("vantage")
    run = metafunc.config.stash.get(RUN, None)
    vantages = check.at.vantages(run.facts) if run else []
    metafunc.parametrize("vantage", vantages or [None], ids=[_id(v) for v in vantages] or ["each"])


def _id(vantage: Vantage) -> object:
    """What an item's id says of its vantage; nothing for a check on the whole cluster."""
    return pytest.HIDDEN_PARAM if str(vantage) == "api" else str(vantage)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave to other shards what is theirs, and judge last what takes longest to be known.

    What needs no probe pod is judged while the fleet comes up, and what metrics-server says, when all have
    answered: it may take a second reading of a kubelet.
    """
    run = config.stash.get(RUN, None)
    if run is not None and not run.shard.whole:
        own: list[pytest.Item] = []
        others: list[pytest.Item] = []
        for item in items:
            (own if check_of(item) is None or run.mine(item.nodeid) else others).append(item)
        run.others = [item.nodeid for item in others]
        config.hook.pytest_deselected(items=others)
        items[:] = own
    items.sort(key=_when)


def _when(item: pytest.Item) -> int:
    if check_of(item) is None:
        return 0
    return 2 if "measured" in item.fixturenames else int(bool(fleet_vantages([item.nodeid])))  # type: ignore[attr-defined]


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Now it is known which probe pods are needed: begin to put them there."""
    run = session.config.stash.get(RUN, None)
    if run is None or is_worker(session.config) or is_controller(session.config):
        return
    own = [item.nodeid for item in session.items if check_of(item)]
    # The fleet is all shards' own, and each has to take leave of it; the rehearsal is one shard's.
    shared = [other for other in run.others if vantage_in(other) != "rehearsal"]
    run.start_fleet([*own, *shared])
