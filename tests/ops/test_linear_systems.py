"""Linear algebra whose cases the tables leave out: right-hand sides of every shape, matrices that have no factor."""

import numpy as np
import pytest

from kerata import KerasTensor, ops

RNG = np.random.default_rng(0)
A = RNG.normal(size=(2, 4, 4)).astype("float32") + 4 * np.eye(4, dtype="float32")


def _b(*shape):
    return RNG.normal(size=shape).astype("float32")


@pytest.mark.parametrize("lower", [None, False, True])
@pytest.mark.parametrize(
    "a, b",
    [
        (A, _b(2, 4)),  # a vector for each matrix
        (A, _b(4)),  # one vector for all
        (A, _b(4, 3)),  # columns for all, as the numbers do not fit vectors
        (A, _b(4, 4)),
        (A, _b(2, 4, 3)),
        (A, _b(1, 4, 3)),
        (A, _b(3, 1, 4, 2)),
        (A[0], _b(4)),
        (A[0], _b(5, 4, 3)),
        (A[:, None], _b(3, 4, 1)),
    ],
    ids=lambda x: "x".join(map(str, x.shape)),
)
def test_right_hand_sides_of_every_shape(backend, a, b, lower):
    if lower is None:
        found, matrix = ops.linalg.solve(a, b), a
    else:
        found, matrix = ops.linalg.solve_triangular(a, b, lower=lower), (np.tril if lower else np.triu)(a)
    vectors = b.ndim == 1 or b.shape == a.shape[:-1]
    expected = np.linalg.inv(matrix.astype("float64")) @ (b[..., None] if vectors else b)
    expected = expected[..., 0] if vectors else expected
    found = ops.convert_to_numpy(found)
    assert found.shape == expected.shape and found.dtype == "float32"
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    assert tuple(ops.linalg.solve(KerasTensor(a.shape), KerasTensor(b.shape)).shape) == expected.shape


@pytest.mark.parametrize("op", [ops.linalg.solve, ops.linalg.solve_triangular])
def test_right_hand_sides_that_do_not_fit_are_named(backend, op):
    for b in (_b(5), _b(2, 5, 1), _b(3, 2), np.float32(1)):
        with pytest.raises(ValueError, match="as many rows"):
            op(A, b)
    with pytest.raises(ValueError, match=r"leading axes \(2,\) and \(3,\)"):
        op(A, _b(3, 4, 2))
    with pytest.raises(ValueError, match="square"):
        op(A[:, :3], _b(3))


def test_least_squares_takes_one_matrix_and_vectors_or_columns(backend):
    a = _b(6, 3)
    for b in (_b(6), _b(6, 2)):
        expected = np.linalg.pinv(a.astype("float64")) @ b
        np.testing.assert_allclose(ops.convert_to_numpy(ops.linalg.lstsq(a, b)), expected, rtol=1e-4, atol=1e-5)
    for b in (_b(5), _b(5, 2)):
        with pytest.raises(ValueError, match="as many rows"):
            ops.linalg.lstsq(a, b)
    with pytest.raises(ValueError, match="one matrix"):
        ops.linalg.lstsq(a, _b(2, 6, 1))


@pytest.mark.parametrize("matrix", [-np.eye(3), np.ones((3, 3)), np.stack([np.eye(3), np.diag([1, -1, 1])])])
def test_a_matrix_that_is_not_positive_definite_has_no_factor(backend, matrix):
    with pytest.raises(ValueError, match="positive definite"):
        ops.linalg.cholesky(matrix.astype("float32"))


def test_logdet_is_that_of_any_square_matrix(backend):
    x = np.stack([np.array([[1.0, 2.0], [3.0, 4.0]]), np.diag([-1e30, 1e30])]).astype("float32")
    expected = [np.log(2), 60 * np.log(10)]
    np.testing.assert_allclose(ops.convert_to_numpy(ops.logdet(x)), expected, rtol=1e-5)
    assert ops.convert_to_numpy(ops.logdet(np.zeros((2, 2), "float32"))) == -np.inf


@pytest.mark.parametrize("x, y", [((3,), (2, 3)), ((4, 3), (2, 2))])
def test_distances_are_between_rows_of_equally_many_features(backend, x, y):
    with pytest.raises(ValueError, match="equally many features"):
        ops.cdist(_b(*x), _b(*y))


@pytest.mark.parametrize("dtype, expected", [("int32", 2), ("float32", 2.7)])
def test_coordinates_beyond_the_edges_take_the_value_that_the_dtype_holds(backend, dtype, expected):
    found = ops.image.map_coordinates(np.arange(4, dtype=dtype), np.array([[-5.0, 1.0]]), 1, fill_value=2.7)
    np.testing.assert_allclose(ops.convert_to_numpy(found), [expected, 1], rtol=1e-6)
