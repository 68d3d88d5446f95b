"""Layers whose weights are in few bits: `quantize`, and how they are built, computed with, and kept in files.

Where the inputs are rounded too (int8, by default), a product is one of integers, divided by both scales afterwards
(Dettmers et al., 2022, https://arxiv.org/abs/2208.07339); else the weight is read back as floats for it. Either way the
gradient reaches the inputs, while the weight stays as it is. In the float8 form weights stay floats and train.
"""

from __future__ import annotations

from kerata import ops
from kerata.core import dtype_policy as policies
from kerata.core.configurable import is_own
from kerata.core.errors import unknown_name
from kerata.layers._float8 import Float8
from kerata.layers.adapters import LowRank

_FIRST_STORED = ("int8", "int4")  # modes whose files begin with the integers


def config_for(mode, config):
    """`(mode, config)`, each found from the other."""
    from kerata import quantizers

    if config is None and mode is None:
        raise ValueError("quantize() takes `mode` or `config`, or both.")
    if mode is not None and mode not in policies.QUANTIZATION_MODES:
        raise ValueError(unknown_name("quantization mode", mode, policies.QUANTIZATION_MODES))
    if config is None:
        needed = {"gptq": "GPTQConfig", "awq": "AWQConfig"}
        if mode in needed:
            raise ValueError(f"Quantization with {mode!r} looks at data: pass it as `config`, a kerata.quantizers.{needed[mode]}.")
        kinds = {"int8": "Int8QuantizationConfig", "int4": "Int4QuantizationConfig", "float8": "Float8QuantizationConfig"}
        return mode, getattr(quantizers, kinds[mode])()
    if not isinstance(config, quantizers.QuantizationConfig):
        raise ValueError(f"`config` is a kerata.quantizers.QuantizationConfig; got {config!r}.")
    if mode is not None and config.mode != mode:
        raise ValueError(f"`mode` is {mode!r} and `config` is for {config.mode!r}: leave one out.")
    return config.mode, config


def read_config(config):
    """A quantization config from itself or its form in files."""
    if config is None:
        return None
    from kerata import quantizers

    return quantizers.get(config)


def _policy(mode: str, config, source: str):
    if mode == "int8":
        return policies.QuantizedDTypePolicy("int8", source)
    if mode == "int4":
        return policies.Int4DTypePolicy(f"int4/{config.block_size or -1}", source)
    if mode == "float8":
        return policies.QuantizedFloat8DTypePolicy("float8", source)
    kind = policies.GPTQDTypePolicy if mode == "gptq" else policies.AWQDTypePolicy
    return kind(config.dtype_policy_string(), source)


class Quantizable(LowRank):
    """Mixin for layers with a main weight `_<name>` (see `LowRank`) that can be in few bits.

    A layer gives `_make_codecs(shape)`, and `_contraction` if it multiplies. In `build` it calls `_build_main(shape)`, and where
    `quantization_mode` is set, `call` uses `_product` or the codec's `rows`.
    """

    _modes: tuple[str, ...] = ("int8", "int4")
    _codecs: tuple = ()
    _float8 = None
    _contraction = None
    is_gptq_calibrated = is_awq_calibrated = False
    quantization_config = None
    _main_shape: tuple = ()

    # -- building ---------------------------------------------------------------------------------------------
    def _build_main(self, shape, make_float) -> None:
        """Make the main weight in the form that the dtype policy names; `make_float()` makes it as floats."""
        mode = self.quantization_mode
        self._main_shape = tuple(shape)
        if mode is not None:
            self._check_mode(mode)
        if mode == "float8":
            self._float8 = Float8(self, self._adapted)
        if mode in (None, "float8"):
            setattr(self, f"_{self._adapted}", make_float())
            return
        self._build_codecs(mode)

    def _build_codecs(self, mode: str) -> None:
        self._codecs = self._make_codecs(mode, self._main_shape)
        for codec, shape in zip(self._codecs, self._coded_shapes()):
            codec.build(shape)

    def _coded_shapes(self) -> list:
        return [self._main_shape]

    def _adapted_shape(self) -> tuple:
        return self._main_shape or super()._adapted_shape()

    def _check_mode(self, mode: str) -> None:
        if mode not in self._modes:
            raise NotImplementedError(
                f"Layer {self.name!r} ({type(self).__name__}) cannot be quantized with {mode!r}; it can with {', '.join(self._modes)}."
            )

    def _block_size(self) -> int:
        size = getattr(self._dtype_policy, "block_size", None)
        if size is None:
            size = getattr(self.quantization_config, "block_size", None)
        return -1 if size is None else size

    def quantize(self, mode=None, type_check: bool = True, config=None):
        """Put the main weight into fewer bits.

        Args:
            mode: "int8", "int4", "float8" (the weight stays as it is, and products are in float8), "gptq" or "awq".
            type_check: whether to refuse classes of users, whose `call` may use the weight otherwise.
            config: how, a `kerata.quantizers.QuantizationConfig`; for "gptq" and "awq" it has the data (and
                `model.quantize` looks at them).
        """
        if type_check and not is_own(type(self)):
            raise NotImplementedError(
                f"{type(self).__name__} has a `call` of its own, which may not know quantized weights; pass type_check=False if "
                "it does."
            )
        if not self.built:
            raise ValueError(f"Layer {self.name!r} ({type(self).__name__}) has no weights yet: build it before quantize().")
        mode, config = config_for(mode, config)
        if self.quantization_mode is not None:
            raise ValueError(f"Layer {self.name!r} is quantized already (dtype policy {self._dtype_policy.name!r}).")
        self._check_mode(mode)
        from kerata import backend

        with backend.backend_scope(self._backend):
            self._quantize(mode, config)
        self._fast = False

    def _quantize(self, mode: str, config) -> None:
        source = self._dtype_policy.name
        weights = self._coded_weights()
        self._main_shape = tuple(weights[0].shape)
        self.quantization_config = config
        self._set_dtype_policy(_policy(mode, config, source))
        if mode == "float8":
            self._float8 = Float8(self, self._adapted)
            return
        if mode in ("gptq", "awq"):  # the floats serve until `take_calibrated`
            self._build_codecs(mode)
            return
        values = [w.value for w in weights]
        for weight in weights:
            self._forget(weight)
        self._build_codecs(mode)
        for codec, value in zip(self._codecs, values):
            codec.write(codec.encode(value))

    def _coded_weights(self) -> list:
        return [self._main()]

    def _forget(self, variable) -> None:
        """Let go of a weight that another form replaces."""
        from kerata.core.variable import Variable

        self._weights = [w for w in self._weights if w is not variable]
        for name, value in list(self.__dict__.items()):
            if value is variable:
                del self.__dict__[name]
        Variable.trainable_changes += 1

    def take_calibrated(self, values: dict) -> None:
        """Take the integers, scales and zero points that were found on data, and let the floats go."""
        self._codecs[0].write(values)
        self._forget(self._main())
        self._settle_calibration()

    def _settle_calibration(self) -> None:
        setattr(self, f"is_{self.quantization_mode}_calibrated", True)
        self._fast = False

    # -- computing --------------------------------------------------------------------------------------------
    def _decoded(self, dtype: str | None = None):
        """The main weight as floats, without an adapter."""
        if not self._codecs or (f"_{self._adapted}" in self.__dict__ and self.quantization_mode in ("gptq", "awq")):
            return self._main()
        return self._codecs[0].decode(dtype or self.compute_dtype)

    def _with_adapter(self):
        if not self._codecs:
            return super()._with_adapter()
        if not self.lora_enabled:
            codec = self._codecs[0]
            if self.quantization_mode == "int8":
                return self._main()
            return codec.integers() if self.quantization_mode == "int4" else self._decoded()
        return ops.add(self._decoded(), self._adapter_product())

    def _product(self, x, training=None):
        """The layer's product of `x` with its weight, in the form that the dtype policy names."""
        if self._float8 is not None:
            return self._float8.product(self._contraction, x, self._with_adapter(), training)
        return self._coded_product(self._contraction, self._codecs[0], x, self._adapter_product())

    def _coded_product(self, contraction, codec, x, adapter=None, turned: bool = False):
        """`x` times a coded weight (transposed if `turned`), plus `x` times `adapter`, if there is one."""
        turn = ops.transpose if turned else (lambda weight: weight)
        if codec.whole:
            y = self._whole_product(contraction, codec, x, turn)
        else:
            y = contraction.forward(x, turn(self._decoded() if codec is self._codecs[0] else codec.decode(self.compute_dtype)))
        return y if adapter is None else ops.add(y, contraction.forward(x, turn(adapter)))

    def _activation_quantizer(self):
        config = self.quantization_config
        if config is not None:
            return config.activation_quantizer
        from kerata.quantizers import AbsMaxQuantizer

        return AbsMaxQuantizer() if self.quantization_mode == "int8" else None

    def _whole_product(self, contraction, codec, x, turn):
        """The product with the integers, scaled afterwards."""
        dtype, quantizer = self.compute_dtype, self._activation_quantizer()

        @ops.custom_gradient
        def product(x, integers, scale):
            def gradient(*args, upstream=None):
                upstream = args[0] if upstream is None else upstream
                return contraction.backward(upstream, turn(codec.unscaled(integers, scale, dtype))), None, None

            whole = scale
            if quantizer is not None:
                x, x_scale = quantizer(x, axis=contraction.input_axes)
                whole = ops.multiply(scale, contraction.on_output(x_scale))
            y = contraction.forward(x, turn(integers))
            return ops.cast(ops.divide(ops.cast(y, dtype), whole), dtype), gradient

        return product(x, codec.integers(), codec.output_scale())

    # -- files ------------------------------------------------------------------------------------------------
    def _stored_variables(self) -> list:
        """The order of Keras's files: the integers first, with GPTQ and AWQ after the bias; what float8 needs last."""
        own = super()._stored_variables()
        if self._float8 is not None:
            late = {id(v) for v in self._float8.variables()}
            return [v for v in own if id(v) not in late] + [v for v in own if id(v) in late]
        if not self._codecs:
            return own
        main = self.__dict__.get(f"_{self._adapted}")
        if self.quantization_mode in _FIRST_STORED:
            return sorted(own, key=lambda v: v is not main)
        return [v for v in own if v is not main]

    def _merged_values(self) -> dict:
        if not self._codecs:
            return super()._merged_values()
        codec = self._codecs[0]
        merged = codec.encode(ops.add(self._decoded("float32"), ops.cast(self._adapter_product(), "float32")))
        return {id(variable): merged[key] for key, variable in codec.variables().items()}

    def load_own_variables(self, store):
        super().load_own_variables(store)
        if self.quantization_mode in ("gptq", "awq") and self._codecs:
            if f"_{self._adapted}" in self.__dict__:
                self._forget(self._main())
            self._settle_calibration()
