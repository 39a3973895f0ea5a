"""Calls the daemon from asyncio.

python3 examples/aio_client.py
"""

import asyncio

from haft_ipc import Event
from haft_ipc.aio import Client


async def main() -> None:
    async with await Client.connect(spawn=True) as haft:
        answers = await asyncio.gather(
            *(haft.request("events.publish", {"type": "user.n"}) for _ in range(3))
        )
        print(len(answers))
        async with await haft.subscribe("user.*") as events:
            await haft.request("events.publish", {"type": "user.deployed", "data": {"to": "prod"}})
            async for item in events:
                if isinstance(item, Event):
                    print(item.event, item.data)
                    break


asyncio.run(main())
