"""Running a script in a probe pod, through the API server, and getting all of its output."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING

from kubecheck.cluster.api import Api

if TYPE_CHECKING:
    from kubernetes.client.exceptions import ApiException

CHUNK = 16384  # bytes of script a frame
HANDSHAKE_TIMEOUT = 15.0


class ExecProblem(Exception):
    """The script did not run, or not to its end; the text says what is known.

    ``status`` is the HTTP status of a refusal, 0 for anything else. ``reached`` is False when no
    API server answered at all.
    """

    def __init__(self, message: str, status: int = 0, *, reached: bool = True) -> None:
        super().__init__(message)
        self.status = status
        self.reached = reached


def run_script(api: Api, namespace: str, pod: str, script: str, seconds: float) -> bytes:
    """What ``script`` prints when the busybox container of ``pod`` runs it in sh.

    The script goes in by standard input: as an argument it would be part of the URL, and load
    balancers cut those at a few KiB. It must end with ``exit``, because not every API server
    can close its standard input. Raises ExecProblem when it has not ended after ``seconds``.
    """
    # Imported here, as all of the client is: judging a record needs none of it.
    import websocket
    from kubernetes.client import ApiClient, CoreV1Api
    from kubernetes.client.exceptions import ApiException
    from kubernetes.stream import stream

    websocket.setdefaulttimeout(HANDSHAKE_TIMEOUT)
    # stream() swaps the call method of its client, so no other thread may use the same one.
    core = CoreV1Api(ApiClient(api.client.configuration))
    try:
        session = stream(
            core.connect_get_namespaced_pod_exec, pod, namespace, container="busybox", command=["sh"],
            stdin=True, stdout=True, stderr=True, tty=False, _preload_content=False, binary=True,
        )  # fmt: skip
    except ApiException as problem:
        raise handshake_problem(f"exec into {namespace}/{pod}", problem) from None
    deadline = time.monotonic() + seconds
    try:
        text = script.encode()
        for start in range(0, len(text), CHUNK):
            session.write_stdin(text[start : start + CHUNK])
        while session.is_open():
            left = deadline - time.monotonic()
            if left <= 0:
                raise ExecProblem(f"exec into {namespace}/{pod} had not ended after {seconds:.0f} s")
            session.update(timeout=left)
    except (websocket.WebSocketException, OSError) as problem:
        raise ExecProblem(f"exec into {namespace}/{pod} broke off: {problem}") from None
    finally:
        session.close()
    output: bytes = session.read_channel(1)
    if not output:
        said = session.read_channel(2) + session.read_channel(3)
        raise ExecProblem(
            f"exec into {namespace}/{pod} printed nothing: {said[:300].decode('utf-8', 'replace')}"
        )
    return output


def handshake_problem(what: str, problem: ApiException) -> ExecProblem:
    """Why a connection that was to become a stream was refused; the client hides that in one text."""
    said = str(problem.reason)
    status = re.search(r"Handshake status (\d+)", said)
    # An API server that waits for a kubelet says nothing meanwhile; one that is gone refuses at once.
    reached = bool(status) or "timed out" in said
    return ExecProblem(
        f"{what} was refused: {_words(problem)}", int(status[1]) if status else 0, reached=reached
    )


def _words(problem: ApiException) -> str:
    """The API server's sentence out of the handshake error that is wrapped around it.

    The client says ``Handshake status 500 ... -+-+- HEADERS -+-+- BODY``.
    """
    text = str(problem.reason or problem)
    head, _, body = text.partition(" -+-+- ")
    try:
        return str(json.loads(body.rpartition(" -+-+- ")[2])["message"])
    except (ValueError, KeyError, TypeError):
        return head[:300]
