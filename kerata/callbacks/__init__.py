"""Callbacks: what acts during training."""

from kerata.core.lazy import attach

_PLACES = {
    "BackupAndRestore": "kerata.callbacks.backup_and_restore",
    "CSVLogger": "kerata.callbacks.csv_logger",
    "Callback": "kerata.callbacks.callback",
    "CallbackList": "kerata.callbacks.callback_list",
    "EarlyStopping": "kerata.callbacks.early_stopping",
    "History": "kerata.callbacks.history",
    "LambdaCallback": "kerata.callbacks.lambda_callback",
    "LearningRateScheduler": "kerata.callbacks.learning_rate_scheduler",
    "ModelCheckpoint": "kerata.callbacks.model_checkpoint",
    "OrbaxCheckpoint": "kerata.callbacks.orbax_checkpoint",
    "ProgbarLogger": "kerata.callbacks.progbar_logger",
    "ReduceLROnPlateau": "kerata.callbacks.reduce_lr_on_plateau",
    "RemoteMonitor": "kerata.callbacks.remote_monitor",
    "SwapEMAWeights": "kerata.callbacks.swap_ema_weights",
    "TensorBoard": "kerata.callbacks.tensorboard",
    "TerminateOnNaN": "kerata.callbacks.terminate_on_nan",
}
__getattr__, __dir__, __all__ = attach(__name__, _PLACES, kind="callback")
