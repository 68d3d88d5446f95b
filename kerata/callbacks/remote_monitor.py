"""RemoteMonitor."""

from __future__ import annotations

import json
import warnings

import numpy as np

from kerata.callbacks.callback import Callback
from kerata.core.errors import missing_package


class RemoteMonitor(Callback):
    """Sends the logs of each epoch to a server by HTTP POST; training goes on if it cannot be reached.

    Args:
        root: the server's address; "http://localhost:9000" by default.
        path: the path on it; "/publish/epoch/end/" by default.
        field: the form field that holds the JSON; "data" by default.
        headers: dictionary of HTTP headers; None for none.
        send_as_json: whether the JSON is the body rather than a form field; False by default.

    Raises:
        ImportError: if the package requests is not installed.

    >>> import kerata
    >>> kerata.callbacks.RemoteMonitor(root="http://example.com", send_as_json=True).path
    '/publish/epoch/end/'
    """

    def __init__(self, root="http://localhost:9000", path="/publish/epoch/end/", field="data", headers=None,
                 send_as_json=False):  # fmt: skip
        super().__init__()
        self.root, self.path, self.field, self.headers, self.send_as_json = root, path, field, headers, send_as_json

    def on_epoch_end(self, epoch, logs=None):
        try:
            import requests
        except ImportError:
            raise missing_package("requests", "RemoteMonitor") from None
        send = {"epoch": epoch}
        for name, value in (logs or {}).items():
            send[name] = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
        try:
            if self.send_as_json:
                requests.post(self.root + self.path, json=send, headers=self.headers, timeout=10)
            else:
                requests.post(self.root + self.path, {self.field: json.dumps(send)}, headers=self.headers, timeout=10)
        except requests.exceptions.RequestException as e:
            warnings.warn(f"RemoteMonitor could not reach {self.root}: {type(e).__name__}. Training goes on.", stacklevel=2)
