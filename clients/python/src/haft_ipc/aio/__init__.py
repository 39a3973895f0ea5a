"""The channels, the daemon's client and backends, for asyncio.

from haft_ipc.aio import Client

async with await Client.connect() as haft:
    print(await haft.request("daemon.ping"))
"""

from .backend import Backend
from .client import Client
from .local_socket import LocalSocketChannel, LocalSocketChannelServer
from .subscription import Subscription

__all__ = ["Backend", "Client", "LocalSocketChannel", "LocalSocketChannelServer", "Subscription"]
