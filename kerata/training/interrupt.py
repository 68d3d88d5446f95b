"""Ctrl-C during training: noticed between chunks of steps, so that no update is left half done."""

from __future__ import annotations

import signal
import threading


class DeferredInterrupt:
    """While open, the first Ctrl-C is remembered until `check()`; a second one acts at once. Nothing, unless `on`."""

    def __init__(self, on: bool = True):
        self.pending = False
        self._on, self._before = on, None

    def __enter__(self):
        if self._on and threading.current_thread() is threading.main_thread():
            current = signal.getsignal(signal.SIGINT)
            if current is signal.default_int_handler:
                self._before = current
                signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, kind, value, traceback):
        self._restore()
        if self.pending and kind is None:
            raise KeyboardInterrupt

    def _handle(self, signum, frame):
        if self.pending:
            raise KeyboardInterrupt
        self.pending = True

    def _restore(self) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            self._before = None

    def check(self) -> None:
        """KeyboardInterrupt if Ctrl-C was pressed."""
        if self.pending:
            self._restore()
            self.pending = False
            raise KeyboardInterrupt
