"""Arguments that callbacks do not take are named, with the one that was meant."""

import pytest

from kerata import callbacks


def test_unknown_arguments():
    for make, words in (
        (lambda: callbacks.EarlyStopping(monitr="loss"), r"EarlyStopping.*'monitr'.*'monitor'"),
        (lambda: callbacks.ModelCheckpoint("x.keras", save_best=True), r"'save_best'.*'save_best_only'"),
        (lambda: callbacks.ModelCheckpoint("x.keras", period=2), r"'period' of earlier Keras is 'save_freq'"),
        (lambda: callbacks.ReduceLROnPlateau(epsilon=1e-3), r"'epsilon' of earlier Keras is 'min_delta'"),
        (lambda: callbacks.CSVLogger("x.csv", seperator=";"), r"'seperator'.*'separator'"),
    ):
        with pytest.raises(TypeError, match=words):
            make()


def test_a_class_of_a_user_keeps_its_own_arguments():
    class Mine(callbacks.EarlyStopping):
        def __init__(self, note, **kwargs):
            super().__init__(**kwargs)
            self.note = note

    assert Mine(note=1, patience=2).patience == 2


def test_a_hook_that_is_never_called():
    with pytest.warns(UserWarning, match="'on_epoch_ends'.*Did you mean 'on_epoch_end'"):
        callbacks.LambdaCallback(on_epoch_ends=print)
    assert callbacks.LambdaCallback(on_test_begin=print).on_test_begin is print


def test_a_log_that_cannot_be_written(tmp_path):
    log = callbacks.CSVLogger(tmp_path / "none" / "log.csv")
    with pytest.raises(FileNotFoundError, match="none' does not exist"):
        log.on_train_begin()
