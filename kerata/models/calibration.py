"""`model.quantize` with GPTQ and AWQ: block after block, the layers are quantized on what the data make of their inputs."""

from __future__ import annotations

import numpy as np

from kerata import ops
from kerata.core import tree
from kerata.layers._quantization import Quantizable
from kerata.models.quantizing import quantized
from kerata.quantizers.awq import awq
from kerata.quantizers.gptq import gptq

_TOKENS = 20_000_000  # no more of the data are read: a generator may have no end


def quantize_on_data(model, mode: str, config, wanted, structure=None, type_check=True) -> None:
    """Quantize the layers in the blocks of `model` that pass the filter."""
    before, blocks = _structure(model, mode, config, structure)
    layers = [[x for x in _layers_of(block) if wanted(x)] for block in blocks]
    batches = [tree.map_structure(ops.convert_to_tensor, x[None]) for x in sequences(config)]
    for layer in before:
        batches = [layer(x) for x in batches]
    for block, chosen in zip(blocks, layers):
        chosen = [layer for layer in chosen if quantized(layer, mode, type_check, config)]
        seen = {id(layer): Seen(layer) for layer in chosen}
        with _Watched(seen):
            for x in batches:
                block(x)
        for layer in chosen:
            finish(layer, seen[id(layer)], config)
        batches = [block(x) for x in batches]


def _structure(model, mode, config, structure):
    found = structure or config.quantization_layer_structure or model.get_quantization_layer_structure(mode)
    if not isinstance(found, dict) or not found.get("sequential_blocks"):
        raise ValueError(
            f"{mode!r} goes through the model block by block, and has to know them: pass {type(config).__name__}("
            "quantization_layer_structure={'pre_block_layers': [...], 'sequential_blocks': [...]}) with layers of the model, or "
            f"override get_quantization_layer_structure(mode). Got {found!r}."
        )
    return list(found.get("pre_block_layers") or []), list(found["sequential_blocks"])


def _layers_of(block) -> list:
    return [x for x in block._flatten_layers() if isinstance(x, Quantizable) and "gptq" in x._modes and not x.quantization_mode]


# -- data ------------------------------------------------------------------------------------------------------
def sequences(config) -> list[np.ndarray]:
    """`num_samples` windows of `sequence_length` token ids, spread evenly over all of the data put together.

    (Keras lets the first begin where the hash of a text says, which differs in every process; here it is the beginning.)
    """
    length, count = config.sequence_length, config.num_samples
    ids = np.concatenate([np.zeros(0, "int32"), *_all_ids(config)])
    if not len(ids):
        raise ValueError(f"The `dataset` of {type(config).__name__} is empty: calibration needs at least one token.")
    ids = np.tile(ids, max(1, -(-length * count // len(ids))))
    places = len(ids) - length + 1
    starts = [i * (places // count) % places for i in range(count)]
    return [ids[s : s + length] for s in starts]


def _all_ids(config):
    data, kind = config.dataset, type(config).__name__
    if data is None:
        raise ValueError(f"{kind} needs a `dataset` to look at: texts (with a `tokenizer`) or arrays of token ids.")
    if isinstance(data, str | bytes) or not hasattr(data, "__iter__"):
        raise TypeError(f"The `dataset` of {kind} is a list or generator of texts or of arrays of token ids; got {type(data).__name__}.")
    count = 0
    for item in data:
        ids = _ids(item, config)
        yield ids
        count += len(ids)
        if count > _TOKENS:
            return


def _ids(item, config) -> np.ndarray:
    if isinstance(item, str):
        if config.tokenizer is None:
            raise ValueError(f"The `dataset` of {type(config).__name__} has texts: pass a `tokenizer` that makes token ids of them.")
        item = getattr(config.tokenizer, "tokenize", config.tokenizer)(item)
    return np.asarray(ops.convert_to_numpy(item)).reshape(-1).astype("int32")


# -- what layers see -------------------------------------------------------------------------------------------
class Seen:
    """Sums over the inputs of a layer, as rows against its weight as a matrix (inputs, outputs)."""

    def __init__(self, layer):
        self.layer = layer
        self.hessian, self.magnitudes, self.count = 0.0, 0.0, 0

    def add(self, x) -> None:
        contraction = self.layer._contraction
        x = ops.convert_to_numpy(ops.cast(x, "float32"))
        if getattr(contraction, "contracted", None):  # the contracted axes last, in the weight's order
            last = [contraction.inputs.index(letter) for letter in contraction.contracted]
            x = np.transpose(x, [i for i in range(x.ndim) if i not in last] + last)
            x = x.reshape(-1, int(np.prod(x.shape[x.ndim - len(last) :])))
        x = x.reshape(-1, x.shape[-1])
        self.hessian = self.hessian + 2.0 * (x.T.astype("float64") @ x)
        self.magnitudes = np.maximum(self.magnitudes, np.abs(x).max(axis=0))
        self.count += len(x)


class _Watched:
    """While open, the layers of `seen` add up their inputs."""

    def __init__(self, seen: dict):
        self.seen = seen

    def __enter__(self):
        for watcher in self.seen.values():
            call = watcher.layer.call

            def watching(inputs, *args, _watcher=watcher, _call=call, **kwargs):
                _watcher.add(inputs)
                return _call(inputs, *args, **kwargs)

            watcher.layer.__dict__["call"] = watching
            watcher.layer._fast = False

    def __exit__(self, *exc):
        for watcher in self.seen.values():
            del watcher.layer.__dict__["call"]
            watcher.layer._fast = False


def finish(layer, seen: Seen, config) -> None:
    """Quantize one layer on what it saw."""
    codec = layer._codecs[0]
    if not seen.count:
        raise ValueError(f"Layer {layer.name!r} is in a block, but the block did not call it: it cannot be quantized on data.")
    weight = ops.convert_to_numpy(ops.cast(codec.to_matrix(ops.convert_to_tensor(layer._main())), "float32"))
    if config.mode == "gptq":
        found = gptq(weight, seen.hessian / seen.count, config)
    else:
        found = awq(weight, seen.magnitudes, config)
        layer.awq_scales.assign(found["awq_scales"])
    layer.g_idx.assign(found["g_idx"])
    convert = ops.convert_to_tensor
    layer.take_calibrated(codec.stored_values(convert(found["integers"]), convert(found["scale"]), convert(found["zero"])))
