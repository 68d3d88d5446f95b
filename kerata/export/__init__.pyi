# Made by tools/stubs.py.
from kerata.export.archive import ExportArchive as ExportArchive
from kerata.export.formats import export_model as export_model
