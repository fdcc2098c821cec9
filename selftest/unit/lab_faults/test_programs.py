import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from lab.faults.catalogue import clock_skew, probes_over_quota

NAMESPACE = (
    '{"type":"ADDED","object":{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"NAME","uid":"1"}}}'
)


def living(group: int) -> list[str]:
    """The processes of a process group; those that only wait for their parent do not count."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        state, _, its_group, *_ = text.rpartition(")")[2].split()
        if int(its_group) == group and state not in "ZX":
            found.append(text)
    return found


@pytest.mark.skipif(not shutil.which("busybox"), reason="busybox comes with the lab's packages")
@pytest.mark.parametrize(
    ("arguments", "script"),
    [(["-c", "date +%s"], ""), (["-c", "echo $(date +%s)"], ""), ([], "date +%s\nexit\nnever\n")],
)
def test_the_shell_of_another_time(tmp_path: Path, arguments, script):
    shell = tmp_path / "shell"
    shell.write_text(clock_skew.SHELL)
    done = subprocess.run(
        ["busybox", "sh", str(shell), *arguments], input=script, capture_output=True, text=True
    )
    assert done.stderr == ""
    assert int(done.stdout) - time.time() == pytest.approx(clock_skew.AHEAD_SECONDS, abs=3)


def test_the_controller_gives_a_quota_to_new_namespaces_only(tmp_path: Path):
    """With a curl that tells of three namespaces and then nothing more, and writes down what it was asked."""
    told = "\n".join(NAMESPACE.replace("NAME", name) for name in ("kube-system", "default", "mine"))
    curl = tmp_path / "curl"
    curl.write_text(
        f"""#!/bin/bash
case "$*" in *watch=1*) echo '{told}' && exec sleep 30 ;; esac
printf '%s ' "$@" >>{tmp_path}/asked
"""
    )
    curl.chmod(0o755)
    program = tmp_path / "program"
    program.write_text(probes_over_quota.SOURCE)
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    process = subprocess.Popen(["bash", str(program)], env=environment, start_new_session=True)
    asked = tmp_path / "asked"
    ends = time.monotonic() + 20
    while not asked.exists() and time.monotonic() < ends:
        time.sleep(0.05)
    process.terminate()
    process.wait(10)
    text = asked.read_text()
    assert text.count("resourcequotas") == 1
    assert text.rstrip().endswith("/namespaces/mine/resourcequotas")
    assert '"pods": "0"' in text
    while living(process.pid) and time.monotonic() < ends:
        time.sleep(0.05)
    assert not living(process.pid)
