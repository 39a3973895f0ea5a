"""Runs the README's examples; those that call the daemon are compiled here and run by examples/."""

import os
import re
import subprocess
import sys
from typing import List

from .support import HANG, PACKAGE, SandboxedTest


def _examples() -> List[str]:
    with open(os.path.join(PACKAGE, "README.md"), encoding="utf-8") as file:
        return re.findall(r"^```python\n(.*?)^```", file.read(), re.MULTILINE | re.DOTALL)


class Readme(SandboxedTest):
    def test_every_example_is_python_and_those_without_a_daemon_run(self) -> None:
        examples = _examples()
        self.assertEqual(len(examples), 6)
        for text in examples:
            with self.subTest(text.splitlines()[0]):
                compile(text, "README.md", "exec")
                if "Client" in text:
                    continue
                done = subprocess.run(
                    [sys.executable, "-c", text],
                    env={
                        **os.environ,
                        **self.env,
                        "PYTHONPATH": os.path.join(PACKAGE, "src"),
                        "HAFT_IPC_MODE": "legacy",
                    },
                    input=b'{"id":1,"method":"greet","params":{"name":"Ada"}}\n',
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    timeout=HANG * 3,
                )
                self.assertEqual(done.returncode, 0, done.stderr.decode())
                self.assertRegex(done.stdout.decode(), "Hello Ada|event='hello'|{'n': 1}")
