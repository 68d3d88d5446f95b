"""`model.export(path, format=...)`."""

from __future__ import annotations

import os
import re
import warnings

from kerata.core.errors import need, unknown_name
from kerata.export.signatures import on_backend, signature_of


def export_model(model, filepath, format="tf_saved_model", verbose=None, input_signature=None, **kwargs) -> None:
    """Write a model for use without Kerata.

    Args:
        model: a built model, on any backend: where the format wants another one, a copy is moved to it.
        filepath: where to; a folder for "tf_saved_model", else a file.
        format: "tf_saved_model" (TensorFlow Serving, TF.js), "torch" (`torch.export.load`), "onnx", "openvino" or
            "litert" (formerly TensorFlow Lite).
        verbose: whether to say what was written; by default yes.
        input_signature: a structure of `InputSpec`s or KerasTensors; by default what the model was built for.
        **kwargs: for the format's own exporter.

    Raises:
        ImportError: if the package of the format is not installed.
        ValueError: for an unknown format, or a model whose inputs are not known.
    """
    exporter = _FORMATS.get(format)
    if exporter is None:
        raise ValueError(unknown_name("format of export()", format, _FORMATS))
    filepath = os.fspath(filepath)
    exporter(model, filepath, signature_of(model, input_signature), kwargs)
    if verbose is None or verbose:
        print(f"Saved {model.name!r} as {format} at {filepath!r}.")


def _saved_model(model, filepath: str, signature, options: dict) -> None:
    from kerata.export.archive import ExportArchive

    archive = ExportArchive()
    archive.track_and_add_endpoint("serve", model, signature)
    archive.write_out(filepath, verbose=False, **options)


def _litert(model, filepath: str, signature, options: dict) -> None:
    import tempfile

    tf = need("tensorflow", "export(format='litert')", "tensorflow")
    with tempfile.TemporaryDirectory() as folder:
        _saved_model(model, folder, signature, {})
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        for key, value in options.items():
            setattr(converter, key, value)
        content = _converted(tf, converter, model.name)
    with open(filepath, "wb") as file:
        file.write(content)


def _converted(tf, converter, name: str) -> bytes:
    """The file; with TensorFlow's own operations where LiteRT has none for what the model does."""
    try:
        return converter.convert()
    except Exception as e:
        selected = tf.lite.OpsSet.SELECT_TF_OPS
        if type(e).__name__ != "ConverterError" or selected in converter.target_spec.supported_ops:
            raise
        converter.target_spec.supported_ops = [*converter.target_spec.supported_ops, selected]
    try:
        content = converter.convert()
    except Exception as e:
        if type(e).__name__ != "ConverterError":
            raise
        lacking = ", ".join(sorted(set(re.findall(r"'tf\.(\w+)' op is neither", str(e))))) or "see above"
        raise ValueError(
            f"export() of {name!r}: neither LiteRT nor TensorFlow's part of it has all operations of the model (lacking: {lacking}). "
            "Export it as 'onnx', 'openvino' or 'tf_saved_model'."
        ) from e
    warnings.warn(
        f"export() of {name!r}: LiteRT has no operation of its own for part of the model, so that the file runs only where "
        "TensorFlow's are linked in (the Flex delegate; tf.lite.Interpreter has it).", stacklevel=6,
    )  # fmt: skip
    return content


def _torch(model, filepath: str, signature, options: dict) -> None:
    torch = need("torch", "export(format='torch')", "torch")
    torch.export.save(_program(model, signature, options), filepath)


def _onnx(model, filepath: str, signature, options: dict) -> None:
    for package in ("onnx", "onnxscript"):
        need(package, "export(format='onnx')")
    torch = need("torch", "export(format='onnx')", "torch")
    torch.onnx.export(_program(model, signature, {}), (), filepath, **options)


def _openvino(model, filepath: str, signature, options: dict) -> None:
    openvino = need("openvino", "export(format='openvino')")
    openvino.save_model(openvino.convert_model(_program(model, signature, {}), **options), filepath)


def _program(model, signature, options: dict):
    from kerata.backend.torch.export import program

    need("torch", "export()", "torch")
    return program(on_backend(model, "torch"), signature, **options)


_FORMATS = {
    "tf_saved_model": _saved_model, "torch": _torch, "onnx": _onnx, "openvino": _openvino, "litert": _litert,
}  # fmt: skip
