"""Keys lie in a folder that goes with the process; what a killed one left goes with the next."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from kubecheck.cluster.keyfiles import PREFIX, YOUNG, remove_abandoned

HOLD = """\
import sys
from kubecheck.cluster.keyfiles import key_folder
print(key_folder(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holding(tmp_path, monkeypatch):
    """Starts a process that has a folder with a key in it, made some time ago."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    started = []

    def start():
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        folder = Path(process.stdout.readline().strip())
        (folder / "key").write_text("secret")
        age(folder)
        return process, folder

    yield start
    for process in started:
        process.kill()
        process.communicate()


def age(folder):
    then = time.time() - 2 * YOUNG
    os.utime(folder, (then, then))


def test_it_goes_with_the_process_and_is_the_users_own(holding):
    process, folder = holding()
    assert folder.stat().st_mode & 0o777 == 0o700
    remove_abandoned()
    assert (folder / "key").exists()
    process.communicate()
    assert not folder.exists()


def test_that_of_a_killed_process_goes_with_the_next_one(holding):
    process, folder = holding()
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (folder / "key").exists()
    other, its = holding()
    assert not folder.exists()
    assert its.exists()
    assert other.poll() is None


def test_what_is_new_or_no_folder_of_ours_stays(holding, tmp_path):
    new = tmp_path / f"{PREFIX}new"
    new.mkdir()
    target = tmp_path / "elsewhere"
    target.mkdir()
    link = tmp_path / f"{PREFIX}link"
    link.symlink_to(target)
    file = tmp_path / f"{PREFIX}file"
    file.write_text("")
    then = time.time() - 2 * YOUNG
    os.utime(link, (then, then), follow_symlinks=False)
    age(file)
    remove_abandoned()
    assert {new, target, link, file} <= set(tmp_path.iterdir())
