"""A backend with asyncio; see examples/backend.py.

HAFT_IPC_MODE=legacy python3 examples/aio_backend.py
"""

import asyncio
from typing import Any, Dict

from haft_ipc import RequestError
from haft_ipc.aio import Backend

backend = Backend()


@backend.handler
def greet(data: Dict[str, Any]) -> Dict[str, str]:
    print("greet was called")
    if "name" not in data:
        raise RequestError("invalid_params", "name is missing")
    return {"text": f"Hello {data['name']}"}


@backend.handler("count.down")
async def count_down(data: Dict[str, Any]) -> int:
    for left in range(int(data["from"]), 0, -1):
        await backend.emit("count.left", left)
        await asyncio.sleep(0)
    return 0


if __name__ == "__main__":
    asyncio.run(backend.run())
