"""Keyword arguments that a class does not take: the error says what is near, or what the old one is called today."""

import pytest

from kerata import layers, losses, metrics, optimizers


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda: layers.Dense(3, activaton="relu"), ValueError, "Dense takes no argument 'activaton'. Did you mean 'activation'?"),
        (lambda: layers.Conv2D(3, 3, border_mode="same"), ValueError, "'border_mode' of earlier Keras is 'padding' today"),
        (lambda: layers.LSTM(3, inner_activation="relu"), ValueError, "'recurrent_activation' today"),
        (lambda: losses.MeanSquaredError(reduce="sum"), TypeError, "Did you mean 'reduction'? It takes: reduction, name, dtype."),
        (lambda: metrics.AUC(curv="PR"), TypeError, "Did you mean 'curve'?"),
        (lambda: optimizers.Adam(lr=0.1), ValueError, "'lr' of earlier Keras is 'learning_rate' today"),
        (lambda: optimizers.Adam(bta_1=0.1), ValueError, "Did you mean 'beta_1'"),
    ],
)
def test_unknown_arguments(make, kind, words):
    with pytest.raises(kind) as caught:
        make()
    assert words in str(caught.value)


def test_classes_of_users_keep_pythons_own_error():
    class Own(losses.Loss):
        def __init__(self, weight=1.0):
            super().__init__()

    with pytest.raises(TypeError, match="unexpected keyword argument 'wieght'"):
        Own(wieght=2.0)
