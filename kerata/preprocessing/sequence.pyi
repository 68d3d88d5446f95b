# Made by tools/stubs.py.
from kerata.utils.sequences import pad_sequences as pad_sequences
