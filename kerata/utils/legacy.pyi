# Made by tools/stubs.py.
