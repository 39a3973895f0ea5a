"""What a channel counts."""

from typing import NamedTuple


class ChannelMetrics(NamedTuple):
    """A snapshot, cheap to take at any time. Bytes are those of frames' texts."""

    messages_sent: int
    messages_received: int
    bytes_sent: int
    bytes_received: int
    #: Sends that raised.
    send_errors: int
    #: Frames that the protocol does not allow.
    receive_errors: int
    #: The most unread messages at any moment.
    peak_unread: int
    #: Seconds since the channel was made.
    uptime: float
