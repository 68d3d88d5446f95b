"""What lies beneath layers, as programs that the real Keras runs too: variables, symbolic tensors, functions, scopes."""

import numpy as np
import pytest
from twins import check_twins

import kerata

X = np.arange(6, dtype="float32").reshape(2, 3)


def attempt(do):
    try:
        return do()
    except TypeError:
        return "TypeError"
    except ValueError:
        return "ValueError"


def variables(k):
    v = k.Variable(X, name="v")
    out = [v.name, v.path, list(v.shape), v.dtype, v.trainable, v.ndim, v.aggregation]
    out += [v.assign(X * 2), v.assign_add(np.ones((2, 3), "float32")), v.assign_sub(X), v.numpy(), v.value]
    out += [v + 1, 1 - v, v * v, 2 / (v + 1), v**2, -v, abs(-v), v // 2, v % 2, v @ X.T, v[0], v[:, 1:], v > 2, v == 1, v != 1]
    v.trainable = False
    out += [v.trainable, np.asarray(v), attempt(lambda: v.assign(np.zeros((3, 2), "float32")))]
    i = k.Variable(lambda shape, dtype: k.ops.ones(shape, dtype), shape=(2,), dtype="int32", trainable=False, name="i")
    out += [v == k.Variable(X), v != k.Variable(2 * X), +v, ~i, v == X]
    return [*out, i, i.dtype, int(k.Variable(3)), float(k.Variable(2.5)), k.Variable(1.5, dtype="float16").dtype]


def test_variables_are_keys_and_unlike_none_and_texts(backend):
    v, w = kerata.Variable([1.0, 2.0]), kerata.Variable([1.0, 2.0])
    assert {v: 1, w: 2}[w] == 2 and v in [v, w]
    assert v != None and v != "v" and not v == "v"  # noqa: E711


def one_symbol(k, t):
    return [list(t.shape), t.dtype, t.ndim]


def symbols(k):
    t = k.KerasTensor((None, 3), dtype="float32", name="t")
    made = [t + 1, 2 * t, t @ X.T, t[:, 1], t[0], t > 0, -t, abs(t), t**2, 1 / t, t // 2, t % 2, ~(t > 0), ~t, (t > 0) & (t < 1)]
    out = [t.name, *[one_symbol(k, s) for s in made], one_symbol(k, t.reshape((-1, 1))), one_symbol(k, t.squeeze())[1]]
    return [*out, [attempt(lambda d=d: d(t)) in ("TypeError", "ValueError") for d in (bool, float, int)]]


def inputs(k):
    out = []
    for arguments in ({"shape": (2,)}, {"shape": (), "batch_size": 3}, {"batch_shape": (4, None)}, {"shape": (2,), "dtype": "int32", "name": "ids"},
                      {}, {"shape": (2,), "batch_shape": (1, 2)}, {"shape": 3}):  # fmt: skip
        made = attempt(lambda a=arguments: k.Input(**a))
        out.append(made if isinstance(made, str) else [*one_symbol(k, made), made.name if "name" in arguments else ""])
    return out


def functions(k):
    a, b = k.Input((3,), name="a"), k.Input((3,), name="b")
    f = k.Function([a, b], {"sum": k.ops.add(a, b), "product": [k.ops.multiply(a, b)]})
    g = k.Function(a, k.ops.sum(a, axis=-1))
    shape = f.compute_output_spec([k.KerasTensor((5, 3)), k.KerasTensor((5, 3))])
    return [f([X, X + 1]), g(X), list(shape["sum"].shape), [i.name for i in f.inputs], len(f.outputs), len(f.operations)]


def operations(k):
    class Affine(k.Operation):
        def __init__(self, factor, name=None):
            super().__init__(name=name)
            self.factor = factor

        def call(self, x, shift=0.0):
            return k.ops.add(k.ops.multiply(x, self.factor), shift)

        def compute_output_spec(self, x, shift=0.0):
            return k.KerasTensor(x.shape, x.dtype)

    class Double(k.Operation):
        def call(self, x):
            return x * 2

    unnamed = Double()
    assert unnamed.get_config() == {"name": unnamed.name}
    op = Affine(2.0, name="affine")
    symbol = op(k.Input((3,)), shift=1.0)
    model = k.Model(*[s := k.Input((3,)), op(s, shift=1.0)])
    return [op.name, op(X), op(X, shift=3.0), one_symbol(k, symbol), model(X), op.get_config(), Affine.from_config(op.get_config()).factor]


def specs(k):
    class Picky(k.Layer):
        def call(self, x):
            return x * 2

    out = []
    for arguments, shape in (({"ndim": 2}, (2, 3)), ({"ndim": 3}, (2, 3)), ({"min_ndim": 3}, (2, 3)), ({"max_ndim": 1}, (2, 3)),
                             ({"axes": {-1: 3}}, (2, 3)), ({"axes": {1: 4}}, (2, 3)), ({"shape": (None, 3)}, (2, 3)),
                             ({"shape": (None, 2)}, (2, 3)), ({"shape": (None, 3, 1), "allow_last_axis_squeeze": True}, (2, 3))):  # fmt: skip
        layer = Picky()
        layer.input_spec = spec = k.layers.InputSpec(**arguments)
        out.append([attempt(lambda y=layer, s=shape: y(np.ones(s, "float32"))), spec.ndim, spec.min_ndim, spec.get_config()["shape"]])
    return out


def scopes(k):
    v, w = k.Variable(1.0, name="v"), k.Variable(2.0, name="w")
    with k.StatelessScope([(v, k.ops.array(10.0))]) as scope:
        inside = [k.ops.add(v, w), scope.get_current_value(v), scope.get_current_value(w) is None]
        w.assign(7.0)
        inside += [w.value]
    kept = [scope.get_current_value(w), v.value, w.value]
    with k.name_scope("outer"):
        with k.name_scope("inner"):
            path = k.Variable(1.0, name="x").path
    with k.device("cpu:0"):
        placed = k.ops.add(k.ops.ones((2,)), 1)
    return [inside, kept, path, placed]


def symbolic_scopes(k):
    with k.SymbolicScope():
        return [list(k.KerasTensor((2, None)).shape)]


PROGRAMS = [variables, symbols, inputs, functions, operations, specs, scopes]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_as_keras(backend, program):
    check_twins(program)


def test_in_a_symbolic_scope_shapes_alone_are_computed(backend):
    from kerata.core import scopes as inside

    assert symbolic_scopes(kerata) == [[2, None]]
    with kerata.SymbolicScope():
        assert inside.in_symbolic_scope()
    assert not inside.in_symbolic_scope()


def test_tensors_go_where_a_device_scope_says():
    """Also to devices that this machine has not: there it is said, or written down."""
    import jax
    import tensorflow as tf

    with kerata.backend_scope("torch"), kerata.device("meta"):
        assert kerata.ops.ones((2,)).device.type == "meta"
    with kerata.backend_scope("jax"), kerata.device("cpu:0"):
        assert jax.config.jax_default_device == jax.devices("cpu")[0]
    assert jax.config.jax_default_device is None
    with kerata.backend_scope("tensorflow"), tf.Graph().as_default(), kerata.device("gpu:1"):
        assert tf.constant(1.0).device == "/device:GPU:1"


def _loss(layer_or_function, x):
    return kerata.ops.sum(kerata.ops.square(layer_or_function(x)))


@pytest.mark.parametrize("mode", ["full", "activations", "larger_than", "list_of_layers", None])
def test_recomputed_layers_have_the_same_gradients(train_backend, mode):
    """`RematScope` and `remat` change when activations are computed, not what comes out."""
    options = {"larger_than": {"output_size_threshold": 2}, "list_of_layers": {"layer_names": ["probe"]}}.get(mode, {})
    plain = kerata.layers.Dense(4, activation="tanh", name="probe")
    plain.build((None, 3))
    with kerata.RematScope(mode=mode, **options):
        again = kerata.layers.Dense(4, activation="tanh", name="probe")
        again.build((None, 3))
        again.set_weights(plain.get_weights())
        value, slopes = kerata.value_and_grad(lambda: _loss(again, X), again.trainable_variables)()
    wanted, wanted_slopes = kerata.value_and_grad(lambda: _loss(plain, X), plain.trainable_variables)()
    np.testing.assert_allclose(float(value), float(wanted), rtol=1e-6)
    for found, want in zip(slopes, wanted_slopes):
        np.testing.assert_allclose(kerata.ops.convert_to_numpy(found), kerata.ops.convert_to_numpy(want), rtol=1e-5)


def test_remat_of_a_function(train_backend):
    """The gradient of sin(x)**2 is sin(2 x)."""
    x = kerata.ops.convert_to_tensor(X)
    recomputed = kerata.remat(kerata.ops.sin)
    np.testing.assert_allclose(kerata.ops.convert_to_numpy(recomputed(x)), np.sin(X), rtol=1e-5, atol=1e-6)
    _, slope = kerata.value_and_grad(lambda a: _loss(recomputed, a))(x)
    np.testing.assert_allclose(kerata.ops.convert_to_numpy(slope), np.sin(2 * X), rtol=1e-5, atol=1e-5)


def test_arrays_of_variables_stay(backend):
    """What was read before an assignment is what the variable was then."""
    v = kerata.Variable(np.zeros(2, "float32"))
    read = [v.numpy(), np.asarray(v), np.array(v)]
    v.assign([1.0, 2.0])
    assert all((x == 0.0).all() for x in read)
    read[0][0] = 5.0
    np.testing.assert_array_equal(v.numpy(), [1.0, 2.0])
