"""Both implementations are held to tests/vectors, which the TypeScript side has written."""

import json
import os
import unittest
from typing import Any, Dict, List

from haft_ipc import ERROR_CODES, LIMITS, EndpointError
from haft_ipc._answer_assembler import AnswerAssembler
from haft_ipc._endpoint import endpoint_path
from haft_ipc._frame_error import FrameError
from haft_ipc.message import check_message

from .support import same, vectors, verdict


def _bytes_of(row: Dict[str, Any]) -> bytes:
    return b"".join(bytes.fromhex(piece["hex"]) * piece["times"] for piece in row["pieces"])


class Vectors(unittest.TestCase):
    def test_frames_have_the_same_values_and_refusals_however_they_are_cut(self) -> None:
        rows: Any = vectors("frames.json")
        for row in rows:
            data = _bytes_of(row)
            chunks = (1 << 30, 4096, 7, 1) if len(data) < 4096 else (1 << 30, 65536, 4097)
            for chunk in chunks:
                with self.subTest(row["name"], chunk=chunk):
                    framing, values, refusal = verdict(data, row["max_frame_bytes"], chunk)
                    self.assertEqual(
                        (framing, len(values), refusal), (row["framing"], row["count"], row["refusal"])
                    )
                    if "values" in row:
                        expected = [json.loads(text) for text in row["values"]]
                        self.assertTrue(same(values, expected), f"{values} is not {expected}")

    def test_envelopes_are_accepted_and_refused_alike(self) -> None:
        rows: Any = vectors("envelopes.json")
        for row in rows:
            with self.subTest(json.dumps(row["value"])):
                try:
                    check_message(row["value"])
                    accepted = True
                except FrameError:
                    accepted = False
                self.assertEqual(accepted, row["accepted"])

    def test_answers_in_parts_are_put_together_and_refused_alike(self) -> None:
        rows: Any = vectors("answers.json")
        for row in rows:
            with self.subTest(row["name"]):
                assembler = AnswerAssembler()
                answers: List[Any] = []
                refusal = None
                try:
                    for message in row["messages"]:
                        whole = assembler.take(message)
                        if whole is not None:
                            answers.append(whole["data"])
                except FrameError as error:
                    refusal = error.kind
                self.assertEqual(answers, [json.loads(answer) for answer in row["answers"]])
                self.assertEqual(refusal, row["refusal"])

    def test_parts_are_taken_up_to_the_limit_and_not_one_byte_more(self) -> None:
        def part(id: str, index: int, data: str) -> Dict[str, Any]:
            return {"type": "part", "id": id, "index": index, "data": data}

        assembler = AnswerAssembler(6)
        for message in (part("1", 0, "[1"), part("2", 0, '"\u00e9'), part("1", 1, "]")):
            self.assertIsNone(assembler.take(message))
        with self.assertRaises(FrameError) as raised:
            assembler.take(part("1", 2, " "))
        self.assertEqual(raised.exception.kind, "too-large")
        # The end of an answer, in whatever way, makes room.
        assembler.take({"type": "response", "id": "1", "error": {"code": -32800, "message": "cancelled"}})
        self.assertIsNone(assembler.take(part("3", 0, "[1]")))

    def test_errors_have_the_same_names_and_numbers(self) -> None:
        self.assertEqual(dict(ERROR_CODES), vectors("errors.json"))

    def test_limits_are_the_same(self) -> None:
        theirs: Any = vectors("limits.json")
        ours = {
            "frameBeforeHello": LIMITS.frame_before_hello,
            "frame": LIMITS.frame,
            "frameCeiling": LIMITS.frame_ceiling,
            "jsonNesting": LIMITS.json_nesting,
            "jsonKeys": LIMITS.json_keys,
            "answer": LIMITS.answer,
            "answerKeys": LIMITS.answer_keys,
            "outputHard": LIMITS.output_hard,
            "unreadMessages": LIMITS.unread_messages,
            "unreadBytes": LIMITS.unread_bytes,
            "connections": LIMITS.connections,
            "unauthenticatedConnections": LIMITS.unauthenticated_connections,
            "frameTimeout": LIMITS.frame_timeout * 1000,
            "closeTimeout": LIMITS.close_timeout * 1000,
            "socketPath": {
                "linux": LIMITS.socket_path_linux,
                "darwin": LIMITS.socket_path_darwin,
                "win32": LIMITS.socket_path_win32,
            },
        }
        self.assertEqual(ours, {name: theirs[name] for name in ours})

    def test_endpoints_have_the_same_paths_and_refusals(self) -> None:
        rows: Any = vectors("endpoints.json")
        for row in rows:
            with self.subTest(row["name"], env=row["env"], platform=row["platform"]):
                env = {"TMPDIR": "/tmp", "USERNAME": "user", **row["env"]}
                try:
                    path = endpoint_path(row["name"], env, row["platform"], row["uid"])
                    self.assertEqual(path, row.get("path"))
                except EndpointError as error:
                    self.assertEqual(error.message, row.get("refusal"))


@unittest.skipUnless("HAFT_TEST_FRAMES" in os.environ, "tests/e2e/python_test.ts writes the frames")
class GeneratedFrames(unittest.TestCase):
    def test_both_decoders_agree_on_every_generated_frame(self) -> None:
        compared = 0
        with open(os.environ["HAFT_TEST_FRAMES"], encoding="utf-8") as file:
            for line in file:
                hex, *theirs = json.loads(line)
                data = bytes.fromhex(hex)
                ours = verdict(data, 4096, messages=True)
                ours_cut = verdict(data, 4096, 5, messages=True)
                if not same([*ours], theirs) or not same([*ours_cut], theirs):
                    self.fail(f"{hex}: {ours!r}, cut {ours_cut!r}, and TypeScript says {theirs!r}")
                compared += 1
        self.assertEqual(compared, int(os.environ["HAFT_TEST_FRAME_COUNT"]))


if __name__ == "__main__":
    unittest.main()
