"""Calls handlers: plain ones in a pool of threads, async ones in one event loop."""

import asyncio
import inspect
import sys
import threading
import traceback
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import Callable, Dict, Mapping, Optional, Union, cast

from ..errors import RequestError
from ..json_types import Json, JsonInput

#: Takes the request's data and gives the response's.
Handler = Callable[..., object]
#: How a request ends: with a result, or with an error.
Outcome = Union["Result", RequestError]

#: The most requests in flight; further ones are refused.
_MOST_IN_FLIGHT = 128


class Result:
    """A handler's result."""

    __slots__ = ("data",)

    def __init__(self, data: JsonInput) -> None:
        self.data = data


class Runner:
    """:param loop: for async handlers; None makes one, in a thread"""

    def __init__(
        self, handlers: Mapping[str, Handler], workers: int, loop: Optional[asyncio.AbstractEventLoop] = None
    ) -> None:
        self._handlers = handlers
        self._pool = ThreadPoolExecutor(workers, "haft_ipc handler")
        self._loop = loop
        self._own_loop = loop is None
        self._changed = threading.Condition()
        self._in_flight = 0
        self._stopping = False
        self._futures: Dict[object, "Future[object]"] = {}

    def call(self, method: str, data: Json, done: Callable[[Outcome], None], id: object = None) -> None:
        """Starts the handler; ``done`` is called once, in any thread.

        :param id: what :meth:`cancel` is called with
        """
        handler = self._handlers.get(method)
        refusal = self._admit(method, handler)
        if refusal is not None or handler is None:
            done(refusal or RequestError("method_not_found", f'Unknown method "{method}"'))
            return
        try:
            if inspect.iscoroutinefunction(handler):
                future: "Future[object]" = asyncio.run_coroutine_threadsafe(handler(data), self._event_loop())
            else:
                future = self._pool.submit(handler, data)
        except BaseException as error:
            self._settle(id, _failure(error), done)
            return
        if id is not None:
            self._futures[id] = future
        future.add_done_callback(lambda ended: self._settle(id, _outcome(ended), done))

    def cancel(self, id: object) -> bool:
        """Ends a call that waits for a thread, or is at an ``await``. A running plain function goes on."""
        future = self._futures.get(id)
        return future is not None and future.cancel()

    def finish(self) -> None:
        """Refuses new requests, and returns when those in flight have been answered."""
        with self._changed:
            self._stopping = True
            self._changed.wait_for(lambda: self._in_flight == 0)
        self._pool.shutdown()
        if self._loop is not None and self._own_loop:
            self._loop.call_soon_threadsafe(self._loop.stop)

    def drop(self) -> None:
        """Ends without waiting."""
        self._stopping = True
        self._pool.shutdown(wait=False)

    def _admit(self, method: str, handler: Optional[Handler]) -> Optional[RequestError]:
        with self._changed:
            if self._stopping:
                return RequestError("shutting_down", "The backend is stopping")
            if handler is None:
                return RequestError(
                    "method_not_found",
                    f'Unknown method "{method}"',
                    data={"methods": [*sorted(self._handlers)]},
                )
            if self._in_flight >= _MOST_IN_FLIGHT:
                return RequestError("too_many", f"More than {_MOST_IN_FLIGHT} requests in flight")
            self._in_flight += 1
        return None

    def _settle(self, id: object, outcome: Outcome, done: Callable[[Outcome], None]) -> None:
        self._futures.pop(id, None)
        try:
            done(outcome)
        finally:
            with self._changed:
                self._in_flight -= 1
                self._changed.notify_all()

    def _event_loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            threading.Thread(target=self._loop.run_forever, name="haft_ipc loop", daemon=True).start()
        return self._loop


def _outcome(ended: "Future[object]") -> Outcome:
    try:
        # Sending it checks that it is JSON.
        return Result(cast(JsonInput, ended.result()))
    except BaseException as error:
        return _failure(error)


def _failure(error: BaseException) -> RequestError:
    if isinstance(error, RequestError):
        return error
    if isinstance(error, (CancelledError, asyncio.CancelledError)):
        return RequestError("cancelled", "The request was cancelled")
    traceback.print_exception(type(error), error, error.__traceback__, file=sys.stderr)
    kind = type(error).__name__
    return RequestError("failed", str(error) or kind, data={"exception": kind})
