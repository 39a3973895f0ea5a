"""The counters of a channel."""

import time
from dataclasses import dataclass, field
from typing import Dict, List, NamedTuple, Union


@dataclass(frozen=True)
class Latency:
    """How long the answers to this side's requests took, in whole microseconds. A quantile is rounded up to a
    power of two, and is at most the longest."""

    count: int
    p50: int
    p99: int
    max: int
    #: The mean.
    avg: int = field(default=0, compare=False)


class ChannelMetrics(NamedTuple):
    """A snapshot, cheap to take at any time. Bytes count the texts of frames."""

    messages_sent: int
    messages_received: int
    bytes_sent: int
    bytes_received: int
    #: Sends that raised.
    send_errors: int
    #: Frames that broke the protocol.
    receive_errors: int
    #: The highest number of unread messages.
    peak_unread: int
    #: Seconds since the channel was made.
    uptime: float
    #: Of answered requests, without errors.
    latency: Latency
    channel_name: str = ""
    #: ``local_socket``, ``thread``, ``shared_memory`` or ``stdio``.
    channel_type: str = ""

    @property
    def errors(self) -> int:
        """Sends that raised, and frames that broke the protocol."""
        return self.send_errors + self.receive_errors

    @property
    def avg_latency_us(self) -> int:
        """Microseconds from a request to its answer, on average."""
        return self.latency.avg

    @property
    def peak_queue_length(self) -> int:
        """The highest number of unread messages."""
        return self.peak_unread

    @property
    def uptime_secs(self) -> int:
        """Whole seconds since the channel was made."""
        return int(self.uptime)

    def snapshot(self) -> Dict[str, Union[str, int]]:
        """The metrics as a dict for JSON, with the names of the AuroraView document."""
        names = (
            "channel_name",
            "channel_type",
            "messages_sent",
            "messages_received",
            "bytes_sent",
            "bytes_received",
        )
        more = ("errors", "avg_latency_us", "peak_queue_length", "uptime_secs")
        return {name: getattr(self, name) for name in (*names, *more)}


class LatencyHistogram:
    """Doubling buckets from 1 µs to 2^31 µs, as on the TypeScript side. One thread at a time records."""

    _BUCKETS = 32

    __slots__ = ("_counts", "_longest", "_sum")

    def __init__(self) -> None:
        self._counts: List[int] = [0] * self._BUCKETS
        self._longest = 0.0
        self._sum = 0.0

    def record(self, seconds: float, count: int = 1) -> None:
        """:param seconds: from so many requests to their answers"""
        micros = seconds * 1e6
        self._sum += micros * count
        self._longest = max(self._longest, micros)
        bucket = int(micros).bit_length() or 1
        self._counts[bucket if bucket < self._BUCKETS else -1] += count

    def snapshot(self) -> Latency:
        """The figures so far."""
        counts = self._counts[:]
        longest = round(max(self._longest, 1.0)) if any(counts) else 0
        count = sum(counts)

        def quantile(percent: int) -> int:
            rest = -(-count * percent // 100)
            for bucket, size in enumerate(counts):
                rest -= size
                if rest <= 0:
                    return min(1 << bucket, longest)
            return longest

        return Latency(count, quantile(50), quantile(99), longest, round(self._sum / count) if count else 0)


class ChannelCounts:
    """The counters behind a channel's :class:`ChannelMetrics`."""

    __slots__ = (
        "_kind",
        "_made",
        "_name",
        "bytes_received",
        "bytes_sent",
        "messages_received",
        "messages_sent",
        "receive_errors",
        "send_errors",
    )

    def __init__(self, name: str, kind: str) -> None:
        self._name = name
        self._kind = kind
        self._made = time.monotonic()
        self.messages_sent = self.messages_received = 0
        self.bytes_sent = self.bytes_received = 0
        self.send_errors = self.receive_errors = 0

    def snapshot(self, peak_unread: int, latency: LatencyHistogram) -> ChannelMetrics:
        """The metrics so far; peak and latency are the inbox's."""
        return ChannelMetrics(
            messages_sent=self.messages_sent,
            messages_received=self.messages_received,
            bytes_sent=self.bytes_sent,
            bytes_received=self.bytes_received,
            send_errors=self.send_errors,
            receive_errors=self.receive_errors,
            peak_unread=peak_unread,
            uptime=time.monotonic() - self._made,
            latency=latency.snapshot(),
            channel_name=self._name,
            channel_type=self._kind,
        )
