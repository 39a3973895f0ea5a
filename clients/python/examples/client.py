"""Calls the daemon, and reads its events; starts it when it does not run.

python3 examples/client.py
"""

from haft_ipc import Client, Event, Lagged, RequestError

with Client.connect(spawn=True) as haft:
    print(haft.request("daemon.ping"))
    with haft.subscribe("user.*") as events:
        haft.request("events.publish", {"type": "user.deployed", "data": {"to": "prod"}})
        for item in events:
            if isinstance(item, Event):
                print(item.event, item.data)
                break
            if isinstance(item, Lagged):
                print("missed", item.dropped)
    try:
        haft.request("daemon.pong")
    except RequestError as error:
        print(error.name)
