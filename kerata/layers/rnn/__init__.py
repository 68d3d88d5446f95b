"""Recurrent layers, their cells, and layers that go around them."""

from kerata.core.lazy import attach as _attach

_PLACES = {
    "RNN": "rnn", "StackedRNNCells": "stacked_rnn_cells", "Bidirectional": "bidirectional",
    "TimeDistributed": "time_distributed", "DropoutRNNCell": "dropout_rnn_cell",
    **dict.fromkeys(("SimpleRNN", "SimpleRNNCell"), "simple_rnn"),
    **dict.fromkeys(("LSTM", "LSTMCell"), "lstm"),
    **dict.fromkeys(("GRU", "GRUCell"), "gru"),
    **dict.fromkeys(("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"), "conv_lstm"),
}  # fmt: skip

__getattr__, __dir__, __all__ = _attach(
    __name__, {name: f"{__name__}.{module}" for name, module in _PLACES.items()}, kind="layer"
)
