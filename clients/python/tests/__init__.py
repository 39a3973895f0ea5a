"""Run by `python3 -m unittest discover -s clients/python/tests -t clients/python`, and by tests/e2e/python_test.ts.

The sources are tested, not an installed package.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "src"))
