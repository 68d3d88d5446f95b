"""Each op of the table against the real Keras: values, shapes and dtypes, on every backend."""

import cases
import comparison
import pytest

# Sums in another order differ in the last bits.
LOOSE = {"linalg.lstsq", "linalg.pinv", "linalg.solve", "linalg.inv", "stft", "linalg.det", "linalg.cholesky_inverse"}


@pytest.mark.parametrize("index", range(len(cases.CASES)), ids=lambda i: repr(cases.CASES[i])[:80])
def test_same_as_keras(backend, index):
    case = cases.CASES[index]
    tolerance = 1e-4 if case.name in LOOSE else 1e-5
    comparison.compare(case.name, case.args, case.kwargs, index, rtol=tolerance, atol=tolerance)
