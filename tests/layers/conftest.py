"""Makes tests/layers importable: `from common import check_layer` works in all folders below."""
