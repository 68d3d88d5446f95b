"""Class weights as sample weights."""

import numpy as np
import pytest

from kerata.training.data import class_weight_to_sample_weights, make_source

WEIGHTS = {0: 1.0, 1: 2.0, 2: 5.0}
SAME_AS_KERAS = [
    np.array([0, 1, 2, 1]),
    np.array([[0], [1], [2], [1]]),
    np.eye(3)[[0, 1, 2, 1]],
    np.array([0.6, 1.4, 2.0, 0.2], "float32"),
    np.array([7, 1]),
    np.array([[0.1, 0.7, 0.2], [0.9, 0.05, 0.05]]),
    np.array([[-0.5, 1.5, 2.0], [3.0, 0.25, 0.0]], "float32"),  # scores: the largest counts
]


@pytest.mark.parametrize("y", SAME_AS_KERAS, ids=lambda y: f"{y.shape}-{y.dtype}")
def test_like_keras(y):
    pytest.importorskip("keras")
    from keras.src.trainers.data_adapters.data_adapter_utils import class_weight_to_sample_weights as theirs

    ours = class_weight_to_sample_weights(y, WEIGHTS)
    assert ours.dtype == "float32"
    assert ours.tolist() == theirs(y, WEIGHTS).tolist()


def test_positions_of_sequences_and_masks():
    y = np.array([[0, 1], [2, 1]])
    one_hot = np.eye(3)[y]
    assert class_weight_to_sample_weights(one_hot, WEIGHTS).tolist() == [[1, 2], [5, 2]]
    assert class_weight_to_sample_weights(y[..., None], WEIGHTS).tolist() == [[1, 2], [5, 2]]
    assert class_weight_to_sample_weights(np.full((2, 3, 3), 2), WEIGHTS).tolist() == np.full((2, 3, 3), 5).tolist()


def test_a_source_of_arrays_has_the_weights(backend):
    from kerata import backend as backends

    y = backends.current().convert(np.array([0, 1, 1, 0], "int32"))
    source = make_source(np.ones((4, 1)), y, class_weight={0: 1, 1: 3})
    assert source.data[2].tolist() == [1, 3, 3, 1]


def test_one_target_in_a_container():
    source = make_source(np.ones((2, 1)), {"out": np.array([0, 1])}, class_weight={1: 4.0})
    assert source.data[2]["out"].tolist() == [1, 4]


def test_streams_are_weighed_too():
    def generate():
        yield np.ones((2, 1)), np.array([0, 1])

    assert next(iter(make_source(generate(), class_weight={1: 9}).epoch(0)))[2].tolist() == [1, 9]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(class_weight=[1, 2]), "dictionary"),
        (dict(class_weight={"cat": 2.0}), "integers.*'cat'"),
        (dict(class_weight={1: 1}, sample_weight=np.ones(2)), "not both"),
        (dict(class_weight={1: 1}, y=None), "needs targets"),
        (dict(class_weight={1: 1}, y=[np.ones(2), np.ones(2)]), "2 targets"),
    ],
)
def test_errors(arguments, words):
    with pytest.raises(ValueError, match=words):
        make_source(np.ones((2, 1)), **{"y": np.array([0, 1]), **arguments})
