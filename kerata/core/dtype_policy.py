"""Dtype policies: in which dtype a layer computes, and in which it keeps its weights."""

from __future__ import annotations

import functools

from kerata.core import config, dtypes
from kerata.core.errors import unknown_name

_MIXED = {"mixed_float16": "float16", "mixed_bfloat16": "bfloat16"}
QUANTIZATION_MODES = ("int8", "float8", "int4", "gptq", "awq")


class DTypePolicy:
    """In which dtype a layer computes, and in which it keeps its weights.

    Args:
        name: a dtype ("float32", "bfloat16", ...) for both; or "mixed_float16", "mixed_bfloat16": compute in 16 bits,
            keep weights in float32; or None, the default, for the global policy.

    Raises:
        ValueError: for an unknown name.

    Source of mixed precision: Micikevicius et al. (2017), https://arxiv.org/abs/1710.03740

    >>> p = kerata.DTypePolicy("mixed_bfloat16")
    >>> p.compute_dtype, p.variable_dtype
    ('bfloat16', 'float32')
    """

    def __init__(self, name: str | None = None):
        if name is None:
            name = dtype_policy().name
        self._name = str(name)
        self._compute_dtype, self._variable_dtype = self._parse_name(self._name)
        self._quantization_mode = None

    def _parse_name(self, name: str) -> tuple[str, str]:
        if name in _MIXED:
            return _MIXED[name], "float32"
        try:
            dtype = dtypes.standardize_dtype(name)
        except ValueError:
            known = [*_MIXED, "float32", "float16", "bfloat16", "float64"]
            raise ValueError(unknown_name("dtype policy", name, known)) from None
        return dtype, dtype

    @property
    def name(self) -> str:
        """The policy's name, such as "mixed_bfloat16"."""
        return self._name

    @property
    def compute_dtype(self) -> str:
        """The dtype of a layer's computations and outputs."""
        return self._compute_dtype

    @property
    def variable_dtype(self) -> str:
        """The dtype of a layer's weights."""
        return self._variable_dtype

    @property
    def quantization_mode(self) -> str | None:
        """The mode of a quantized layer, such as "int8"; None for others."""
        return self._quantization_mode

    def convert_input(self, x, autocast: bool, dtype):
        """A layer's input as a tensor in its compute dtype.

        Args:
            x: an array or tensor; anything else is given back.
            autocast: whether floats of other widths are cast.
            dtype: name of the dtype to cast to.

        Returns:
            A tensor of the same shape.
        """
        from kerata import backend, ops
        from kerata.core.keras_tensor import KerasTensor

        b = backend.current()
        dtype = dtypes.standardize_dtype(dtype)
        if not (isinstance(x, KerasTensor) or b.is_tensor(x)):
            if not hasattr(x, "__array__"):
                return x
            x = b.convert(x)
        have = dtypes.standardize_dtype(x.dtype)
        return ops.cast(x, dtype) if autocast and have in dtypes.FLOATS and have != dtype else x

    def get_config(self) -> dict:
        """What `from_config` needs to make the policy again."""
        return {"name": self._name}

    @classmethod
    def from_config(cls, config: dict):
        """The policy of a config.

        Args:
            config: what `get_config` gave.
        """
        return cls(**config)

    def __eq__(self, other) -> bool:
        return type(self) is type(other) and self.get_config() == other.get_config()

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._name))

    def __repr__(self) -> str:
        return f'<{type(self).__name__} "{self._name}">'


FloatDTypePolicy = DTypePolicy


class QuantizedDTypePolicy(DTypePolicy):
    """A policy for layers whose weights are quantized; its name is "<mode>_from_<source_name>".

    Args:
        mode: "int8", "int4", "float8", "gptq" or "awq".
        source_name: name of the policy before quantization, which still gives the other dtypes; the global one by default.

    Raises:
        ValueError: for an unknown mode or source.

    >>> p = kerata.dtype_policies.QuantizedDTypePolicy("int8", "mixed_bfloat16")
    >>> p.name, p.quantization_mode, p.compute_dtype
    ('int8_from_mixed_bfloat16', 'int8', 'bfloat16')
    """

    def __init__(self, mode: str, source_name: str | None = None):
        self._quantization_mode = self._parse_mode(mode)
        self._mode = mode
        self._source_name = source_name or dtype_policy().name
        self._name = f"{mode}_from_{self._source_name}"
        self._compute_dtype, self._variable_dtype = self._parse_name(self._source_name)

    def _parse_mode(self, mode) -> str:
        if mode not in QUANTIZATION_MODES:
            raise ValueError(unknown_name("quantization mode", mode, QUANTIZATION_MODES))
        return mode

    def get_config(self) -> dict:
        return {"mode": self._mode, "source_name": self._source_name}


class _ModeWithNumbers(QuantizedDTypePolicy):
    """A policy whose mode has numbers behind it: "int4/128"; they become attributes."""

    mode = ""
    _numbers: tuple[str, ...] = ()
    _bits: tuple[int, ...] = ()

    def _parse_mode(self, mode) -> str:
        wanted = "/".join((self.mode, *(f"<{n}>" for n in self._numbers)))
        parts = str(mode).split("/")
        if parts[0] != self.mode or len(parts) != len(self._numbers) + 1:
            raise ValueError(f"The mode of a {type(self).__name__} has the form {wanted!r}; got {mode!r}.")
        for name, part in zip(self._numbers, parts[1:]):
            try:
                setattr(self, name, int(part))
            except ValueError:
                raise ValueError(f"<{name}> in the mode {wanted!r} is an integer; got {mode!r}.") from None
        size = getattr(self, self._numbers[-1])
        if size < -1 or size == 0:
            raise ValueError(f"<{self._numbers[-1]}> in the mode {wanted!r} is -1 (all in one) or a positive integer; got {mode!r}.")
        if self._bits and self.weight_bits not in self._bits:
            known = ", ".join(map(str, self._bits))
            raise ValueError(f"<weight_bits> in the mode {wanted!r} is one of {known}; got {mode!r}.")
        return self.mode


class Int4DTypePolicy(_ModeWithNumbers):
    """A policy for int4 weights with a scale for each block of inputs.

    Args:
        mode: "int4/<block_size>": how many inputs share a scale; -1 for all of them.
        source_name: name of the policy before quantization; the global one by default.

    Raises:
        ValueError: for a mode of another form.

    >>> kerata.dtype_policies.Int4DTypePolicy("int4/64", "float32").block_size
    64
    """

    mode, _numbers = "int4", ("block_size",)


class GPTQDTypePolicy(_ModeWithNumbers):
    """A policy for weights quantized by GPTQ.

    Args:
        mode: "gptq/<weight_bits>/<group_size>", with 2, 3, 4 or 8 bits, and the number of inputs that share a scale (-1
            for all).
        source_name: name of the policy before quantization; the global one by default.

    Raises:
        ValueError: for a mode of another form.

    Source: Frantar et al. (2022), https://arxiv.org/abs/2210.17323

    >>> p = kerata.dtype_policies.GPTQDTypePolicy("gptq/4/128", "float32")
    >>> p.weight_bits, p.group_size
    (4, 128)
    """

    mode, _numbers, _bits = "gptq", ("weight_bits", "group_size"), (2, 3, 4, 8)


class AWQDTypePolicy(_ModeWithNumbers):
    """A policy for weights quantized by AWQ.

    Args:
        mode: "awq/4/<group_size>": 4 bits, and the number of inputs that share a scale (-1 for all).
        source_name: name of the policy before quantization; the global one by default.

    Raises:
        ValueError: for a mode of another form.

    Source: Lin et al. (2023), https://arxiv.org/abs/2306.00978

    >>> kerata.dtype_policies.AWQDTypePolicy("awq/4/64", "float32").group_size
    64
    """

    mode, _numbers, _bits = "awq", ("weight_bits", "group_size"), (4,)


class QuantizedFloat8DTypePolicy(QuantizedDTypePolicy):
    """A policy for training with products in float8.

    Args:
        mode: "float8".
        source_name: name of the policy before quantization; the global one by default.
        amax_history_length: integer, how many of the last steps' largest magnitudes set the scale; 1024 by default.

    Raises:
        TypeError: if the length is no integer.

    Source: Micikevicius et al. (2022), https://arxiv.org/abs/2209.05433

    >>> kerata.dtype_policies.QuantizedFloat8DTypePolicy("float8", "float32").amax_history_length
    1024
    """

    default_amax_history_length = 1024

    def __init__(self, mode: str, source_name: str | None = None, amax_history_length: int = 1024):
        super().__init__(mode, source_name)
        if not isinstance(amax_history_length, int):
            raise TypeError(f"`amax_history_length` must be an integer, not {amax_history_length!r}.")
        self._amax_history_length = amax_history_length

    @property
    def amax_history_length(self) -> int:
        """How many largest magnitudes set the scale."""
        return self._amax_history_length

    def get_config(self) -> dict:
        return {**super().get_config(), "amax_history_length": self._amax_history_length}


_chosen: DTypePolicy | None = None
_of_floatx = functools.cache(DTypePolicy)


def dtype_policy() -> DTypePolicy:
    """The global policy, of layers that are given no `dtype`: that of floatx until `set_dtype_policy` is called.

    >>> kerata.config.dtype_policy().name
    'float32'
    """
    return _of_floatx(config.floatx()) if _chosen is None else _chosen


def set_dtype_policy(policy) -> None:
    """Make a policy the global one, for layers made from now on.

    Args:
        policy: a `DTypePolicy`, its name or its config.

    Raises:
        ValueError: for what stands for no policy.

    >>> kerata.config.set_dtype_policy("mixed_bfloat16")
    >>> kerata.layers.Dense(2).compute_dtype
    'bfloat16'
    >>> kerata.config.set_dtype_policy("float32")
    """
    global _chosen
    _chosen = get(policy)


def forget_chosen() -> None:
    """Go back to the policy that follows floatx."""
    global _chosen
    _chosen = None


def get(identifier) -> DTypePolicy:
    """A policy from whatever a layer's `dtype` argument may hold.

    Args:
        identifier: a policy (given back as it is), a name, a dtype, a config, or None for the global policy.

    Returns:
        A `DTypePolicy` (or `DTypePolicyMap`).

    Raises:
        ValueError: for anything else.

    >>> kerata.dtype_policies.get("int8_from_float32").quantization_mode
    'int8'
    """
    if identifier is None:
        return dtype_policy()
    if isinstance(identifier, DTypePolicy) or hasattr(identifier, "default_policy"):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        return _named(identifier)
    try:
        return DTypePolicy(dtypes.standardize_dtype(identifier))
    except ValueError:
        raise ValueError(
            f"A dtype policy is given as a DTypePolicy, a name such as 'float32' or 'mixed_bfloat16', or a config; "
            f"got {identifier!r}."
        ) from None


def _named(name: str) -> DTypePolicy:
    """The policy of a name: "mixed_bfloat16", "int8_from_float32", "int4/128_from_float32"."""
    mode, _, source = name.partition("_from_")
    first = mode.partition("/")[0]
    if first not in QUANTIZATION_MODES:
        return DTypePolicy(name)
    if not source:
        raise ValueError(f"A quantized dtype policy is named by its mode and its source, such as '{mode}_from_float32'; got {name!r}.")
    kinds = {"float8": QuantizedFloat8DTypePolicy, "gptq": GPTQDTypePolicy, "awq": AWQDTypePolicy}
    kind = Int4DTypePolicy if first == "int4" and mode != "int4" else kinds.get(first, QuantizedDTypePolicy)
    return kind(mode, source)


def serialize(dtype_policy) -> dict:
    """The config of a policy, as files hold it.

    Args:
        dtype_policy: a `DTypePolicy` or `DTypePolicyMap`.

    Returns:
        A dictionary that `deserialize` takes.

    >>> kerata.dtype_policies.serialize(kerata.DTypePolicy("float16"))["config"]
    {'name': 'float16'}
    """
    from kerata.saving import serialize_keras_object

    return serialize_keras_object(dtype_policy)


def deserialize(config: dict, custom_objects=None) -> DTypePolicy:
    """The policy that `serialize` wrote down.

    Args:
        config: dictionary with "class_name" and "config".
        custom_objects: dictionary of further names and their classes; None by default.

    Returns:
        A `DTypePolicy` or `DTypePolicyMap`.

    Raises:
        ValueError: for an unknown class.

    >>> kerata.dtype_policies.deserialize({"class_name": "DTypePolicy", "config": {"name": "float16"}}).name
    'float16'
    """
    from kerata.core.dtype_policy_map import DTypePolicyMap

    known = (
        DTypePolicy, QuantizedDTypePolicy, QuantizedFloat8DTypePolicy, Int4DTypePolicy, GPTQDTypePolicy, AWQDTypePolicy,
        DTypePolicyMap,
    )  # fmt: skip
    classes = {c.__name__: c for c in known}
    name = config.get("class_name")
    if name == "FloatDTypePolicy":
        name = "DTypePolicy"
    if name in classes:
        return classes[name].from_config(config["config"])
    from kerata.saving import deserialize_keras_object

    return deserialize_keras_object(config, custom_objects=custom_objects)
