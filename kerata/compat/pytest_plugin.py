"""`pytest -p kerata.compat.pytest_plugin`: `keras` means Kerata in the tests, also in the processes of pytest-xdist."""

from kerata.compat import aliases

aliases.install()
