"""Keras Recommenders: losses, metrics, layers, a two-tower model."""

import keras
import keras_rs
import numpy as np
import pytest
from values import fill, same

rng = np.random.default_rng(0)
SCORES = rng.normal(size=(4, 6)).astype("float32")
LABELS = (rng.uniform(size=(4, 6)) > 0.5).astype("float32")
MASK = rng.uniform(size=(4, 6)) > 0.2


@pytest.mark.parametrize("name", [n for n in dir(keras_rs.losses) if n.endswith(("Loss", "Error"))])
def test_losses(name):
    loss = getattr(keras_rs.losses, name)()
    same(name, loss(LABELS, SCORES))
    same(f"{name} masked", loss({"labels": LABELS, "mask": MASK}, SCORES))
    weights = np.linspace(0.5, 1, 24).reshape(4, 6).astype("float32")
    same(f"{name} weighted", loss(LABELS, SCORES, sample_weight=weights[:, :1] if name.startswith("List") else weights))
    assert type(loss).from_config(loss.get_config()).get_config() == loss.get_config()


@pytest.mark.parametrize("name", [n for n in dir(keras_rs.metrics) if n[0].isupper()])
def test_metrics(name):
    metric = getattr(keras_rs.metrics, name)(k=3)
    metric.update_state(LABELS, SCORES)
    same(name, metric.result())
    metric.update_state({"labels": LABELS, "mask": MASK}, SCORES)
    same(f"{name} two batches", metric.result())
    metric.reset_state()
    metric.update_state(LABELS, SCORES, sample_weight=np.ones((4, 1), "float32"))
    same(f"{name} weighted", metric.result())
    assert type(metric).from_config(metric.get_config()).k == 3


def test_ranking_model(tmp_path):
    inputs = keras.Input((6, 3))
    x = keras_rs.layers.FeatureCross(projection_dim=2)(inputs)
    model = keras.Model(inputs, keras.ops.squeeze(keras.layers.Dense(1)(x), -1))
    model.compile("adam", keras_rs.losses.PairwiseHingeLoss(), metrics=[keras_rs.metrics.NDCG(k=3)])
    fill(model)
    x = rng.normal(size=(4, 6, 3)).astype("float32")
    same("ranking", model.predict(x, verbose=0))
    history = model.fit(x, LABELS, epochs=2, verbose=0).history
    same("ranking history", history["loss"])
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(again.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-5)


@pytest.mark.parametrize("kwargs", [{}, {"self_interaction": True}, {"skip_gather": True}], ids=str)
def test_dot_interaction(kwargs, request):
    features = [rng.normal(size=(4, 5)).astype("float32") for _ in range(3)]
    same(f"dot {request.node.name}", keras_rs.layers.DotInteraction(**kwargs)(features))


def test_retrieval_layers():
    labels = np.eye(6, dtype="float32")[[0, 2, 4, 5]]
    layer = keras_rs.layers.HardNegativeMining(num_hard_negatives=2)
    for i, x in enumerate(layer(SCORES, labels)):
        same(f"negatives {i}", np.sort(np.asarray(x), -1))
    same("accidental", keras_rs.layers.RemoveAccidentalHits()(SCORES, labels, np.array([0, 1, 2, 0, 4, 2])), atol=1)
    same("probability", keras_rs.layers.SamplingProbabilityCorrection()(SCORES, np.full((4, 6), 0.25, "float32")))
    layer = keras_rs.layers.BruteForceRetrieval(candidate_embeddings=rng.normal(size=(20, 5)).astype("float32"), k=3)
    scores, ids = layer(np.ones((4, 5), "float32"))
    same("scores", scores)
    same("ids", ids)


@pytest.mark.parametrize("combiner", ["mean", "sum", "sqrtn"])
def test_embed_reduce(combiner):
    layer = keras_rs.layers.EmbedReduce(10, 4, combiner=combiner)
    x = np.arange(12).reshape(3, 4) % 10
    layer(x)
    fill(layer)
    same(f"embed {combiner}", layer(x))
    same(f"embed weighted {combiner}", layer(x, weights=np.linspace(0.1, 1, 12).reshape(3, 4).astype("float32")))
    assert tuple(layer(keras.Input((4,), dtype="int32")).shape) == (None, 4)


def test_distributed_embedding():
    table = keras_rs.layers.TableConfig(
        name="t", vocabulary_size=10, embedding_dim=4, placement="default_device", optimizer="adam", combiner="sum")
    features = {n: keras_rs.layers.FeatureConfig(n, table, (8, 3), (8, 4)) for n in ("a", "b")}
    layer = keras_rs.layers.DistributedEmbedding(features)
    x = {n: np.arange(24).reshape(8, 3) % 10 for n in ("a", "b")}
    out = layer(x)
    assert set(out) == {"a", "b"} and tuple(out["a"].shape) == (8, 4)
    fill(layer)
    same("distributed", layer(x)["b"])
    again = keras_rs.layers.DistributedEmbedding.from_config(layer.get_config())
    assert tuple(again(x)["a"].shape) == (8, 4)


class TwoTowers(keras.Model):
    def __init__(self):
        super().__init__()
        self.user = keras.Sequential([keras.layers.Embedding(10, 4), keras.layers.Dense(3)])
        self.item = keras.Sequential([keras.layers.Embedding(20, 4), keras.layers.Dense(3)])
        self.retrieval = keras_rs.layers.BruteForceRetrieval(k=3, return_scores=False)
        self.loss_fn = keras.losses.MeanSquaredError()

    def build(self, input_shape):
        self.user.build(input_shape)
        self.item.build(input_shape)
        self.retrieval.candidate_embeddings = self.add_weight((20, 3), initializer="zeros", trainable=False, name="candidates")
        self.retrieval.build(input_shape)
        super().build(input_shape)

    def call(self, inputs, training=False):
        user = self.user(inputs)
        result = {"embeddings": user}
        if not training:
            result["predictions"] = self.retrieval(user)
        return result

    def compute_loss(self, x, y, y_pred, sample_weight=None, training=True):
        items = self.item(y["item"])
        labels = y["rating"]
        return self.loss_fn(labels, keras.ops.sum(keras.ops.multiply(y_pred["embeddings"], items), 1, keepdims=True))


def test_two_towers():
    keras.utils.set_random_seed(1)
    model = TwoTowers()
    model.compile(optimizer=keras.optimizers.Adagrad(0.5))
    user, item = rng.integers(0, 10, 64), rng.integers(0, 20, 64)
    rating = ((user + item) % 5).astype("float32")[:, None] / 5
    history = model.fit(user, {"item": item, "rating": rating}, epochs=5, verbose=0).history["loss"]
    assert history[-1] < history[0]
    model.retrieval.update_candidates(model.item.predict(np.arange(20), verbose=0))
    out = model.predict(np.arange(4), verbose=0)
    assert out["predictions"].shape == (4, 3)
