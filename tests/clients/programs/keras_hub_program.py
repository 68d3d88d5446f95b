"""KerasHub: layers (some by the test harness that it ships), tokenizers, samplers, and tasks from texts to trained models."""

import keras
import keras_hub
import numpy as np
import pytest
from keras import ops
from keras_hub_configs import BACKBONES, TOKENS, X, data
from values import fill, same

rng = np.random.default_rng(1)
L, M, T, S = keras_hub.layers, keras_hub.models, keras_hub.tokenizers, keras_hub.samplers

LAYERS = {
    "TransformerEncoder": (lambda: L.TransformerEncoder(16, 2, activation="gelu", normalize_first=True), X),
    "TransformerDecoder": (lambda: L.TransformerDecoder(16, 2), X),
    "FNetEncoder": (lambda: L.FNetEncoder(16), X),
    "PositionEmbedding": (lambda: L.PositionEmbedding(7), X),
    "RotaryEmbedding": (lambda: L.RotaryEmbedding(), X),
    "SinePositionEncoding": (lambda: L.SinePositionEncoding(), X),
    "TokenAndPositionEmbedding": (lambda: L.TokenAndPositionEmbedding(10, 5, 4, mask_zero=True), TOKENS["token_ids"]),
    "ReversibleEmbedding": (lambda: L.ReversibleEmbedding(10, 4), TOKENS["token_ids"]),
    "AlibiBias": (lambda: L.AlibiBias(), rng.normal(size=(2, 4, 5, 5)).astype("float32")),
    "RMSNormalization": (lambda: L.RMSNormalization(8), X),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layer(name):
    if not hasattr(L, name):
        pytest.skip("not in this version")
    make, x = LAYERS[name]
    layer = make()
    layer(x)
    fill(layer) if layer.weights else None
    same(name, layer(x))
    again = type(layer).from_config(layer.get_config())
    again(x)
    assert [tuple(w.shape) for w in again.weights] == [tuple(w.shape) for w in layer.weights]
    symbolic = layer(keras.Input(x.shape[1:], batch_size=2, dtype=x.dtype.name))
    assert tuple(symbolic.shape) == tuple(layer(x).shape)


def test_decoder_with_encoder_and_cache():
    layer = L.TransformerDecoder(16, 2)
    layer(X, encoder_sequence=X[:, :3])
    fill(layer)
    same("decoder with encoder", layer(X, encoder_sequence=X[:, :3]))
    attend = L.CachedMultiHeadAttention(2, 4)
    out, cache = attend(X[:, :1], X[:, :1], cache=ops.zeros((2, 2, 5, 2, 4)), cache_update_index=0)
    assert tuple(out.shape) == (2, 1, 8) and tuple(cache.shape) == (2, 2, 5, 2, 4)


def test_masked_lm_head():
    layer = L.MaskedLMHead(vocabulary_size=10, activation="softmax")
    positions = np.array([[0, 1], [2, 4]])
    layer(X, mask_positions=positions)
    fill(layer)
    same("masked lm head", layer(X, mask_positions=positions))


@pytest.mark.parametrize("name", ["TransformerEncoder", "PositionEmbedding", "FNetEncoder"])
def test_layers_by_keras_hubs_own_harness(name):
    test_case = pytest.importorskip("keras_hub.src.tests.test_case", reason="needs TensorFlow and grain")
    case = test_case.TestCase("run_layer_test")
    arguments = {"TransformerEncoder": {"intermediate_dim": 4, "num_heads": 2, "dropout": 0.1}, "PositionEmbedding": {"sequence_length": 7},
                 "FNetEncoder": {"intermediate_dim": 4, "dropout": 0.1}}[name]  # fmt: skip
    count = {"TransformerEncoder": 16, "PositionEmbedding": 1, "FNetEncoder": 8}[name]
    case.run_layer_test(getattr(L, name), arguments, ops.convert_to_tensor(X), X.shape, expected_num_trainable_weights=count,
                        expected_num_non_trainable_variables={"TransformerEncoder": 3, "FNetEncoder": 1}.get(name, 0))


VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "quick", "brown", "fox", "##es", "!"]
TEXTS = ["the quick brown fox", "the foxes!"]


def bert():
    kwargs = {**BACKBONES["BertBackbone"][0], "vocabulary_size": len(VOCABULARY), "max_sequence_length": 8}
    tokenizer = M.BertTokenizer(vocabulary=VOCABULARY, lowercase=True)
    return M.BertBackbone(**kwargs), tokenizer


def test_text_classifier():
    keras.utils.set_random_seed(0)
    backbone, tokenizer = bert()
    model = M.BertTextClassifier(backbone=backbone, num_classes=2,
                                 preprocessor=M.BertTextClassifierPreprocessor(tokenizer, sequence_length=8))
    history = model.fit(TEXTS * 4, np.array([0, 1] * 4), batch_size=4, epochs=2, verbose=0).history
    assert len(history["loss"]) == 2
    assert model.predict(TEXTS, verbose=0).shape == (2, 2)
    fill(model)
    same("bert text classifier", model.predict(TEXTS, verbose=0))


def test_masked_language_model():
    backbone, tokenizer = bert()
    model = M.BertMaskedLM(backbone=backbone, preprocessor=M.BertMaskedLMPreprocessor(
        tokenizer, sequence_length=8, mask_selection_length=3))
    model.fit(TEXTS * 2, batch_size=2, verbose=0)


def gpt2():
    merges = ["Ġ a", "Ġ t", "Ġ i", "Ġ b", "a i", "p l", "n e", "Ġa t", "p o", "r t", "Ġt h", "ai r", "pl a", "po rt",
              "Ġai r", "Ġa i", "pla ne"]  # fmt: skip
    letters = "!Ġabehilnoprt"
    names = dict.fromkeys([*letters, *(m.replace(" ", "") for m in merges), "<|endoftext|>"])
    vocabulary = {name: i for i, name in enumerate(names)}
    tokenizer = M.GPT2Tokenizer(vocabulary=vocabulary, merges=merges)
    backbone = M.GPT2Backbone(**{**BACKBONES["GPT2Backbone"][0], "vocabulary_size": len(vocabulary), "max_sequence_length": 8})
    return M.GPT2CausalLM(backbone=backbone, preprocessor=M.GPT2CausalLMPreprocessor(tokenizer, sequence_length=8))


@pytest.mark.parametrize("sampler", ["greedy", "top_k", "beam", "top_p", "random"])
def test_generate(sampler):
    keras.utils.set_random_seed(0)
    model = gpt2()
    fill(model)
    model.compile(sampler=sampler)
    out = model.generate(" airplane at airport", max_length=8)
    assert out.startswith(" airplane at airport")
    if sampler == "greedy":
        same("greedy", np.asarray(model.preprocessor.tokenizer(out)))


def test_causal_language_model_trains_and_has_lora(tmp_path):
    model = gpt2()
    texts = [" airplane at airport", " airplane airport"] * 2
    model.fit(texts, batch_size=2, verbose=0)
    scores = model.score(ops.ones((1, 8), "int32"), padding_mask=ops.ones((1, 8), "int32"))
    assert tuple(scores.shape) == (1, 8, model.backbone.vocabulary_size)
    gemma = M.GemmaBackbone(**BACKBONES["GemmaBackbone"][0])
    gemma.enable_lora(2)
    gemma.save_lora_weights(str(tmp_path / "a.lora.h5"))
    other = M.GemmaBackbone(**BACKBONES["GemmaBackbone"][0])
    other.load_lora_weights(str(tmp_path / "a.lora.h5"))
    layers = [x for x in gemma._flatten_layers(include_self=False) if getattr(x, "lora_enabled", False)]
    others = [x for x in other._flatten_layers(include_self=False) if getattr(x, "lora_enabled", False)]
    assert len(layers) == len(others) > 0
    np.testing.assert_array_equal(ops.convert_to_numpy(layers[0].lora_kernel_a), ops.convert_to_numpy(others[0].lora_kernel_a))


def test_image_classifier():
    backbone = M.ResNetBackbone(**BACKBONES["ResNetBackbone"][0])
    model = M.ResNetImageClassifier(backbone=backbone, num_classes=3)
    x = data(32)
    model.fit(x, np.array([0, 2]), epochs=1, verbose=0)
    assert model.predict(x, verbose=0).shape == (2, 3)


def test_tokenizers():
    tokenizer = T.WordPieceTokenizer(vocabulary=VOCABULARY, lowercase=True, sequence_length=6)
    same("word piece", tokenizer(TEXTS))
    assert tokenizer.detokenize(tokenizer(TEXTS))[1].startswith("the foxes") and tokenizer.vocabulary_size() == 11
    same("bytes", T.ByteTokenizer(sequence_length=8)(["hello", "hi"]))
    assert T.ByteTokenizer().detokenize(T.ByteTokenizer()("hi")) == "hi"
    same("codepoints", T.UnicodeCodepointTokenizer(sequence_length=8)(["ninja", "sämurai"]))
    pairs = gpt2().preprocessor.tokenizer
    same("byte pairs", np.asarray(pairs(" airplane at airport")))


def test_preprocessing_layers():
    packer = L.StartEndPacker(sequence_length=6, start_value=1, end_value=2, pad_value=0)
    same("packer", packer([[5, 6, 7], [8]]))
    segments = L.MultiSegmentPacker(sequence_length=8, start_value=1, end_value=2)
    for i, x in enumerate(segments(([[5, 6, 7]], [[8, 9]]))):
        same(f"segments {i}", x)
    masker = L.MaskedLMMaskGenerator(vocabulary_size=10, mask_selection_rate=0.5, mask_token_id=0, mask_selection_length=3)
    assert set(masker([[1, 2, 3, 4]])) == {"token_ids", "mask_positions", "mask_ids", "mask_weights"}
    converter = L.ImageConverter(image_size=(4, 4), scale=1 / 255.0)
    same("converter", converter(np.full((1, 8, 8, 3), 255.0, "float32")))


def test_metrics():
    perplexity = keras_hub.metrics.Perplexity(from_logits=True, mask_token_id=0)
    perplexity.update_state(np.array([[1, 2, 0]]), rng.normal(size=(1, 3, 4)).astype("float32"))
    assert float(perplexity.result()) > 0


@pytest.mark.parametrize("sampler", ["GreedySampler", "TopKSampler", "TopPSampler", "RandomSampler", "BeamSampler"])
def test_samplers(sampler):
    arguments = {"TopKSampler": {"k": 2}, "TopPSampler": {"p": 0.5}, "BeamSampler": {"num_beams": 2}}.get(sampler, {})
    chooser = getattr(S, sampler)(**arguments)

    def next(prompt, cache, index):
        batch = prompt.shape[0]
        return ops.one_hot(ops.ones((batch,), "int32") * 3, 5) * 1e3, ops.ones((batch, 4)), cache

    out = chooser(next=next, prompt=ops.zeros((2, 6), "int32"), cache=(), index=2)
    same(f"sampler {sampler}", ops.convert_to_numpy(out))
