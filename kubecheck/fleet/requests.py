"""Carrying out requests: exec, logs, port-forward and the time of day, through the API server."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from kubecheck.cluster.api import Api, ApiError
from kubecheck.fleet.exec import run_script
from kubecheck.fleet.standing import HTTP_PORT
from kubecheck.fleet.stream import DATA, PORT_ERROR, ExecProblem, opened
from kubecheck.fleet.tunnel import anonymous_get
from kubecheck.probes import Inquiry, Raw
from kubecheck.probes.requests import (
    BROKE_OFF,
    UNREACHABLE,
    AnonymousGet,
    PodClock,
    PodExec,
    PodForward,
    PodLog,
    ServerClock,
)

PORT_BYTES = 2  # each channel of a forwarded port begins with the port's number


def carry_out(api: Api, request: Inquiry, seconds: float) -> Raw:
    """What came of ``request`` within about ``seconds``. Never raises for what the cluster does."""
    begun = time.monotonic()
    try:
        status, said = 0, _said(api, request, seconds)
    except ApiError as problem:
        status, said = (UNREACHABLE if problem.unreachable else problem.status), str(problem)
    except ExecProblem as problem:
        status, said = problem.status or (BROKE_OFF if problem.reached else UNREACHABLE), str(problem)
    return Raw(status, said.encode(), round(time.monotonic() - begun, 2))


def _said(api: Api, request: Inquiry, seconds: float) -> str:
    match request:
        case PodExec():
            return _exec(api, request, "echo kubecheck", seconds)
        case PodLog():
            return _log(api, request, seconds)
        case PodForward():
            return _forward(api, request, seconds)
        case AnonymousGet():
            return anonymous_get(api, request, seconds)
        case PodClock():
            return _clock(lambda: int(_exec(api, request, "date +%s", seconds)))
        case ServerClock():
            return _clock(lambda: int(datetime.fromisoformat(api.clock()).timestamp()))
    raise TypeError(f"nothing is known about carrying out a {type(request).__name__}")


def _log(api: Api, request: PodLog, seconds: float) -> str:
    path = f"/api/v1/namespaces/{request.namespace}/pods/{request.pod}/log"
    try:
        return api.text(path, seconds=seconds, container="busybox", tailLines=1)
    except ApiError as problem:
        if problem.silence:  # so is an API server that waits for a kubelet: one that is gone refuses
            raise ExecProblem(f"logs of {request.namespace}/{request.pod}: {problem}") from None
        raise


def _exec(api: Api, request: PodExec | PodClock, command: str, seconds: float) -> str:
    output = run_script(api, request.namespace, request.pod, f"{command}\nexit\n", seconds)
    return output.decode("utf-8", "replace").strip()


def _clock(read: Callable[[], int]) -> str:
    sent = time.monotonic()
    try:
        said = read()
    except ValueError as problem:
        raise ExecProblem(f"it did not say the time: {problem}") from None
    return f"sent={sent:.3f} received={time.monotonic():.3f} said={said}"


def _forward(api: Api, request: PodForward, seconds: float) -> str:
    """``GET /`` over a forwarded port: the body of the answer."""
    path = f"/api/v1/namespaces/{request.namespace}/pods/{request.pod}/portforward"
    what = f"port-forward to {request.namespace}/{request.pod}"
    deadline = time.monotonic() + seconds
    answer, error = bytearray(), bytearray()
    with opened(api, path, [("ports", str(HTTP_PORT))], what) as stream:
        stream.send(DATA, b"GET / HTTP/1.0\r\n\r\n")
        while not stream.ended and len(error) <= PORT_BYTES:
            left = deadline - time.monotonic()
            if left <= 0:
                raise ExecProblem(f"{what} gave no answer in {seconds:.0f} s")
            stream.receive(left)
            answer += stream.take(DATA)
            error += stream.take(PORT_ERROR)
    head, _, body = bytes(answer[PORT_BYTES:]).partition(b"\r\n\r\n")
    if not body:
        said = bytes(error[PORT_BYTES:]) or head[:200] or b"nothing"
        raise ExecProblem(f"{what} answered: {said.decode('utf-8', 'replace').strip()}")
    return body.decode("utf-8", "replace")
