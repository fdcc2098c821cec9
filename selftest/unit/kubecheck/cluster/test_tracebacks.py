"""A traceback never shows what the client holds, however much of it is asked for."""

import subprocess
import sys

import pytest

TOKEN = "canary-of-the-token"
LOUD = ("-vv", "-l", "--tb=long", "--full-trace", "--log-level=DEBUG", "--log-cli-level=DEBUG")
HOLDS_THE_TOKEN = """
def broken(*_arguments, headers={"authorization": "Bearer " + TOKEN}, **_more):
    token = TOKEN
    raise RuntimeError("provoked")
"""
PLUGINS = {
    "while the cluster is read": "import urllib3\nurllib3.HTTPConnectionPool.urlopen = broken\n",
    "in a check": "import kubecheck.plugin.judge\nkubecheck.plugin.judge._run = broken\n",
    "by an interruption": "import kubecheck.plugin.judge\nkubecheck.plugin.judge._run = broken\n",
}
NODE = {"metadata": {"name": "node1"}, "status": {"capacity": {"cpu": "2", "memory": "4Gi"}}}


@pytest.mark.parametrize("where", PLUGINS)
def test_no_output_holds_the_token(server, kubeconfig, tmp_path, where):
    server.pages |= {
        "/version": (200, {"gitVersion": "v1.36.4"}),
        "/api/v1/nodes": (200, {"items": [NODE], "metadata": {}}),
    }
    error = "KeyboardInterrupt" if where == "by an interruption" else "RuntimeError"
    plugin = f"TOKEN = {TOKEN!r}\n{HOLDS_THE_TOKEN.replace('RuntimeError', error)}{PLUGINS[where]}"
    (tmp_path / "provoking.py").write_text(plugin)
    cluster = ("--kubeconfig", kubeconfig(port=server.server_port, token=TOKEN))
    ran = subprocess.run(
        [sys.executable, "-m", "kubecheck.cli", *cluster, *LOUD, "-p", "provoking", "-k", "node_ready"],
        cwd=tmp_path, text=True, timeout=60, env={"PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    reports = [path.read_text() for path in (tmp_path / "reports").rglob("*") if path.is_file()]
    said = "\n".join([ran.stdout, *reports])
    assert "provoked" in said
    assert "raise " + error in said, "nothing was shown that could have held it"
    assert TOKEN not in said
