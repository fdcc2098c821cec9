"""Carrying out requests: exec, logs, port-forward and the time of day, through the API server."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from kubecheck.cluster.api import Api, ApiError
from kubecheck.fleet.exec import HANDSHAKE_TIMEOUT, ExecProblem, handshake_problem, run_script
from kubecheck.fleet.standing import HTTP_PORT
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
            path = f"/api/v1/namespaces/{request.namespace}/pods/{request.pod}/log"
            return api.text(path, container="busybox", tailLines=1)
        case PodForward():
            return _forward(api, request, seconds)
        case AnonymousGet():
            return anonymous_get(api, request, seconds)
        case PodClock():
            return _clock(lambda: int(_exec(api, request, "date +%s", seconds)))
        case ServerClock():
            return _clock(lambda: int(datetime.fromisoformat(api.clock()).timestamp()))
    raise TypeError(f"nothing is known about carrying out a {type(request).__name__}")


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
    import websocket
    from kubernetes.client import ApiClient, CoreV1Api
    from kubernetes.client.exceptions import ApiException
    from kubernetes.stream import portforward

    websocket.setdefaulttimeout(HANDSHAKE_TIMEOUT)
    core = CoreV1Api(
        ApiClient(api.client.configuration)
    )  # portforward() swaps its call method, as stream() does
    try:
        forward = portforward(
            core.connect_get_namespaced_pod_portforward, request.pod, request.namespace, ports=str(HTTP_PORT)
        )
    except ApiException as problem:
        raise handshake_problem(f"port-forward to {request.namespace}/{request.pod}", problem) from None
    answer = bytearray()
    try:
        channel = forward.socket(HTTP_PORT)
        channel.settimeout(seconds)
        channel.sendall(b"GET / HTTP/1.0\r\n\r\n")
        while part := channel.recv(65536):
            answer += part
    except OSError as problem:
        raise ExecProblem(
            f"port-forward to {request.namespace}/{request.pod} gave no answer in {seconds:.0f} s:"
            f" {forward.error(HTTP_PORT) or problem}"
        ) from None
    finally:
        forward.close()
    head, _, body = bytes(answer).partition(b"\r\n\r\n")
    if not body:
        said = forward.error(HTTP_PORT) or head[:200].decode("utf-8", "replace") or "nothing"
        raise ExecProblem(f"port-forward to {request.namespace}/{request.pod} answered: {said}")
    return body.decode("utf-8", "replace")
