"""Running a script in a probe pod, through the API server, and getting all of its output."""

from __future__ import annotations

import time

from kubecheck.cluster.api import Api
from kubecheck.fleet.stream import ERROR, STDERR, STDIN, STDOUT, ExecProblem, exec_in

CHUNK = 16384  # bytes of script a frame


def run_script(api: Api, namespace: str, pod: str, script: str, seconds: float) -> bytes:
    """What ``script`` prints when the busybox container of ``pod`` runs it in sh.

    The script goes in by standard input: as an argument it would be part of the URL, and load
    balancers cut those at a few KiB. It must end with ``exit``, because not every API server
    can close its standard input. Raises ExecProblem when it has not ended after ``seconds``.
    """
    with exec_in(api, namespace, pod, ["sh"]) as stream:
        deadline = time.monotonic() + seconds
        text = script.encode()
        for start in range(0, len(text), CHUNK):
            stream.send(STDIN, text[start : start + CHUNK])
        while not stream.ended:
            left = deadline - time.monotonic()
            if left <= 0:
                raise ExecProblem(f"{stream.what} had not ended after {seconds:.0f} s")
            stream.receive(left)
    output = stream.take(STDOUT)
    if not output:
        said = stream.take(STDERR) + stream.take(ERROR)
        raise ExecProblem(f"{stream.what} printed nothing: {said[:300].decode('utf-8', 'replace')}")
    return output
