"""Work that goes on beside the run, and whose outcome is waited for where it is needed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def later(name: str, work: Callable[[], T]) -> Future[T]:
    """What ``work`` will have returned, or raised.

    Its thread is a daemon: an interrupted run does not wait for what nobody needs any more.
    """
    future = Future[T]()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as problem:  # noqa: BLE001 - whoever waits must hear of it
            future.set_exception(problem)

    threading.Thread(target=run, daemon=True, name=name).start()
    return future
