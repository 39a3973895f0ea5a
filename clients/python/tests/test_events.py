"""The types of the daemon's events."""

import unittest
from typing import Optional

from haft_ipc import Event, Json, Lagged, data_of
from haft_ipc.events import EventName, TaskCompletedData


class Events(unittest.TestCase):
    def test_data_of_gives_the_data_of_that_event_alone(self) -> None:
        data: Json = {
            "id": "t1",
            "name": None,
            "root": "/p",
            "exit_code": 0,
            "result": None,
            "usage": None,
            "skipped": False,
        }
        name: EventName = "task.completed"
        item = Event(name, data, 1, 0.0, "t1")
        done: Optional[TaskCompletedData] = data_of(item, "task.completed")
        self.assertEqual(done and done["exit_code"], 0)
        self.assertIsNone(data_of(item, "task.aborted"))
        self.assertIsNone(data_of(Lagged(1, 2, 2), "task.completed"))
