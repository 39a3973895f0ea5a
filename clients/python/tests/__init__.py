"""Run by `python3 -m unittest discover -s clients/python/tests -t clients/python`, and by tests/e2e/python_test.ts."""
