"""Every limit of the transport, the same as on the TypeScript side; tests/vectors/limits.json keeps the two equal."""

from typing import NamedTuple


class Limits(NamedTuple):
    """Sizes are bytes, times are seconds."""

    #: One frame before the peer has said who it is (what a daemon takes before ``hello``).
    frame_before_hello: int = 64 * 1024
    #: One frame, unless an option says otherwise.
    frame: int = 1024 * 1024
    #: What such an option can say at most: the fourth byte of a length stays 0, which tells the framings apart.
    frame_ceiling: int = 16 * 1024 * 1024 - 1
    #: Objects and arrays inside each other.
    json_nesting: int = 64
    #: Object keys in one frame.
    json_keys: int = 10_000
    #: Bytes of messages that wait to be sent, above which one more fails with SendFailed.
    output_hard: int = 8 * 1024 * 1024
    #: Unread messages, and their bytes, above which the socket is not read.
    unread_messages: int = 1024
    unread_bytes: int = 1024 * 1024
    #: Open connections of a server, and those that have not sent anything yet.
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
