"""Tests of the sources, not of an installed package.

Run by tests/e2e/python_test.ts, or by hand: `python3 -m unittest discover -s clients/python/tests -t
clients/python`.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "src"))
