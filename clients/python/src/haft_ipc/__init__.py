"""Channels between processes, and the client of haft's daemon.

    from haft_ipc import Client

    with Client.connect() as haft:
        print(haft.request("daemon.ping"))

``haft_ipc.aio`` is the same for asyncio, ``haft_ipc.backend`` runs a program's functions as a backend.
"""

from ._version import __version__
from .channel import IpcChannel
from .client import Client
from .errors import (
    ERROR_CODES,
    Disconnected,
    EndpointError,
    HaftError,
    Io,
    IpcChannelError,
    ReceiveFailed,
    RequestError,
    SendFailed,
    Serialization,
    ShuttingDown,
    TimedOut,
)
from .events import data_of
from .factory import IpcChannelFactory, IpcMode
from .json_types import Json, JsonInput
from .limits import LIMITS
from .local_socket import LocalSocketChannel, LocalSocketChannelServer
from .message import IpcMessage, IpcMessageType
from .metrics import ChannelMetrics, Latency
from .shared_memory import SharedMemoryChannel
from .stdio_channel import StdioChannel
from .stream import Ack, Event, Lagged, Reset, StreamItem, StreamPosition
from .subscription import Subscription
from .thread_channel import ThreadChannel
from .waker import Waker

__all__ = [
    "Waker",
    "StdioChannel",
    "SharedMemoryChannel",
    "IpcMode",
    "IpcChannelFactory",
    "Ack",
    "ChannelMetrics",
    "Client",
    "Disconnected",
    "ERROR_CODES",
    "EndpointError",
    "Event",
    "HaftError",
    "Io",
    "IpcChannel",
    "IpcChannelError",
    "IpcMessage",
    "IpcMessageType",
    "Json",
    "JsonInput",
    "LIMITS",
    "Lagged",
    "Latency",
    "LocalSocketChannel",
    "LocalSocketChannelServer",
    "ReceiveFailed",
    "RequestError",
    "Reset",
    "SendFailed",
    "Serialization",
    "ShuttingDown",
    "StreamItem",
    "StreamPosition",
    "Subscription",
    "ThreadChannel",
    "TimedOut",
    "__version__",
    "data_of",
]
