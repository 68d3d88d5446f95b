"""Layers made from their configs: what goes to `__init__`, dtypes of inner layers, automatic names."""

import kerata
from kerata import layers


def test_the_cell_has_the_dtype_of_the_config():
    for dtype in ("float64", "mixed_bfloat16"):
        for make in (layers.LSTM, layers.GRU, layers.SimpleRNN):
            again = make.from_config(make(3, dtype=dtype, trainable=False).get_config())
            assert again.cell.dtype_policy.name == dtype
            assert not again.cell.trainable
        both = layers.Bidirectional(layers.LSTM(3, dtype=dtype), dtype=dtype)
        assert both.backward_layer.cell.dtype_policy.name == both.forward_layer.cell.dtype_policy.name == dtype
        conv = layers.ConvLSTM1D(2, 2, dtype=dtype)
        assert type(conv).from_config(conv.get_config()).cell.dtype_policy.name == dtype


def test_a_name_from_a_config_uses_up_no_number():
    kerata.utils.clear_session()
    for make in (lambda: layers.Conv2D(2, 2, name="named"), lambda: layers.LSTM(2, name="named")):
        layer = make()
        type(layer).from_config(layer.get_config())
    assert layers.Conv2D(2, 2).name == "conv2d"
    assert layers.LSTM(2).name == "lstm"
