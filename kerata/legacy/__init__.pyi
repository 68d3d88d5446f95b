# Made by tools/stubs.py.
from kerata.legacy import saving as saving
