"""Settings, dtypes and names of `config`, `backend` and `utils` against the real Keras's."""

import numpy as np
import pytest
from twins import check_twins

import kerata

ON_OFF = ("interactive_logging", "traceback_filtering", "flash_attention")


def attempt(do):
    try:
        return do()
    except (ValueError, TypeError) as error:
        return type(error).__name__


def plain_settings(framework):
    """Every number or word that can be set, from `config` and from `backend`."""
    c, b = framework.config, framework.backend
    out = []
    try:
        for where, other in ((c, b), (b, c)):
            for value in ("float16", "float64", "bfloat16", "float32", "int32", "nothing", 3):
                out += [attempt(lambda v=value: where.set_floatx(v)), where.floatx(), other.floatx()]
            for value in (1e-3, 1e-7):
                out += [where.set_epsilon(value), where.epsilon(), other.epsilon()]
            for value in ("channels_first", "channels_last", "channels", None):
                out += [attempt(lambda v=value: where.set_image_data_format(v)), where.image_data_format(),
                        other.image_data_format()]  # fmt: skip
    finally:
        c.set_floatx("float32")
        c.set_epsilon(1e-7)
        c.set_image_data_format("channels_last")
    return out


def epsilon_is_used(framework):
    """`epsilon` and `floatx` in force count in what is computed after."""
    x = [[0.0, 1.0]]
    framework.utils.clear_session()  # no policy is chosen: floatx says in which dtype layers compute
    try:
        framework.config.set_epsilon(1e-2)
        loss = framework.losses.categorical_crossentropy([[1.0, 0.0]], x)
        framework.config.set_floatx("float16")
        kinds = [framework.ops.zeros((1,)).dtype, framework.layers.Dense(1).compute_dtype, framework.Variable([1.0]).dtype]
    finally:
        framework.config.set_epsilon(1e-7)
        framework.config.set_floatx("float32")
    return [loss, [framework.backend.standardize_dtype(k) for k in kinds]]


def policies(framework):
    c = framework.config
    out = [c.dtype_policy().name]
    try:
        for policy in ("mixed_float16", "float64", framework.DTypePolicy("mixed_bfloat16"), "int8_from_float32", "nothing"):
            out.append(attempt(lambda p=policy: c.set_dtype_policy(p)))
            now, layer = c.dtype_policy(), framework.layers.Dense(2)
            out += [now.name, now.compute_dtype, now.variable_dtype, layer.dtype_policy.name, layer.compute_dtype]
        c.set_floatx("float16")
        out.append(c.dtype_policy().name)  # the chosen one stays
    finally:
        c.set_floatx("float32")
        framework.utils.clear_session()
    return [*out, c.dtype_policy().name]


def switches(framework):
    out = []
    for word in ON_OFF[:2]:
        asked = getattr(framework.config, f"is_{word}_enabled")
        before = asked()
        try:
            for turn in ("disable", "disable", "enable", "enable", "disable"):
                out += [getattr(framework.config, f"{turn}_{word}")(), asked()]
        finally:
            getattr(framework.config, f"{'enable' if before else 'disable'}_{word}")()
    return [*out, framework.config.is_nnx_enabled()]


def flash(framework):
    c, out = framework.config, []
    for turn in (c.disable_flash_attention, c.enable_flash_attention, c.disable_flash_attention):
        turn()
        out.append(c.is_flash_attention_enabled())
    c.enable_flash_attention()
    return out


def limits(framework):
    """Epochs and steps beyond the limits are not run."""
    c, out = framework.config, [framework.config.max_epochs(), framework.config.max_steps_per_epoch()]
    model = framework.Sequential([framework.Input((1,)), framework.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = [[1.0]] * 8
    try:
        c.set_max_epochs(2)
        c.set_max_steps_per_epoch(3)
        out += [c.max_epochs(), c.max_steps_per_epoch()]
        history = model.fit(framework.ops.array(x), framework.ops.array(x), batch_size=1, epochs=5, verbose=0)
        out += [len(history.history["loss"]), int(model.optimizer.iterations)]
        c.set_max_epochs(None)
        c.set_max_steps_per_epoch(None)
        out += [c.max_epochs(), c.max_steps_per_epoch()]
    finally:
        c.set_max_epochs(None)
        c.set_max_steps_per_epoch(None)
    return out


DTYPES = ("float32", "float16", "bfloat16", "float64", "int8", "int64", "uint8", "bool", "complex64", "string", "float8_e4m3fn", "nothing")  # fmt: skip


def dtypes(framework):
    b = framework.backend
    python = [int, float, bool, str, None]
    return [attempt(lambda d=d, ask=ask: ask(d)) for d in DTYPES for ask in (b.is_float_dtype, b.is_int_dtype)] + [
        attempt(lambda d=d: b.standardize_dtype(d)) for d in (*DTYPES, *python)
    ] + [attempt(lambda d=d: framework.utils.standardize_dtype(d)) for d in DTYPES]  # fmt: skip


def result_types(framework):
    r = framework.backend.result_type
    return [r("int8", "uint8"), r("int32", "float16"), r("bool", "bool"), r("bfloat16", "float16"), r("uint8", "int32", "float32"),
            r("int32"), r("float16", float), r("int8", int), r(bool, int), r(int, float)]  # fmt: skip


def uids(framework):
    framework.utils.clear_session()
    got = [framework.backend.get_uid(p) for p in ("a", "a", "b", "", "a")]
    names = [framework.layers.Dense(1).name for _ in range(2)]
    framework.backend.clear_session()
    return [got, names, framework.layers.Dense(1).name, framework.backend.get_uid("a")]


def symbols(framework):
    x = framework.Input((2,))
    things = [x, x * 2, framework.ops.ones((1,)), framework.Variable([1.0]), 1.0, None, [x]]
    return [[framework.backend.is_keras_tensor(t), framework.utils.is_keras_tensor(t)] for t in things]


PROGRAMS = [plain_settings, epsilon_is_used, policies, switches, flash, limits, dtypes, result_types, uids, symbols]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_as_keras(program):
    check_twins(program)


def test_the_backend_in_force(backend):
    assert kerata.config.backend() == kerata.backend.backend() == backend


def test_another_backend(train_backend):
    kerata.config.set_backend("numpy")
    assert kerata.config.backend() == "numpy"
    assert type(kerata.ops.ones(1)).__module__ == "numpy"
    kerata.config.set_backend(train_backend)
    assert kerata.config.backend() == train_backend
    assert type(kerata.ops.ones(1)).__module__ != "numpy"


def test_version():
    assert kerata.version() == kerata.__version__
    assert kerata.version().count(".") >= 1


def test_clear_session(backend):
    """Names and counts start over as in Keras; what is drawn follows no longer from the seed that was set before."""
    check_twins(uids)
    kerata.backend.get_uid("dense")
    kerata.backend.clear_session()
    assert [kerata.layers.Dense(1).name for _ in range(2)] == ["dense", "dense_1"]

    def drawn(seed, clear):
        kerata.utils.set_random_seed(seed)
        if clear:
            kerata.backend.clear_session()
        np.random.seed(5)
        return kerata.ops.convert_to_numpy(kerata.initializers.RandomUniform()((3,)))

    np.testing.assert_array_equal(drawn(1, True), drawn(2, True))
    assert not np.array_equal(drawn(1, False), drawn(2, False))
