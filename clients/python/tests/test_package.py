"""The package as it is built, imported and shown."""

import ast
import os
import re
import subprocess
import sys
import zipfile
from typing import Dict, List, Set

import haft_ipc

from .support import HANG, PACKAGE, SOURCE, SandboxedTest


class Package(SandboxedTest):
    def test_examples_without_a_daemon_run(self) -> None:
        for name, expected in (
            ("channel.py", ["3"]),
            ("aio_channel.py", ["[0, 2, 4]"]),
            ("threads.py", [f"progress {{'percent': {n}}}" for n in (0, 50, 100)]),
        ):
            with self.subTest(name):
                done = subprocess.run(
                    [sys.executable, os.path.join(PACKAGE, "examples", name)],
                    env={**os.environ, **self.env, "PYTHONPATH": SOURCE},
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    timeout=HANG * 3,
                )
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                self.assertEqual(done.stdout.decode().splitlines(), expected)

    def test_pyproject_and_the_package_name_one_version(self) -> None:
        with open(os.path.join(PACKAGE, "pyproject.toml"), encoding="utf-8") as file:
            found = re.search(r'^version = "(.*)"$', file.read(), re.MULTILINE)
        self.assertEqual(found and found.group(1), haft_ipc.__version__)

    def test_modules_import_one_way(self) -> None:
        imports = _imports()
        while True:
            leaves = {module for module, needs in imports.items() if not needs}
            if not leaves:
                break
            imports = {module: needs - leaves for module, needs in imports.items() if module not in leaves}
        self.assertEqual(imports, {}, "these modules import each other in a circle, or are imported by one")

    def test_the_wheel_has_every_module_the_types_and_the_license(self) -> None:
        built = subprocess.run(
            [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", self.directory, PACKAGE],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        said = built.stdout.decode()
        if "No module named pip" in said:
            self.skipTest("this Python has no pip")
        if "flit_core" in said and "No matching distribution" in said:
            self.skipTest("no package index that has flit_core can be reached")
        self.assertEqual(built.returncode, 0, said)
        [wheel] = [name for name in os.listdir(self.directory) if name.endswith(".whl")]
        with zipfile.ZipFile(os.path.join(self.directory, wheel)) as archive:
            names = set(archive.namelist())
            [metadata] = [archive.read(name).decode() for name in names if name.endswith("/METADATA")]
        modules = {os.path.relpath(path, SOURCE).replace(os.sep, "/") for path in _files()}
        self.assertEqual(
            {name for name in names if ".dist-info/" not in name}, modules | {"haft_ipc/py.typed"}
        )
        self.assertTrue(any(name.endswith("/LICENSE") for name in names), names)
        self.assertIn("Requires-Python: >=3.7", metadata)
        self.assertNotIn("Requires-Dist", metadata)


def _files() -> List[str]:
    return [
        os.path.join(directory, name)
        for directory, _, names in os.walk(os.path.join(SOURCE, "haft_ipc"))
        for name in names
        if name.endswith(".py")
    ]


def _imports() -> Dict[str, Set[str]]:
    """The modules that each module imports, lazily or not."""
    names = {path: _module(path) for path in _files()}
    known = set(names.values())
    imports: Dict[str, Set[str]] = {}
    for path, module in names.items():
        package = module.split(".") if path.endswith("__init__.py") else module.split(".")[:-1]
        found: Set[str] = set()
        with open(path, encoding="utf-8") as file:
            tree = ast.parse(file.read())
        for node in ast.walk(tree):
            if not isinstance(node, ast.ImportFrom) or node.level == 0:
                continue
            base = package[: len(package) - node.level + 1] + (node.module.split(".") if node.module else [])
            for alias in node.names:
                inner = ".".join([*base, alias.name])
                found.add(inner if inner in known else ".".join(base))
        imports[module] = found - {module}
    return imports


def _module(path: str) -> str:
    name = os.path.relpath(path, SOURCE)[: -len(".py")].replace(os.sep, ".")
    return name[: -len(".__init__")] if name.endswith(".__init__") else name
