"""Each op of the table against the real Keras: values, shapes and dtypes, on every backend."""

import cases
import comparison
import pytest

# Sums in another order differ in the last bits.
LOOSE = {"linalg.lstsq", "linalg.pinv", "linalg.solve", "linalg.inv", "stft", "linalg.det", "linalg.cholesky_inverse"}


def _cases():
    """The first case of each op is quick; hundreds more belong to the thorough part."""
    seen = set()
    for i, case in enumerate(cases.CASES):
        yield pytest.param(i, marks=[pytest.mark.slow] if case.name in seen else [], id=repr(case)[:80])
        seen.add(case.name)


@pytest.mark.parametrize("index", _cases())
def test_same_as_keras(backend, index):
    case = cases.CASES[index]
    tolerance = 1e-4 if case.name in LOOSE else 1e-5
    comparison.compare(case.name, case.args, case.kwargs, index, rtol=tolerance, atol=tolerance)
