"""Where messages go: a terminal, a notebook, or a log file."""

from __future__ import annotations

import logging
import os
import sys

from kerata.core import config

LOG_INTERVAL = 5.0  # seconds between two lines of one progress report in a log file


def stream_kind(stream=None) -> str:
    """ "terminal", "notebook" or "log": what stands behind `stream` (standard output by default)."""
    stream = sys.stdout if stream is None else stream
    if type(stream).__module__.startswith(("ipykernel", "google.colab")):
        return "notebook"
    try:
        if stream.isatty() and os.environ.get("TERM") != "dumb":
            return "terminal"
    except (AttributeError, ValueError):  # no such method, or a closed stream
        pass
    return "terminal" if "PYCHARM_HOSTED" in os.environ else "log"


def encodable(text: str, stream=None) -> bool:
    """Whether the stream can show these characters."""
    encoding = getattr(sys.stdout if stream is None else stream, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def print_msg(message: str, line_break: bool = True) -> None:
    """Show a message on standard output, or hand it to the logger "kerata" when interactive logging is off."""
    if not config.is_interactive_logging_enabled():
        logging.getLogger("kerata").info(message.strip())
        return
    message = f"{message}\n" if line_break else message
    if not encodable(message):
        encoding = sys.stdout.encoding
        message = message.encode(encoding, errors="replace").decode(encoding)
    sys.stdout.write(message)
    sys.stdout.flush()
