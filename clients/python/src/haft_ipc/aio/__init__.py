"""The channel and the daemon's client for asyncio.

from haft_ipc.aio import Client

async with await Client.connect() as haft:
    print(await haft.request("daemon.ping"))
"""

from .channel import AsyncLocalSocketChannel
from .client import Client
from .subscription import Subscription

__all__ = ["AsyncLocalSocketChannel", "Client", "Subscription"]
