"""TensorBoard: logs for TensorBoard, written with the `tensorboard` package (TensorFlow is not needed)."""

from __future__ import annotations

import io
import os
import time

import numpy as np

from kerata.callbacks.callback import Callback
from kerata.core.errors import need


class TensorBoard(Callback):
    """Writes metrics, histograms and images of weights, and the model's graph for TensorBoard.

    Look at them with `tensorboard --logdir logs`. TensorFlow is not needed.

    Args:
        log_dir: folder, in which `train` and `validation` are made; "logs" by default.
        histogram_freq: integer: every how many epochs histograms of weights are written; 0 (the default) for
            never.
        write_graph: whether the model's config is written, for the page "Graphs"; True by default.
        write_images: whether weights are written as images, with the histograms; False by default.
        write_steps_per_second: whether the speed is written; False by default.
        update_freq: "epoch" (the default), "batch", or a number of batches.
        profile_batch: a batch, or (first, last), to profile; 0 (the default) for none.
        embeddings_freq: integer: every how many epochs the projector's config is written; 0 (the default) for
            never.
        embeddings_metadata: path of its labels, or a dictionary from a layer's name to one; None for none.

    Raises:
        ValueError: if `update_freq` has another value.
        ImportError: if the package tensorboard is not installed.

    Example (not run):

        model.fit(x, y, epochs=5, callbacks=[kerata.callbacks.TensorBoard("logs", histogram_freq=1)])
    """

    _carried = ("_train_step", "_test_step")

    def __init__(self, log_dir="logs", histogram_freq=0, write_graph=True, write_images=False,
                 write_steps_per_second=False, update_freq="epoch", profile_batch=0, embeddings_freq=0,
                 embeddings_metadata=None):  # fmt: skip
        super().__init__()
        self.log_dir = os.fspath(log_dir)
        self.histogram_freq, self.write_graph, self.write_images = histogram_freq, write_graph, write_images
        self.write_steps_per_second = write_steps_per_second
        if update_freq not in ("epoch", "batch") and not isinstance(update_freq, int):
            raise ValueError(f"`update_freq` is 'epoch', 'batch' or a number of batches; got {update_freq!r}.")
        self.update_freq = 1 if update_freq == "batch" else update_freq
        self._profile = (profile_batch, profile_batch) if isinstance(profile_batch, int) else tuple(profile_batch)
        self.embeddings_freq, self.embeddings_metadata = embeddings_freq, embeddings_metadata
        self._writers: dict = {}
        self._train_step = self._test_step = 0
        self._last_batch = 0
        self._tracing = False

    @property
    def _per_chunk(self) -> bool:
        return self.update_freq == "epoch" and not self._profile[0]

    # -- writing ----------------------------------------------------------------------------------------------
    def _writer(self, name: str):
        if name not in self._writers:
            writers = need("tensorboard.summary.writer.event_file_writer", "The TensorBoard callback")
            self._writers[name] = writers.EventFileWriter(os.path.join(self.log_dir, name))
        return self._writers[name]

    def _write(self, name: str, values, step: int) -> None:
        writer = self._writer(name)
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary

        writer.add_event(Event(wall_time=time.time(), step=step, summary=Summary(value=values)))

    def _scalars(self, name: str, logs: dict, step: int) -> None:
        from tensorboard.compat.proto.summary_pb2 import Summary

        values = [Summary.Value(tag=k, simple_value=float(v)) for k, v in logs.items() if np.ndim(v) == 0]
        if values:
            self._write(name, values, step)

    # -- hooks ------------------------------------------------------------------------------------------------
    def on_train_begin(self, logs=None):
        need("tensorboard", "The TensorBoard callback")
        self._epoch_start = time.perf_counter()
        if self.write_graph:
            self._write_model()
        if self.embeddings_freq:
            self._write_projector()

    def _write_model(self) -> None:
        try:
            text = self.model.to_json()
        except (NotImplementedError, TypeError, ValueError):
            return  # a subclassed model without a config has no graph to show
        from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
        from tensorboard.compat.proto.tensor_pb2 import TensorProto
        from tensorboard.compat.proto.types_pb2 import DT_STRING

        metadata = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="graph_keras_model", content=b"1"))
        tensor = TensorProto(dtype=DT_STRING, string_val=[text.encode()])
        self._write("train", [Summary.Value(tag="keras", metadata=metadata, tensor=tensor)], 0)

    def _write_projector(self) -> None:
        metadata = self.embeddings_metadata or {}
        lines = []
        for layer in self.model.layers:
            if type(layer).__name__ == "Embedding":
                file = metadata if isinstance(metadata, str) else metadata.get(layer.name)
                lines.append(f'embeddings {{\n  tensor_name: "{layer.name}/embeddings"\n')
                lines.append(f'  metadata_path: "{file}"\n}}\n' if file else "}\n")
        os.makedirs(self.log_dir, exist_ok=True)
        with open(os.path.join(self.log_dir, "projector_config.pbtxt"), "w", encoding="utf-8") as f:
            f.write("".join(lines))

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch_start, self._last_batch, self._steps_before = time.perf_counter(), 0, self._train_step

    def on_train_batch_begin(self, batch, logs=None):
        if self._profile[0] and not self._tracing and self._train_step + 1 == self._profile[0]:
            start = getattr(self.model._backend, "start_trace", None)
            if start is not None:
                start(os.path.join(self.log_dir, "train"))
                self._tracing = True

    def on_train_batch_end(self, batch, logs=None):
        self._train_step += batch + 1 - self._last_batch
        self._last_batch = batch + 1
        if self._tracing and self._train_step >= self._profile[1]:
            self.model._backend.stop_trace()
            self._tracing = False
        if isinstance(self.update_freq, int) and self._train_step % self.update_freq == 0:
            self._scalars("train", {f"batch_{k}": v for k, v in (logs or {}).items()}, self._train_step)

    def on_test_end(self, logs=None):
        if self.model.optimizer is not None and logs:
            step = int(self.model.optimizer.iterations)
            self._scalars("validation", {f"evaluation_{k}_vs_iterations": v for k, v in logs.items()}, step)

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        train = {f"epoch_{k}": v for k, v in logs.items() if not k.startswith("val_")}
        if self.model.optimizer is not None:
            train["epoch_learning_rate"] = float(self.model.optimizer.learning_rate)
        if self.write_steps_per_second:
            spent = time.perf_counter() - self._epoch_start
            train["epoch_steps_per_second"] = (self._train_step - self._steps_before) / spent
        self._scalars("train", train, epoch)
        validation = {f"epoch_{k[4:]}": v for k, v in logs.items() if k.startswith("val_")}
        if validation:
            self._scalars("validation", validation, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            self.model.save_weights(os.path.join(self.log_dir, f"keras_embedding_{epoch}.weights.h5"))
        for writer in self._writers.values():
            writer.flush()

    def _write_weights(self, epoch: int) -> None:
        from tensorboard.compat.proto.summary_pb2 import Summary

        for v in self.model.weights:
            value = np.asarray(v.numpy(), "float64")
            self._write("train", [Summary.Value(tag=f"{v.path}/histogram", histo=_histogram(value))], epoch)
            if self.write_images:
                image = _as_image(value)
                if image is not None:
                    self._write("train", [Summary.Value(tag=f"{v.path}/image", image=image)], epoch)

    def on_train_end(self, logs=None):
        if self._tracing:
            self.model._backend.stop_trace()
            self._tracing = False
        for writer in self._writers.values():
            writer.close()
        self._writers = {}


def _histogram(values: np.ndarray):
    from tensorboard.compat.proto.summary_pb2 import HistogramProto

    flat = values.ravel()
    counts, edges = np.histogram(flat, bins=30)
    return HistogramProto(
        min=flat.min(), max=flat.max(), num=flat.size, sum=flat.sum(), sum_squares=np.square(flat).sum(),
        bucket_limit=edges[1:].tolist(), bucket=counts.tolist(),
    )  # fmt: skip


def _as_image(values: np.ndarray):
    from PIL import Image
    from tensorboard.compat.proto.summary_pb2 import Summary

    plane = np.atleast_2d(np.squeeze(values))
    if plane.ndim > 2:
        plane = plane.reshape(-1, plane.shape[-1])
    if plane.ndim != 2:
        return None
    low, high = plane.min(), plane.max()
    pixels = ((plane - low) / (high - low + 1e-12) * 255).astype("uint8")
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="PNG")
    return Summary.Image(height=pixels.shape[0], width=pixels.shape[1], colorspace=1, encoded_image_string=stream.getvalue())
