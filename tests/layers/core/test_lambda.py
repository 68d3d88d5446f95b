"""Lambda: shapes, arguments, masks and configs as in Keras."""

import numpy as np
import pytest
from twins import check_twins, normal

import kerata
from kerata.layers import Lambda


def values(K):
    L, x = K.layers, normal(2, 3)
    out = [
        L.Lambda(lambda t: t * 2)(x), L.Lambda(lambda t, k: t * k, arguments={"k": 3})(x), L.Lambda(K.ops.relu)(x),
        L.Lambda(lambda t, training=None: t * (2.0 if training else 3.0))(x, training=True),
        L.Lambda(lambda t, training=None: t * (2.0 if training else 3.0))(x),
    ]  # fmt: skip
    i, j = K.Input((3,)), K.Input((3,))
    for layer in (
        L.Lambda(lambda t: t[:, :2]), L.Lambda(lambda t: t[:, :2], output_shape=(2,)),
        L.Lambda(lambda t: t[:, :2], output_shape=lambda s: (s[0], 2)),
    ):  # fmt: skip
        model = K.Model(i, layer(i))
        out += [list(model.output_shape), model(x)]
    model = K.Model([i, j], L.Lambda(lambda t: t[0] - t[1])([i, j]))
    out += [list(model.output_shape), model([x, x * 2])]
    out += [list(L.Lambda(lambda t: t * 2).compute_output_shape((None, 3)))]
    out += [list(L.Lambda(lambda t: t, output_shape=(4,)).compute_output_shape((2, 3)))]
    return out


def configs(K):
    full = K.layers.Lambda(lambda t: t, name="s", output_shape=(2,), arguments={"a": 1}, dtype="float16").get_config()
    return [sorted(K.layers.Lambda(lambda t: t).get_config()), {k: v for k, v in full.items() if k != "function"}]


@pytest.mark.parametrize("program", [values, configs], ids=lambda p: p.__name__)
def test_lambda(program, backend):
    check_twins(program)


def test_masks():
    with kerata.backend_scope("numpy"):
        x = kerata.layers.Embedding(5, 2, mask_zero=True)(np.array([[1, 2, 0]]))
        passes = Lambda(lambda t: t, mask=lambda inputs, mask: mask)
        gives = Lambda(lambda t: t + 1, mask=np.array([[False, True, True]]))
        assert passes(x)._keras_mask.tolist() == [[True, True, False]]
        assert gives(x)._keras_mask.tolist() == [[False, True, True]]
        seen = []
        Lambda(lambda t, mask=None: seen.append(mask) or t)(x)
        assert seen[0].tolist() == [[True, True, False]]


def test_a_lambda_can_be_made_again_here_and_not_from_a_file(tmp_path):
    with kerata.backend_scope("numpy"):
        layer = Lambda(lambda t: t * 2)
        assert Lambda.from_config(layer.get_config())(np.ones(2, "float32")).tolist() == [2, 2]
        kerata.Sequential([kerata.Input((2,)), layer]).save(tmp_path / "m.keras")
        with pytest.raises(ValueError, match="safe_mode=False"):
            kerata.saving.load_model(tmp_path / "m.keras")
        model = kerata.saving.load_model(tmp_path / "m.keras", safe_mode=False)
        assert model(np.ones((1, 2), "float32")).tolist() == [[2, 2]]
    with pytest.raises(TypeError, match="callable; got 3"):
        Lambda(3)
