"""Named pipes on Windows, through the overlapped calls that ``multiprocessing.connection`` is made of.

This file is type-checked (``mypy --platform win32``) and has not been run on Windows.
"""

import os
import sys
import time
from typing import Optional, Tuple

from ._frame_decoder import FrameDecoder
from ._framing import LENGTH_BYTES
from ._pipe_handshake import HandshakeFailed, admit, greet, own_token, read_token, token_file
from ._transport import Listener, Transport
from .errors import EndpointError

assert sys.platform == "win32"

import _winapi  # noqa: E402

_BUFFER = 64 * 1024
_FIRST_INSTANCE = 0x00080000
_REJECT_REMOTE = 0x00000008
_INFINITE = 0xFFFFFFFF
#: The pipe has no client yet, or its client is gone.
_BROKEN = 109
_BUSY = 231
_CONNECTED = 535


class PipeTransport(Transport):
    """Every call is overlapped, so one thread may read while another writes."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._closed = False

    def read_into(self, space: memoryview, timeout: Optional[float]) -> int:
        try:
            overlapped, _ = _winapi.ReadFile(self._handle, min(len(space), _BUFFER), overlapped=True)
            count = _finish(overlapped, timeout)
        except BrokenPipeError:
            return 0
        except OSError as error:
            if error.winerror == _BROKEN or self._closed:
                return 0
            raise
        data = overlapped.getbuffer()
        if count > 0 and data is not None:
            space[:count] = data[:count]
        return count

    def write_now(self, data: bytes) -> int:
        try:
            return self.write(memoryview(data), 0.0)
        except TimeoutError:
            return 0

    def write(self, data: memoryview, timeout: Optional[float]) -> int:
        overlapped, _ = _winapi.WriteFile(self._handle, bytes(data[:_BUFFER]), overlapped=True)
        return _finish(overlapped, timeout)

    def shut_down(self) -> None:
        self._closed = True
        self._release()

    def close(self) -> None:
        self._release()

    def _release(self) -> None:
        if self._handle != 0:
            handle, self._handle = self._handle, 0
            # Closing ends the calls in progress.
            _winapi.CloseHandle(handle)


class PipeListener(Listener):
    """Requires that the first instance of the pipe is its own. Rejects clients of other machines, and clients
    that cannot read the pipe's token."""

    def __init__(self, path: str, max_frame_bytes: int) -> None:
        self._path = path
        self._max_frame_bytes = max_frame_bytes
        self._open = True
        try:
            self._next = self._instance(_FIRST_INSTANCE)
        except PermissionError as error:
            raise EndpointError(
                f'Pipe "{path}" is in use by another process',
                next="Stop that process, or choose another name",
            ) from error
        # The pipe is ours now, so no other process makes the file at the same time.
        self._token_file = token_file(path, os.environ)
        self._token = own_token(self._token_file)

    def accept(self, timeout: Optional[float]) -> Tuple[Transport, FrameDecoder]:
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            transport = self._connected(None if deadline is None else max(deadline - time.monotonic(), 0.0))
            try:
                admit(transport, self._token)
                break
            except (HandshakeFailed, OSError):
                transport.close()
        decoder = FrameDecoder(self._max_frame_bytes)
        while decoder.framing is None:
            left = None if deadline is None else max(deadline - time.monotonic(), 0.0)
            count = transport.read_into(decoder.space()[: LENGTH_BYTES - decoder.held], left)
            if count == 0:
                transport.close()
                raise TimeoutError("the client left before it said anything")
            decoder.hold(count)
        return transport, decoder

    def close(self) -> None:
        if self._open:
            self._open = False
            # Before the pipe: then another process may take its name, with a token for that.
            try:
                os.unlink(self._token_file)
            except OSError:
                pass
            _winapi.CloseHandle(self._next)

    def _connected(self, timeout: Optional[float]) -> PipeTransport:
        try:
            _finish(_winapi.ConnectNamedPipe(self._next, overlapped=True), timeout)
        except OSError as error:
            if error.winerror != _CONNECTED:
                raise
        handle, self._next = self._next, self._instance(0)
        return PipeTransport(handle)

    def _instance(self, flags: int) -> int:
        return _winapi.CreateNamedPipe(
            self._path,
            _winapi.PIPE_ACCESS_DUPLEX | _winapi.FILE_FLAG_OVERLAPPED | flags,
            # Bytes, not messages: frames carry their own ends.
            _winapi.PIPE_WAIT | _REJECT_REMOTE,
            _winapi.PIPE_UNLIMITED_INSTANCES,
            _BUFFER,
            _BUFFER,
            0,
            _winapi.NULL,
        )


def connect_pipe(path: str, timeout: Optional[float]) -> PipeTransport:
    """:raises FileNotFoundError: nothing listens there
    :raises TimeoutError: every instance is taken
    :raises EndpointError: the server does not know the pipe's token
    """
    transport = _open_pipe(path, timeout)
    try:
        greet(transport, read_token(token_file(path, os.environ)))
    except HandshakeFailed as error:
        transport.close()
        raise EndpointError(
            f'Refusing pipe "{path}": {error}',
            next="Stop the program that has the pipe, then start haft again",
        ) from error
    except BaseException:
        transport.close()
        raise
    return transport


def _open_pipe(path: str, timeout: Optional[float]) -> PipeTransport:
    deadline = None if timeout is None else time.monotonic() + timeout
    while True:
        try:
            return PipeTransport(
                _winapi.CreateFile(
                    path,
                    _winapi.GENERIC_READ | _winapi.GENERIC_WRITE,
                    0,
                    _winapi.NULL,
                    _winapi.OPEN_EXISTING,
                    _winapi.FILE_FLAG_OVERLAPPED,
                    _winapi.NULL,
                )
            )
        except OSError as error:
            if error.winerror != _BUSY:
                raise
        if deadline is not None and time.monotonic() >= deadline:
            raise TimeoutError("every instance of the pipe is taken")
        time.sleep(0.01)


def _finish(overlapped: _winapi.Overlapped, timeout: Optional[float]) -> int:
    """Waits for a call in progress and gives the count of its bytes."""
    milliseconds = _INFINITE if timeout is None else max(int(timeout * 1000), 0)
    waited = _winapi.WaitForMultipleObjects([overlapped.event], False, milliseconds)
    if waited == _winapi.WAIT_TIMEOUT:
        overlapped.cancel()
    count, error = overlapped.GetOverlappedResult(True)
    if count == 0 and waited == _winapi.WAIT_TIMEOUT and error != 0:
        raise TimeoutError("the call did not end in time")
    return count
