"""A channel over any connected stream of bytes."""

import errno
import time
from collections import deque
from typing import Any, Callable, Deque, Dict, Iterable, List, Optional, Sequence, Tuple

from ._answer_assembler import AnswerAssembler
from ._frame_decoder import FrameDecoder
from ._frame_error import FrameError
from ._framing import Framing, frame, frames, preamble
from ._inbox import CallBatch, Inbox
from ._json_text import decode_json, encode_event, encode_json, encode_request
from ._mailbox import Arrived, Fields
from ._outbox import Outbox
from ._transport import Transport
from .channel import PIPELINE, IpcChannel
from .errors import (
    ERROR_CODES,
    Disconnected,
    Io,
    IpcChannelError,
    ReceiveFailed,
    Serialization,
    ShuttingDown,
    TimedOut,
)
from .json_types import Json, JsonInput
from .limits import LIMITS
from .message import IpcMessage, Sendable, check_message, wire_fields
from .metrics import ChannelCounts, ChannelMetrics

#: Errors of a connection whose other end is gone.
_GONE = (errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN, errno.ECONNABORTED, errno.EBADF)
#: Seconds between a reader's attempts to write the rest of a begun frame.
_FLUSH_INTERVAL = 0.02


class StreamChannel(IpcChannel):
    """:param decoder: given by the side that accepts; it has the first bytes. The side that connects chooses
    the framing instead
    """

    #: The ``channel_type`` of its metrics.
    kind = "local_socket"

    def __init__(
        self,
        name: str,
        transport: Transport,
        *,
        framing: Framing = "length",
        decoder: Optional[FrameDecoder] = None,
        max_frame_bytes: int = LIMITS.frame,
        frame_timeout: float = LIMITS.frame_timeout,
    ) -> None:
        self._name = name
        self._transport = transport
        #: Whether the first read takes the bytes that an accept has read.
        self._first = decoder is not None
        self._decoder = decoder or FrameDecoder(max_frame_bytes, framing)
        self._framing: Framing = self._decoder.framing or framing
        self._max_frame_bytes = min(max_frame_bytes, LIMITS.frame_ceiling)
        self._frame_timeout = frame_timeout
        #: Seconds spent waiting for the rest of the current frame.
        self._waited = 0.0
        self._inbox = Inbox(name, self._read, hung_up=transport.hung_up)
        self._counts = ChannelCounts(name, self.kind)
        self._outbox = Outbox(name, transport, self._counts)
        #: Takes answers in parts; without it they are messages like others.
        self._assembler: Optional[AnswerAssembler] = None
        self._shutting_down = False
        self._closed = False
        if decoder is None:
            try:
                transport.write(memoryview(preamble(self._framing)), None)
            except OSError:
                # The first read or send reports the same.
                pass

    @property
    def name(self) -> str:
        return self._name

    @property
    def is_closed(self) -> bool:
        """Whether :meth:`close` was called. Until then the channel holds a descriptor, even when the peer is
        gone."""
        return self._closed

    @property
    def has_ended(self) -> bool:
        """Whether nothing can be sent any more, so that only what has arrived can still be received."""
        inbox = self._inbox
        if inbox.end is not None:
            return True
        with inbox.lock:
            return self._transport.hung_up()

    def send(self, message: Sendable, timeout: Optional[float] = None) -> bool:
        self._send_fields(wire_fields(message), timeout, self._check_open)
        return True

    def emit(self, event: str, data: JsonInput = None, timeout: Optional[float] = None) -> bool:
        self._push(lambda: self._frame(encode_event(event, data)), timeout, self._check_open)
        return True

    def next_message(self, timeout: Optional[float] = None) -> IpcMessage:
        return self._inbox.take(timeout)

    def try_receive(self) -> Optional[IpcMessage]:
        return self._inbox.try_take()

    def request(
        self,
        method: str,
        data: JsonInput = None,
        timeout: Optional[float] = 30.0,
        on_progress: Optional[Callable[[str, Json], None]] = None,
    ) -> Json:
        """See :meth:`IpcChannel.request`.

        :param on_progress: called in this thread with name and data of every event that has the request's id
        """
        inbox = self._inbox
        call = inbox.open_call(on_progress is not None)
        try:
            self._send_text(lambda: encode_request(call.id, method, data), timeout, self._check_open)
            return inbox.await_call(call, method, timeout, on_progress)
        except BaseException as error:
            inbox.close_calls(call.id)
            if isinstance(error, TimedOut):
                self._cancel(call.id)
            raise

    def requests(
        self,
        requests: Iterable[Tuple[str, JsonInput]],
        timeout: Optional[float] = 30.0,
        return_exceptions: bool = False,
    ) -> List[Any]:
        all_requests = [*requests]
        deadline = None if timeout is None else time.monotonic() + timeout
        results: List[Any] = []
        # Two batches are in flight: the peer works on one while this side reads the answers of the other.
        batches: Deque[CallBatch] = deque()
        try:
            for first in range(0, len(all_requests), PIPELINE // 2):
                batch = all_requests[first : first + PIPELINE // 2]
                batches.append(self._inbox.open_calls(len(batch)))
                self._send_requests(batches[-1], batch, _left(deadline))
                if len(batches) == 2:
                    self._inbox.await_calls(batches[0], timeout, deadline)
                    results += batches.popleft().results(return_exceptions)
            for calls in batches:
                self._inbox.await_calls(calls, timeout, deadline)
                results += calls.results(return_exceptions)
        except BaseException as error:
            unanswered = [id for calls in batches for id in calls.unanswered]
            self._inbox.close_calls(*unanswered)
            if isinstance(error, TimedOut):
                for id in unanswered:
                    self._cancel(id)
            raise
        return results

    def _send_requests(
        self, calls: CallBatch, requests: Sequence[Tuple[str, JsonInput]], timeout: Optional[float]
    ) -> None:
        def make() -> Tuple[bytes, int]:
            texts = [encode_request(id, method, data) for id, (method, data) in zip(calls.ids, requests)]
            sizes = [*map(len, texts)]
            self._check_size(max(sizes))
            return frames(self._framing, texts), sum(sizes)

        self._push(make, timeout, self._check_open, len(calls.ids))

    def on_message(self, listener: Callable[[IpcMessage], object]) -> Callable[[], None]:
        return self._inbox.listen(listener)

    def only_requests(self) -> None:
        """For a program that never receives: answers pings and drops other messages."""
        self._inbox.mail.unclaimed = self._answer_ping

    def take_parts(self) -> None:
        """For the client of a daemon: answers larger than a frame come in parts."""
        self._assembler = AnswerAssembler()

    def shutdown(self) -> None:
        self._shutting_down = True
        self._inbox.wake()

    def is_shutdown(self) -> bool:
        return self._shutting_down or self._inbox.end is not None

    def wait_for_drain(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while True:
            # Senders do not wake this wait, so it looks again after a short time.
            left = deadline - time.monotonic()
            if self._inbox.wait_until(self._is_drained, min(max(left, 0.0), _FLUSH_INTERVAL)):
                return True
            if left <= 0:
                return False

    def metrics(self) -> ChannelMetrics:
        return self._counts.snapshot(self._inbox.mail.peak, self._inbox.mail.latency)

    def close(self) -> None:
        with self._inbox.lock:
            if self._closed:
                return
            self._closed = self._shutting_down = True
        broken = isinstance(self._inbox.end, (Disconnected, Io))
        self._inbox.finish(Disconnected(f'Channel "{self._name}" was closed by this side'))
        if not broken:
            try:
                self._outbox.flush(LIMITS.close_timeout)
            except OSError:
                # The peer is gone, and the rest with it.
                pass
        self._transport.shut_down()
        self._inbox.wait_for_reader(LIMITS.close_timeout)
        self._outbox.close()

    def _send_fields(
        self, fields: Dict[str, JsonInput], timeout: Optional[float], check: Callable[[], None]
    ) -> None:
        self._send_text(lambda: encode_json(fields), timeout, check)

    def _send_text(
        self, encode: Callable[[], bytes], timeout: Optional[float], check: Callable[[], None]
    ) -> None:
        self._push(lambda: self._frame(encode()), timeout, check)

    def _push(
        self,
        make: Callable[[], Tuple[bytes, int]],
        timeout: Optional[float],
        check: Callable[[], None],
        messages: int = 1,
    ) -> None:
        """:param make: gives frames and the length of their texts"""
        try:
            data, size = make()
            self._outbox.push(data, size, timeout, check, messages)
        except IpcChannelError:
            self._counts.send_errors += 1
            raise
        except (FrameError, ValueError, TypeError, RecursionError) as error:
            self._counts.send_errors += 1
            raise Serialization(f'Cannot send on channel "{self._name}": {error}') from error
        except OSError as error:
            self._counts.send_errors += 1
            raise self._gone(error) from error

    def _frame(self, text: bytes) -> Tuple[bytes, int]:
        size = len(text)
        self._check_size(size)
        return frame(self._framing, text), size

    def _check_size(self, size: int) -> None:
        if size > self._max_frame_bytes:
            raise FrameError(
                "too-large", f"message of {size} bytes; at most {self._max_frame_bytes} are allowed"
            )

    def _check_open(self) -> None:
        if self._inbox.end is not None:
            raise self._inbox.end
        if self._shutting_down:
            raise ShuttingDown(f'Channel "{self._name}" is closing')

    def _cancel(self, id: str) -> None:
        """Asks the peer to cancel a request. It may not listen, which is fine."""
        try:
            self._send_fields(
                {"type": "request", "oneway": True, "method": "cancel", "data": {"id": id}},
                0.0,
                self._check_open,
            )
        except IpcChannelError:
            pass

    def _answer_ping(self, fields: Fields) -> None:
        if fields["type"] != "ping":
            return
        pong: Dict[str, JsonInput] = {"type": "pong"}
        if "id" in fields:
            pong["id"] = fields["id"]
        try:
            self._send_fields(pong, 0.0, self._check_open)
        except IpcChannelError:
            # The next read reports what is wrong.
            pass

    def _is_drained(self) -> bool:
        return not self._inbox.mail.calls and not self._outbox.busy

    def _read(self, timeout: Optional[float]) -> Tuple[Arrived, Optional[IpcChannelError]]:
        """The inbox's source: one thread at a time calls it."""
        texts: List[bytes] = []
        arrived: Arrived = []
        end: Optional[IpcChannelError] = None
        decoder = self._decoder
        try:
            if decoder.partial or self._first or self._outbox.rest:
                count = self._fill(timeout)
            else:
                count = self._transport.read_into(decoder.space(), timeout)
            if count == 0 and not self._first:
                return arrived, self._gone(None)
            self._first = False
            seen = decoder.frames
            decoder.advance(count, texts)
            if decoder.frames != seen:
                self._waited = 0.0
        except TimeoutError:
            return arrived, None
        except FrameError as error:
            end = self._refuse(error, texts, arrived)
        except OSError as error:
            end = self._gone(error)
        except IpcChannelError as error:
            end = error
        else:
            try:
                self._decode(texts, arrived)
            except FrameError as error:
                end = self._refuse(error, [], arrived)
        return arrived, end

    def _fill(self, timeout: Optional[float]) -> int:
        """Reads into the decoder's buffer and gives the count.

        :raises TimeoutError: none came
        """
        if self._first:
            # The bytes that an accept has read to detect the framing.
            return 0
        if self._outbox.rest:
            self._outbox.flush(0.0)
            timeout = _FLUSH_INTERVAL if timeout is None else min(timeout, _FLUSH_INTERVAL)
        space = self._decoder.space()
        if not self._decoder.partial:
            return self._transport.read_into(space, timeout)
        left = max(self._frame_timeout - self._waited, 0.0)
        before = time.monotonic()
        try:
            return self._transport.read_into(space, left if timeout is None else min(left, timeout))
        except TimeoutError:
            # Only time spent reading counts: the rest of the frame may lie unread in the kernel.
            self._waited += time.monotonic() - before
            if self._waited < self._frame_timeout:
                raise
            raise Disconnected(
                f'Peer of channel "{self._name}" did not end a message within {self._frame_timeout} s'
            ) from None

    def _decode(self, texts: List[bytes], arrived: Arrived) -> None:
        """:raises FrameError: the list has the frames before it"""
        before = len(arrived)
        size = 0
        try:
            for text in texts:
                length = len(text)
                fields = check_message(decode_json(text))
                size += length
                whole = fields if self._assembler is None else self._assembler.take(fields)
                if whole is not None:
                    arrived.append((whole, length))
        finally:
            self._counts.messages_received += len(arrived) - before
            self._counts.bytes_received += size

    def _refuse(self, error: FrameError, texts: List[bytes], arrived: Arrived) -> IpcChannelError:
        """Tells the peer that it broke the protocol, and ends the channel.

        :param texts: the frames before the error; one of them may be wrong itself
        """
        try:
            self._decode(texts, arrived)
        except FrameError as earlier:
            error = earlier
        self._counts.receive_errors += 1
        code = ERROR_CODES["parse_error" if error.kind == "not-json" else "invalid_request"]
        body: Dict[str, JsonInput] = {"type": "response", "error": {"code": code, "message": str(error)}}
        try:
            self._send_fields(body, 0.0, lambda: None)
        except IpcChannelError:
            # A peer that breaks the protocol may not read either.
            pass
        self._transport.shut_down()
        reason = ReceiveFailed(f'Peer of channel "{self._name}" broke the protocol: {error}')
        reason.__cause__ = error
        return reason

    def _gone(self, error: Optional[OSError]) -> IpcChannelError:
        if error is not None and error.errno not in _GONE:
            return Io(f'Connection of channel "{self._name}" broke: {error.strerror or error}')
        midway = " in the middle of a message" if self._decoder.partial else ""
        return Disconnected(f'Peer of channel "{self._name}" closed the connection{midway}')


def _left(deadline: Optional[float]) -> Optional[float]:
    return None if deadline is None else max(deadline - time.monotonic(), 0.0)
