"""ExportArchive: several functions of a model in one SavedModel of TensorFlow."""

from __future__ import annotations

import os

from kerata.core.errors import need
from kerata.export.signatures import on_backend, signature_of


class ExportArchive:
    """Functions of a model in one SavedModel, which TensorFlow runs without Kerata.

    Layers and models of other backends than TensorFlow are copied to it: what is changed in them later is not seen.

    Args:
        format: "saved_model", the only one.

    Raises:
        ValueError: for another format.
        ImportError: without TensorFlow.

    Example (not run):

        archive = kerata.export.ExportArchive()
        archive.track(model)
        spec = kerata.InputSpec(shape=(None, 3), dtype="float32")
        archive.add_endpoint("serve", model.__call__, input_signature=[spec])
        archive.write_out("folder")
        tensorflow.saved_model.load("folder").serve(x)
    """

    def __init__(self, format="saved_model", **kwargs):
        if format != "saved_model":
            raise ValueError(f"ExportArchive writes the format 'saved_model' alone; got {format!r}.")
        if kwargs:
            raise TypeError(f"ExportArchive() takes no argument {', '.join(map(repr, kwargs))}.")
        self._tf = need("tensorflow", "ExportArchive", "tensorflow")
        self._module = self._tf.Module()
        self._endpoints: dict[str, object] = {}
        self._tracked: list[tuple] = []  # (what was given, what stands for it on TensorFlow)

    def track(self, resource):
        """Make the variables of a layer or model part of the archive.

        Args:
            resource: a layer or model that is built.

        Returns:
            What stands for it on TensorFlow: itself, or a copy.

        Raises:
            ValueError: if it is not built, or no layer or model.
        """
        for given, ours in self._tracked:
            if given is resource:
                return ours
        if not hasattr(resource, "_backend"):
            raise ValueError(f"ExportArchive.track() takes a layer or model; got {resource!r} ({type(resource).__name__}).")
        if not resource.built:
            raise ValueError(f"{resource.name!r} must be built before it is tracked: call it on a batch first.")
        ours = on_backend(resource, "tensorflow")
        self._tracked.append((resource, ours))
        self._keep(f"_variables_{len(self._tracked)}", ours.variables)
        return ours

    def _keep(self, name: str, variables) -> None:
        setattr(self._module, name, [getattr(v, "_value", v) for v in variables])

    def add_endpoint(self, name, fn, input_signature=None, **kwargs):
        """Add a function.

        Args:
            name: the attribute under which it is found in the loaded archive.
            fn: a method of something that is tracked, or (on the TensorFlow backend) a function of tensors.
            input_signature: a list with an `InputSpec`, KerasTensor or `tf.TensorSpec` (or a structure of them) for
                each argument; not needed for a `tf.function` that has one.
            **kwargs: for `tf.function`.

        Returns:
            The `tf.function`.
        """
        if name in self._endpoints or hasattr(self._module, name):
            raise ValueError(f"The archive has an endpoint {name!r} already; endpoints: {list(self._endpoints)}.")
        if input_signature is None:
            if not hasattr(fn, "get_concrete_function"):
                raise ValueError(f"add_endpoint({name!r}) needs `input_signature`, a list with a spec for each argument of the function.")
            compiled = fn
        else:
            from kerata.backend.tensorflow.trackable import endpoint_of

            compiled = endpoint_of(self._ours(fn), [signature_of(None, one) for one in input_signature], **kwargs)
        setattr(self._module, name, compiled)
        self._endpoints[name] = compiled
        return compiled

    def _ours(self, fn):
        """A method of what was tracked, as the method of what stands for it."""
        owner = getattr(fn, "__self__", fn)
        for given, ours in self._tracked:
            if owner is given:
                return ours if fn is given else getattr(ours, fn.__name__)
            if given is not ours and _mentions(fn, given):
                raise ValueError(
                    f"The function of the endpoint uses {given.name!r}, which is on the {given._backend.name!r} backend. Pass a "
                    "method of it, or write the function for what `archive.track(...)` gives: its copy on TensorFlow."
                )
        return fn

    def track_and_add_endpoint(self, name, resource, input_signature, **kwargs):
        """`track` a layer or model, and add its call as an endpoint.

        Args:
            name, input_signature, kwargs: see `add_endpoint`.
            resource: the layer or model.

        Returns:
            The `tf.function`.
        """
        ours = self.track(resource)
        one = isinstance(input_signature, list | tuple) and len(input_signature) == 1
        return self.add_endpoint(name, ours, [input_signature[0] if one else input_signature], **kwargs)

    def add_variable_collection(self, name, variables) -> None:
        """Make a list of variables an attribute of the loaded archive.

        Args:
            name: the attribute's name.
            variables: variables of what is tracked, or TensorFlow's.
        """
        ours = {id(g): t for given, copied in self._tracked for g, t in zip(given.variables, copied.variables)}
        self._keep(name, [ours.get(id(v), v) for v in variables])

    def write_out(self, filepath, options=None, verbose=True) -> None:
        """Write the archive to a folder.

        Args:
            filepath: the folder.
            options: a `tf.saved_model.SaveOptions`.
            verbose: whether to say what was written.
        """
        if not self._endpoints:
            raise ValueError("The archive has no endpoint yet: call add_endpoint() or track_and_add_endpoint() first.")
        default = self._endpoints.get("serve", next(iter(self._endpoints.values())))
        signatures = {**self._endpoints, "serving_default": default}
        self._tf.saved_model.save(self._module, os.fspath(filepath), signatures=signatures, options=options)
        if verbose:
            print(f"Saved the endpoints {', '.join(self._endpoints)} at {os.fspath(filepath)!r}.")


def _mentions(fn, thing) -> bool:
    cells = getattr(fn, "__closure__", None) or ()
    code = getattr(fn, "__code__", None)
    names = [fn.__globals__.get(n) for n in code.co_names] if code is not None else []
    return any(c.cell_contents is thing for c in cells) or any(x is thing for x in names)
