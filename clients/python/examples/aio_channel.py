"""A server of many clients in one event loop.

python3 examples/aio_channel.py
"""

import asyncio

from haft_ipc import IpcMessage
from haft_ipc.aio import LocalSocketChannel, LocalSocketChannelServer


async def add(channel: LocalSocketChannel) -> None:
    """Answers one client until it goes."""
    async with channel:
        async for message in channel:
            if message.method == "add" and isinstance(message.data, list):
                await channel.send(
                    IpcMessage(
                        "response", id=message.id, data=sum(n for n in message.data if isinstance(n, int))
                    )
                )


async def serve(server: LocalSocketChannelServer) -> None:
    async for channel in server:
        asyncio.ensure_future(add(channel))


async def ask(number: int) -> object:
    async with await LocalSocketChannel.connect("example", timeout=10) as channel:
        return await channel.request("add", [number, number], timeout=10)


async def main() -> None:
    async with await LocalSocketChannel.server("example") as server:
        serving = asyncio.ensure_future(serve(server))
        print(await asyncio.gather(*(ask(number) for number in range(3))))
    await serving


asyncio.run(main())
