"""A backend: the parent that starts it calls these functions. Try it by hand:

export HAFT_IPC_MODE=legacy
echo '{"id": 1, "method": "greet", "params": {"name": "Ada"}}' | python3 examples/backend.py
"""

import asyncio
from typing import Any, Dict

from haft_ipc import RequestError
from haft_ipc.backend import Backend

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
        backend.emit("count.left", left)
        await asyncio.sleep(0)
    return 0


if __name__ == "__main__":
    backend.run()
