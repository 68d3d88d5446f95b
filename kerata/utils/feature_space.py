"""FeatureSpace: tables with columns of different kinds, as one vector a row."""

from __future__ import annotations

import sys

import numpy as np

from kerata import backend, ops
from kerata.core import tree
from kerata.core.errors import unknown_name
from kerata.core.keras_tensor import KerasTensor
from kerata.layers.layer import Layer
from kerata.layers.preprocessing.category_encoding import CategoryEncoding
from kerata.layers.preprocessing.data_layer import DataLayer
from kerata.layers.preprocessing.discretization import Discretization
from kerata.layers.preprocessing.hashing import HashedCrossing, Hashing
from kerata.layers.preprocessing.host_layer import to_host
from kerata.layers.preprocessing.integer_lookup import IntegerLookup
from kerata.layers.preprocessing.normalization import Normalization
from kerata.layers.preprocessing.rescaling import Rescaling
from kerata.layers.preprocessing.string_lookup import StringLookup
from kerata.layers.preprocessing.text_vectorization import TextVectorization

_PLACE = "keras.src.layers.preprocessing.feature_space"  # of the helpers, in files
_OUTPUTS = ("one_hot", "int", "float", "ignore")


class Cross:
    """Features that are combined: every combination of their values falls into one of `crossing_dim` buckets."""

    def __init__(self, feature_names, crossing_dim, output_mode="one_hot"):
        if output_mode not in ("int", "one_hot"):
            raise ValueError(unknown_name("`output_mode` of a cross", output_mode, ("one_hot", "int")))
        self.feature_names = tuple(feature_names)
        self.crossing_dim, self.output_mode = crossing_dim, output_mode

    @property
    def name(self) -> str:
        return "_X_".join(self.feature_names)

    def get_config(self) -> dict:
        return {"feature_names": self.feature_names, "crossing_dim": self.crossing_dim, "output_mode": self.output_mode}

    @classmethod
    def from_config(cls, config: dict) -> Cross:
        return cls(**config)


class Feature:
    """One column: its dtype, the layer that prepares it, and how it is encoded."""

    def __init__(self, dtype, preprocessor, output_mode):
        if output_mode not in _OUTPUTS:
            raise ValueError(unknown_name("`output_mode` of a feature", output_mode, _OUTPUTS))
        self.dtype = dtype
        self.preprocessor = _layer(preprocessor)
        self.output_mode = output_mode

    def get_config(self) -> dict:
        from kerata.saving.serialization import serialize_keras_object

        layer = serialize_keras_object(self.preprocessor)
        if isinstance(self.preprocessor, TFDIdentity):
            layer.update(module=_PLACE, registered_name="TFDIdentity")
        return {"dtype": self.dtype, "preprocessor": layer, "output_mode": self.output_mode}

    @classmethod
    def from_config(cls, config: dict) -> Feature:
        return cls(**config)


class TFDIdentity(DataLayer):
    """Gives its inputs."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)

    def call(self, x):
        return x


def _layer(value):
    """A layer, or one made from its config."""
    if not isinstance(value, dict):
        return value
    from kerata.saving.serialization import deserialize_keras_object

    if value.get("class_name") == "TFDIdentity" and value.get("registered_name") in ("TFDIdentity", None):
        return TFDIdentity.from_config(dict(value.get("config") or {}))
    return deserialize_keras_object(value, safe_mode=None)


class FeatureSpace(Layer):
    """Columns of a table - numbers, categories, texts of few values - as one vector a row, or a vector each.

    Vocabularies, means and boundaries are learned by `adapt(data)`. A call takes a dict of columns, or of the values of
    one row. It works on every backend, and also in `tf.data` pipelines.

    Args:
        features: dictionary of names of columns and what they are: "float", "float_normalized", "float_rescaled",
            "float_discretized", "integer_categorical", "string_categorical", "integer_hashed", "string_hashed", or what
            the class methods of these names give.
        output_mode: "concat" (the default): one vector a row; "dict": a dict of encoded columns.
        crosses: combinations of categorical features: tuples of names, or what `FeatureSpace.cross` gives; none by default.
        crossing_dim, hashing_dim, num_discretization_bins: how many buckets crosses, hashed features and discretized
            ones have unless they say so themselves; 32 by default.
        name: its name; made up by default.

    Raises:
        ValueError: without features, or for unknown kinds and modes.

    >>> table = {"age": np.array([20.0, 40.0]), "town": np.array(["Rome", "Oslo"])}
    >>> space = kerata.utils.FeatureSpace({"age": "float_normalized", "town": "string_categorical"})
    >>> space.adapt([table])
    >>> space(table)  # [[-1.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 1.0]]
    """

    def __init__(self, features, output_mode="concat", crosses=None, crossing_dim=32, hashing_dim=32,
                 num_discretization_bins=32, name=None):  # fmt: skip
        super().__init__(name=name)
        if not features:
            raise ValueError("FeatureSpace needs `features`: a dict from names of columns to what they are; got none.")
        if output_mode not in ("concat", "dict"):
            raise ValueError(unknown_name("`output_mode` of FeatureSpace", output_mode, ("concat", "dict")))
        self.crossing_dim, self.hashing_dim = crossing_dim, hashing_dim
        self.num_discretization_bins, self.output_mode = num_discretization_bins, output_mode
        self.features = {n: self._feature(n, f) for n, f in features.items()}
        self.crosses = [self._cross(c) for c in crosses or ()]
        self.preprocessors = {n: f.preprocessor for n, f in self.features.items()}
        self.crossers = {c.name: HashedCrossing(c.crossing_dim, name=c.name) for c in self.crosses}
        self.one_hot_encoders: dict = {}
        self._is_adapted = False
        self._spec = None
        self._encoded = None

    def _feature(self, name: str, feature) -> Feature:
        if isinstance(feature, Feature):
            return feature
        if isinstance(feature, dict):
            return Feature.from_config(feature.get("config", feature))
        kinds = {
            "float": self.float, "float_normalized": self.float_normalized, "float_rescaled": self.float_rescaled,
            "float_discretized": lambda name: self.float_discretized(self.num_discretization_bins, name=name),
            "integer_categorical": self.integer_categorical, "string_categorical": self.string_categorical,
            "integer_hashed": lambda name: self.integer_hashed(self.hashing_dim, name=name),
            "string_hashed": lambda name: self.string_hashed(self.hashing_dim, name=name),
        }  # fmt: skip
        if not isinstance(feature, str) or feature not in kinds:
            raise ValueError(unknown_name(f"the kind of feature {name!r}", feature, kinds))
        return kinds[feature](name=name)

    def _cross(self, cross) -> Cross:
        if isinstance(cross, dict):
            cross = Cross.from_config(cross.get("config", cross))
        elif not isinstance(cross, Cross):
            cross = Cross(cross, self.crossing_dim, "one_hot")
        for name in cross.feature_names:
            if name not in self.features:
                raise ValueError(unknown_name(f"a feature of the cross {cross.feature_names}", name, self.features))
            feature = self.features[name]
            if feature.dtype not in ("string", "int32", "int64") and not isinstance(feature.preprocessor, Discretization):
                raise ValueError(
                    f"The cross {cross.feature_names} combines categories: strings, integers or discretized numbers; "
                    f"feature {name!r} is of dtype {feature.dtype!r}."
                )
        if len(cross.feature_names) < 2:
            raise ValueError(f"A cross combines at least two features; got {cross.feature_names}.")
        return cross

    # -- kinds of features ------------------------------------------------------------------------------------
    @classmethod
    def cross(cls, feature_names, crossing_dim, output_mode="one_hot") -> Cross:
        """A combination of features, by a hash into buckets.

        Args:
            feature_names: names of two features or more.
            crossing_dim: number of buckets.
            output_mode: "one_hot" (the default) or "int".
        """
        return Cross(feature_names, crossing_dim, output_mode)

    @classmethod
    def feature(cls, dtype, preprocessor, output_mode) -> Feature:
        """A feature of your own.

        Args:
            dtype: of the column, such as "float32" or "string".
            preprocessor: the layer that prepares it.
            output_mode: "float"; "int"; "one_hot", for a layer that gives integers; or "ignore".
        """
        return Feature(dtype, preprocessor, output_mode)

    @classmethod
    def float(cls, name=None) -> Feature:
        """A number, taken as it is.

        Args:
            name: of its layer; made up by default.
        """
        return Feature("float32", TFDIdentity(name=_name(name, "float")), "float")

    @classmethod
    def float_rescaled(cls, scale=1.0, offset=0.0, name=None) -> Feature:
        """A number, as `number * scale + offset`.

        Args:
            scale, offset: numbers; 1.0 and 0.0 by default.
            name: of its layer; made up by default.
        """
        return Feature("float32", Rescaling(scale, offset, name=_name(name, "float_rescaled")), "float")

    @classmethod
    def float_normalized(cls, name=None) -> Feature:
        """A number, less the mean, divided by the standard deviation, which are learned.

        Args:
            name: of its layer; made up by default.
        """
        return Feature("float32", Normalization(axis=-1, name=_name(name, "float_normalized")), "float")

    @classmethod
    def float_discretized(cls, num_bins, bin_boundaries=None, output_mode="one_hot", name=None) -> Feature:
        """A number, as the bin in which it lies.

        Args:
            num_bins: how many bins of equally many samples are learned.
            bin_boundaries: numbers between the bins, instead; None by default.
            output_mode: "one_hot" (the default) or "int".
            name: of its layer; made up by default.
        """
        bins = {"bin_boundaries": bin_boundaries} if bin_boundaries is not None else {"num_bins": num_bins}
        return Feature("float32", Discretization(**bins, name=_name(name, "float_discretized")), output_mode)

    @classmethod
    def integer_categorical(cls, max_tokens=None, num_oov_indices=1, output_mode="one_hot", name=None) -> Feature:
        """A category that is a number, as its place in a vocabulary, which is learned.

        Args:
            max_tokens: greatest size of the vocabulary; None, the default, for no limit.
            num_oov_indices: places for numbers that are not in it; 1 by default.
            output_mode: "one_hot" (the default) or "int".
            name: of its layer; made up by default.
        """
        layer = IntegerLookup(max_tokens, num_oov_indices, name=_name(name, "integer_categorical"))
        return Feature("int32", layer, output_mode)

    @classmethod
    def string_categorical(cls, max_tokens=None, num_oov_indices=1, output_mode="one_hot", name=None) -> Feature:
        """A category that is a string, as its place in a vocabulary, which is learned.

        Args:
            max_tokens: greatest size of the vocabulary; None, the default, for no limit.
            num_oov_indices: places for strings that are not in it; 1 by default.
            output_mode: "one_hot" (the default) or "int".
            name: of its layer; made up by default.
        """
        layer = StringLookup(max_tokens, num_oov_indices, name=_name(name, "string_categorical"))
        return Feature("string", layer, output_mode)

    @classmethod
    def string_hashed(cls, num_bins, output_mode="one_hot", name=None) -> Feature:
        """A category that is a string, by a hash into buckets.

        Args:
            num_bins: number of buckets.
            output_mode: "one_hot" (the default) or "int".
            name: of its layer; made up by default.
        """
        return Feature("string", Hashing(num_bins, name=_name(name, "string_hashed")), output_mode)

    @classmethod
    def integer_hashed(cls, num_bins, output_mode="one_hot", name=None) -> Feature:
        """A category that is a number, by a hash into buckets.

        Args:
            num_bins: number of buckets.
            output_mode: "one_hot" (the default) or "int".
            name: of its layer; made up by default.
        """
        return Feature("int32", Hashing(num_bins, name=_name(name, "integer_hashed")), output_mode)

    # -- learning ---------------------------------------------------------------------------------------------
    def adapt(self, dataset) -> None:
        """Learn vocabularies, means and boundaries.

        Args:
            dataset: an iterable of dicts of columns (batches) or of values (rows), as a `tf.data.Dataset`; or one dict
                of arrays.
        """
        rows = self._columns(dataset)
        for name, layer in self.preprocessors.items():
            if isinstance(layer, Normalization | Discretization | IntegerLookup | StringLookup | TextVectorization):
                if _learns(layer):
                    if isinstance(layer, Normalization) and not layer.built:
                        layer.build((None, *rows[name].shape[1:]))
                    layer.adapt(rows[name])
        self._is_adapted = True
        self.get_encoded_features()
        self.built = True

    def _columns(self, dataset) -> dict[str, np.ndarray]:
        """Whole columns, of shape (rows, 1) at least, from dicts of batches or of values."""
        batches = [dataset] if isinstance(dataset, dict) else dataset
        if not hasattr(batches, "__iter__"):
            raise ValueError(f"adapt() of FeatureSpace takes a data set of dicts (a tf.data.Dataset, a list, ...); got {dataset!r}.")
        parts: dict[str, list] = {}
        for batch in batches:
            batch = batch[0] if isinstance(batch, tuple) else batch
            if not isinstance(batch, dict):
                raise ValueError(f"The data set for adapt() of FeatureSpace holds dicts of columns; got {type(batch).__name__}.")
            self._check_names(batch)
            for name in self.features:
                parts.setdefault(name, []).append(_column(to_host(batch[name])))
        if not parts:
            raise ValueError("adapt() of FeatureSpace was given no data.")
        return {n: np.concatenate(columns) for n, columns in parts.items()}

    def _check_names(self, data) -> None:
        missing = [n for n in self.features if n not in data]
        if missing:
            raise ValueError(f"FeatureSpace {self.name!r} was given no column {', '.join(map(repr, missing))}; got {', '.join(data)}.")

    # -- computing --------------------------------------------------------------------------------------------
    def get_inputs(self) -> dict:
        """A symbolic tensor of shape (None, 1) for each feature, as the inputs of a model."""
        self._check_built()
        return dict(self._inputs)

    def get_encoded_features(self):
        """The symbolic outputs for `get_inputs()`."""
        if self._encoded is None:
            from kerata.layers.input_layer import Input

            self._check_adapted()
            self._inputs = {n: Input((1,), name=n, dtype=f.dtype) for n, f in self.features.items()}
            self._encoded = self._merge(*self._preprocess(self._inputs))
        return self._encoded

    def _check_built(self) -> None:
        self._check_adapted()
        self.get_encoded_features()

    def _check_adapted(self) -> None:
        if self._is_adapted:
            return
        if any(_learns(layer) and not _has_learned(layer) for layer in self.preprocessors.values()):
            raise ValueError(f"FeatureSpace {self.name!r} has not learned its vocabularies and statistics yet: call adapt(data) first.")
        self._is_adapted = True

    def __call__(self, data, *args, **kwargs):
        self._check_init()
        if not isinstance(data, dict):
            raise ValueError(f"FeatureSpace {self.name!r} takes a dict of columns; got {type(data).__name__}.")
        self._check_names(data)
        self._check_built()
        data = {n: data[n] for n in self.features}
        symbolic = any(isinstance(x, KerasTensor) for x in data.values())
        tf = sys.modules.get("tensorflow")
        in_graph = tf is not None and any(isinstance(x, tf.Tensor) and tf.is_symbolic_tensor(x) for x in data.values())
        with backend.backend_scope("tensorflow" if in_graph else self._backend):
            if symbolic or in_graph:
                ready = {n: tf.convert_to_tensor(x) if in_graph else x for n, x in data.items()}
            else:
                ready = {n: to_host(x) for n, x in data.items()}
            single = {len(x.shape) for x in ready.values()} == {0}
            out = self._merge(*self._preprocess({n: _batch(x, single) for n, x in ready.items()}))
            return tree.map_structure(lambda x: ops.squeeze(x, axis=0), out) if single else out

    def _preprocess(self, data: dict) -> tuple[dict, dict]:
        prepared = {n: self.preprocessors[n](self._ready(n, data[n])) for n in self.features}
        crossed = {c.name: self.crossers[c.name](tuple(prepared[n] for n in c.feature_names)) for c in self.crosses}
        return prepared, crossed

    def _ready(self, name: str, x):
        """A column of numbers as a tensor of the feature's dtype."""
        if isinstance(x, np.ndarray) and self.features[name].dtype.startswith("float"):
            return backend.current().convert(x.astype(self.features[name].dtype))
        return x

    def _merge(self, prepared: dict, crossed: dict):
        modes = {n: f.output_mode for n, f in self.features.items()} | {c.name: c.output_mode for c in self.crosses}
        out = {}
        for name, x in (*sorted(prepared.items()), *sorted(crossed.items())):
            if modes[name] == "ignore":
                continue
            out[name] = self._encode(name, x) if modes[name] == "one_hot" else x
        if self.output_mode == "dict":
            return out
        for name in out:
            if modes[name] == "int":
                raise ValueError(
                    f"Feature {name!r} is an integer, which cannot stand in one vector with others: give it "
                    "output_mode='one_hot', or the FeatureSpace output_mode='dict'."
                )
        return ops.concatenate([ops.cast(x, "float32") for x in out.values()], axis=-1)

    def _encode(self, name: str, x):
        encoder = self.one_hot_encoders.get(name)
        if encoder is None:
            encoder = self.one_hot_encoders[name] = CategoryEncoding(self._cardinality(name), output_mode="multi_hot")
        return encoder(x)

    def _cardinality(self, name: str) -> int:
        """How many values an integer feature has."""
        layer = self.crossers.get(name) or self.preprocessors[name]
        if isinstance(layer, IntegerLookup | StringLookup | TextVectorization):
            return layer.vocabulary_size()
        if isinstance(layer, Discretization):
            return layer.num_bins or len(layer.bin_boundaries) + 1  # even where fewer bins were found
        if isinstance(layer, Hashing | HashedCrossing):
            return layer.num_bins
        raise ValueError(
            f"How many values feature {name!r} has is not known of a {type(layer).__name__}: let it encode them itself, with "
            "output_mode='float'."
        )

    # -- configs and files ------------------------------------------------------------------------------------
    def get_config(self) -> dict:
        def described(x):
            name = type(x).__name__
            return {"module": _PLACE, "class_name": name, "config": x.get_config(), "registered_name": name}

        own = ("output_mode", "crossing_dim", "hashing_dim", "num_discretization_bins")
        return {
            "features": {n: described(f) for n, f in self.features.items()},
            "crosses": [described(c) for c in self.crosses],
            **{n: getattr(self, n) for n in own},
        }

    @classmethod
    def from_config(cls, config: dict):
        return cls(**{k: v for k, v in config.items() if k not in ("trainable", "dtype")})

    def get_build_config(self) -> dict:
        return {n: p.get_build_config() or {} for n, p in self.preprocessors.items()}

    def build_from_config(self, config: dict) -> None:
        """Build the layers of the features.

        Args:
            config: what `get_build_config` gave.
        """
        for name, layer in self.preprocessors.items():
            if config.get(name) and not layer.built:
                layer.build_from_config(config[name])
        self._is_adapted = True

    def build(self, input_shape):
        """The layers of the features are built by `adapt`, so nothing is made here.

        Args:
            input_shape: not used.
        """

    def save(self, filepath) -> None:
        """Write it to a `.keras` file, which `load_model` reads.

        Args:
            filepath: name of the file.
        """
        from kerata.saving import save_model

        save_model(self, filepath)

    def save_own_variables(self, store) -> None:
        """Nothing: it has no variables of its own.

        Args:
            store: not used.
        """

    def load_own_variables(self, store) -> None:
        """Nothing: it has no variables of its own.

        Args:
            store: not used.
        """


def _name(name: str | None, kind: str) -> str:
    from kerata.core.names import auto_name

    return f"{name or auto_name(kind)}_preprocessor"


def _learns(layer) -> bool:
    """Whether the layer learns from data, rather than having been told."""
    if isinstance(layer, Normalization):
        return layer.input_mean is None
    if isinstance(layer, Discretization):
        return layer.num_bins is not None
    if isinstance(layer, TextVectorization):
        layer = layer._lookup_layer
    return isinstance(layer, IntegerLookup | StringLookup) and layer.input_vocabulary is None


def _has_learned(layer) -> bool:
    if isinstance(layer, Normalization):
        return layer.built
    if isinstance(layer, Discretization):
        return layer.bin_boundaries is not None
    if isinstance(layer, TextVectorization):
        layer = layer._lookup_layer
    return layer._tokens is not None


def _column(x: np.ndarray) -> np.ndarray:
    """With axes (rows, values)."""
    return x.reshape(1, 1) if x.ndim == 0 else x[:, None] if x.ndim == 1 else x


def _batch(x, single: bool):
    """A column with axes (rows, 1)."""
    shape = tuple(x.shape)
    if single:
        return ops.reshape(x, (1, 1)) if not isinstance(x, np.ndarray) else x.reshape(1, 1)
    if len(shape) != 1:
        return x
    return x[:, None] if isinstance(x, np.ndarray) else ops.expand_dims(x, -1)
