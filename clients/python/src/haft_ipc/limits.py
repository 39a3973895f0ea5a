"""The limits of the transport. tests/vectors/limits.json keeps them equal to those of the TypeScript side."""

from typing import NamedTuple


class Limits(NamedTuple):
    """Sizes are bytes, times are seconds."""

    #: One frame before ``hello``, which a daemon takes.
    frame_before_hello: int = 64 * 1024
    #: One frame, unless an option says otherwise.
    frame: int = 1024 * 1024
    #: The most that such an option can allow: the fourth byte of a length stays 0, which tells the framings
    #: apart.
    frame_ceiling: int = 16 * 1024 * 1024 - 1
    #: Objects and arrays inside each other.
    json_nesting: int = 64
    #: Object keys in one frame.
    json_keys: int = 10_000
    #: All answers in parts of one connection that have begun and not ended, and the keys of one.
    answer: int = 64 * 1024 * 1024
    answer_keys: int = 1_000_000
    #: Bytes waiting to be sent, above which one more message fails with SendFailed.
    output_hard: int = 8 * 1024 * 1024
    #: Unread messages, and their bytes, above which the socket is not read.
    unread_messages: int = 1024
    unread_bytes: int = 1024 * 1024
    #: Open connections of a server, and those that have sent nothing yet.
    connections: int = 256
    unauthenticated_connections: int = 64
    #: From the first to the last byte of a frame.
    frame_timeout: float = 10.0
    #: How long a close waits for queued output to be taken.
    close_timeout: float = 2.0
    #: A socket's path (``sun_path`` less its terminating zero).
    socket_path_linux: int = 107
    socket_path_darwin: int = 103
    #: Of a pipe's name, in characters.
    socket_path_win32: int = 256


LIMITS = Limits()
