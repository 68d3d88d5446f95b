"""The arguments of fit: what is taken, what is refused and in which words."""

import warnings

import numpy as np
import pytest
from twins import labels, normal

import kerata
from kerata import layers
from kerata.training.arguments import fraction, frequency, verbosity, whole

X, Y = normal(12, 4), labels(12, 3)


def make(**compiled):
    model = kerata.Sequential([kerata.Input((4,)), layers.Dense(3, activation="softmax", name="out")])
    model.compile(**{"optimizer": "sgd", "loss": "sparse_categorical_crossentropy", **compiled})
    return model


def two():
    x = kerata.Input((4,))
    out = {"cls": layers.Dense(3, activation="softmax", name="cls")(x), "reg": layers.Dense(1, name="reg")(x)}
    model = kerata.Model(x, out)
    model.compile("sgd", {"cls": "sparse_categorical_crossentropy", "reg": "mse"})
    return model


def fails(kind, words, **arguments):
    with pytest.raises(kind, match=f"(?s){words}"):
        make().fit(X, Y, **{"verbose": 0, **arguments})


def test_numpy_numbers_are_numbers():
    arguments = {
        "epochs": np.int64(2), "initial_epoch": np.int32(0), "batch_size": np.int64(3), "verbose": np.int64(0),
        "shuffle": np.bool_(True), "validation_split": np.float32(0.25), "validation_freq": np.int64(1),
        "steps_per_epoch": np.int64(2), "validation_batch_size": np.uint8(4),
    }  # fmt: skip
    history = make(steps_per_execution=np.int64(2)).fit(X, Y, **arguments).history
    assert {k: len(v) for k, v in history.items()} == {"loss": 2, "val_loss": 2}


def test_shuffle_of_any_truth_is_the_same():
    def losses(shuffle):
        kerata.utils.set_random_seed(3)
        return make().fit(X, Y, batch_size=5, epochs=2, shuffle=shuffle, verbose=0).history["loss"]

    assert losses(np.bool_(True)) == losses(True) == losses(1) != losses(False)
    assert losses(False) == losses(None) == losses(0)


def test_wrong_arguments_are_named():
    fails(TypeError, "epochs.*'3'.*int", epochs="3")
    fails(TypeError, "epochs.*2.5", epochs=2.5)
    fails(TypeError, "epochs.*None", epochs=None)
    fails(ValueError, "initial_epoch.*-1", initial_epoch=-1)
    fails(TypeError, "validation_split.*'0.2'", validation_split="0.2")
    fails(ValueError, "verbose.*'loud'", verbose="loud")
    fails(ValueError, "steps.*2.0.*//", steps_per_epoch=2.0)
    fails(ValueError, "validation_batch_size.*0", validation_data=(X, Y), validation_batch_size=0)
    fails(ValueError, "validation_data.*targets", validation_data=(X,))
    fails(ValueError, "validation_data.*targets", validation_data=X)
    fails(ValueError, "shuffle.*'no'", shuffle="no")
    fails(TypeError, "'epoch'.*Did you mean 'epochs'", epoch=3)
    with pytest.raises(TypeError, match=r"'optimiser'.*Did you mean 'optimizer'"):
        make().compile(optimiser="adam")
    with pytest.raises(TypeError, match=r"'batchsize'.*Did you mean 'batch_size'"):
        make().predict(X, batchsize=3)
    with pytest.raises(ValueError, match=r"'batchsize'.*Did you mean 'batch_size'"):
        make().evaluate(X, Y, batchsize=3)
    with pytest.raises(ValueError, match=r"jit_compile.*'yes'"):
        make(jit_compile="yes")


def test_the_checks_alone():
    assert whole("n", np.int8(3)) == 3 and type(whole("n", np.int8(3))) is int
    assert [verbosity(v) for v in ("auto", None, True, False, 2, np.int64(1))] == [1, 0, 1, 0, 2, 1]
    assert frequency(np.int64(2)) == 2 and frequency(np.array([1, 3])) == [1, 3] and frequency(range(3)) == range(3)
    assert fraction("f", None) == 0.0


def test_text_as_labels(train_backend):
    with pytest.raises(ValueError, match=r"text.*'a'.*numpy.unique"):
        make().fit(X, np.array(["a", "b", "c"] * 4), verbose=0)


def test_losses_that_give_nothing(train_backend):
    with pytest.raises(ValueError, match=r"'broken'.*None.*return"):

        def broken(y_true, y_pred):
            kerata.ops.mean(y_pred)

        make(loss=broken).fit(X, Y, verbose=0)


def test_frozen_is_said_once_a_fit(train_backend):
    model = make(run_eagerly=True)
    model.trainable = False
    model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        model.fit(X, Y, batch_size=3, epochs=2, verbose=0)
    assert [str(w.message).count("no trainable weights") for w in found].count(1) == 1


def embedding_model():
    model = kerata.Sequential([layers.Embedding(10, 4, name="words"), layers.Flatten(), layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def test_indices_beyond_the_matrix_are_seen_before(train_backend):
    x, y = np.zeros((6, 3), int), np.zeros((6, 1))
    x[4, 1] = 10
    for run in (lambda m: m.fit(x, y, verbose=0), lambda m: m.evaluate(x, y, verbose=0), lambda m: m.predict(x, verbose=0)):
        model = embedding_model()
        with pytest.raises(ValueError, match=r"index 10 .*row 4.*'words' has 10 rows.*input_dim=11"):
            run(model)
    with pytest.raises(ValueError, match=r"validation_data\[0\].*index 10"):
        embedding_model().fit(x[:4], y[:4], validation_data=(x, y), verbose=0)
    with pytest.warns(UserWarning, match=r"negative indices, such as -2"):
        embedding_model().fit(x[:4] - 2, y[:4], verbose=0)
    with pytest.warns(UserWarning, match=r"not whole"):
        embedding_model().fit(x[:4] + 0.5, y[:4], verbose=0)


def test_indices_among_several_inputs():
    words, numbers = kerata.Input((3,), name="words"), kerata.Input((2,), name="numbers")
    rows = layers.Flatten()(layers.Embedding(10, 4)(words))
    model = kerata.Model([words, numbers], layers.Dense(1)(layers.Concatenate()([rows, numbers])))
    model.compile("sgd", "mse")
    good, bad, other = np.zeros((4, 3)), np.full((4, 3), 12), np.full((4, 2), 50.0)
    model.fit([good, other], np.zeros((4, 1)), verbose=0)
    with pytest.raises(ValueError, match=r"`x\[0\]`.*index 12"):
        model.fit([bad, other], np.zeros((4, 1)), verbose=0)
    with pytest.raises(ValueError, match=r"`x\['words'\]`.*index 12"):
        model.predict({"words": bad, "numbers": other}, verbose=0)


@pytest.mark.parametrize("eager", ["torch", "tensorflow"])
def test_an_embedding_alone_names_its_size(eager):
    if eager not in kerata.backend.installed():
        pytest.skip("not installed")
    with kerata.backend_scope(eager), pytest.raises(IndexError, match=r"'words' .*indices 0 to 12.*10 rows"):
        layers.Embedding(10, 4, name="words")(np.array([[0, 12]]))


def test_class_weights_of_outputs(train_backend):
    targets, weights = {"cls": Y, "reg": X[:, :1]}, {"cls": {0: 1.0, 1: 2.0, 2: 0.5}}
    by_hand = {"cls": np.array([1.0, 2.0, 0.5])[Y]}

    def losses(**given):
        kerata.utils.set_random_seed(1)
        return two().fit(X, targets, verbose=0, epochs=2, **given).history["loss"]

    np.testing.assert_allclose(losses(class_weight=weights), losses(sample_weight=by_hand), rtol=1e-6)
    with pytest.raises(ValueError, match=r"'clss'.*Did you mean 'cls'"):
        losses(class_weight={"clss": {0: 1.0}})
    with pytest.raises(ValueError, match=r"one output.*2 targets.*class_weight="):
        losses(class_weight={0: 1.0})


def test_class_weights_of_listed_outputs_and_batches():
    from kerata.training.data import make_source
    from kerata.training.data.class_weight import check_class_weight, class_weight_to_sample_weights

    y = [np.array([0, 1]), np.array([[0.5], [1.5]])]
    for given in ([{1: 3.0}, None], {"a": {1: 3.0}}):
        weights = check_class_weight(given, ["a", "b"])
        (_, _, found) = make_source(np.ones((2, 1)), y, class_weight=weights).data
        assert found[0].tolist() == [1, 3] and found[1] is None
    (_, _, found) = next(iter(make_source(iter([(np.ones((2, 1)), {"a": y[0], "b": y[1]})]), class_weight={"a": {1: 3.0}}).epoch(0)))
    assert found["a"].tolist() == [1, 3] and "b" not in found
    for wrong, words in (([{1: 2.0}], "list of 1 for 2"), ({"a": {1: "x"}}, "'x'"), ({"a": {1: 2.0}, "c": None}, "'c'")):
        with pytest.raises(ValueError, match=words):
            make_source(np.ones((2, 1)), y, class_weight=check_class_weight(wrong, ["a", "b"]))
    # Labels of (batch, time), and soft labels of any rank.
    assert class_weight_to_sample_weights(np.array([[0, 2], [1, 2]]), {2: 5.0}).tolist() == [[1, 5], [1, 5]]
    soft = np.array([[[0.1, 0.9], [0.8, 0.2]]])
    assert class_weight_to_sample_weights(soft, {1: 5.0}).tolist() == [[5, 1]]


def test_weights_of_two_backends_in_one_model():
    names = [b for b in ("torch", "jax") if b in kerata.backend.installed()]
    if len(names) < 2:
        pytest.skip("one backend")
    with kerata.backend_scope("jax"):
        dense = layers.Dense(3)
        dense.build((None, 4))
    with kerata.backend_scope("torch"):
        model = kerata.Sequential([dense, layers.Dense(2)])
        model.compile("sgd", "mse")
        with pytest.raises(ValueError, match=r"'jax'.*'torch'.*to_backend"):
            model.fit(X, X[:, :2], verbose=0)
        model.to_backend("torch")
        assert np.isfinite(model.fit(X, X[:, :2], verbose=0).history["loss"][0])


def test_logs_are_in_the_order_of_their_names(train_backend):
    model = kerata.Sequential([kerata.Input((2,)), kerata.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mse", "mae"])
    x = np.ones((4, 2), "float32")
    history = model.fit(x, x[:, :1], validation_data=(x, x[:, :1]), verbose=0).history
    assert list(history) == ["loss", "mae", "mse", "val_loss", "val_mae", "val_mse"]
    assert list(model.evaluate(x, x[:, :1], verbose=0, return_dict=True)) == ["loss", "mae", "mse"]
    loss, mse, _ = model.evaluate(x, x[:, :1], verbose=0)  # a list is in the order of the metrics
    assert loss == mse


def test_compiled_anew_without_loss_and_metrics(train_backend):
    """Those of the last time stay, as in Keras."""
    model = kerata.Sequential([kerata.Input((2,)), kerata.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    x = np.ones((4, 2), "float32")
    model.fit(x, x[:, :1], verbose=0)
    model.compile(kerata.optimizers.Adam(0.01))
    assert model.loss == "mse"
    assert list(model.fit(x, x[:, :1], verbose=0).history) == ["loss", "mae"]
    model.compile("sgd", "mae", metrics=[])
    loss = model.evaluate(x, x[:, :1], verbose=0)
    assert isinstance(loss, float) and loss == np.abs(model.predict(x, verbose=0) - 1).mean().astype(float)


def test_a_batch_may_be_a_graph(train_backend):
    """Inputs of which one counts nodes and the targets graphs: lengths differ, in batches that are given as such."""
    nodes, graph = kerata.Input((3,)), kerata.Input((), dtype="int32")
    pooled = layers.Lambda(lambda x: kerata.ops.segment_sum(x[0], x[1], num_segments=2))([nodes, graph])
    model = kerata.Model([nodes, graph], layers.Dense(1, kernel_initializer="ones")(pooled))
    model.compile(kerata.optimizers.SGD(0.0), "mse")
    x, y = [np.ones((5, 3), "float32"), np.array([0, 0, 1, 1, 1])], np.array([[6.0], [8.0]])
    assert model.train_on_batch(x, y) == model.test_on_batch(x, y) == 0.5
    assert model.predict_on_batch(x).tolist() == [[6.0], [9.0]]
    assert model.fit(iter([(tuple(x), y)] * 2), verbose=0).history["loss"] == [0.5]
    with pytest.raises(ValueError, match="number of samples"):
        model.fit(x, y, verbose=0)
