"""What a worker of pytest-xdist keeps for a terminal that it does not have."""

from types import SimpleNamespace

from kubecheck.plugin.workers import Quiet


def test_a_worker_keeps_no_reports():
    terminal = SimpleNamespace(stats={"passed": [object()], "": [object()]})
    Quiet(
        SimpleNamespace(pluginmanager=SimpleNamespace(get_plugin={"terminalreporter": terminal}.get))
    ).pytest_runtest_logreport()
    assert terminal.stats == {}
