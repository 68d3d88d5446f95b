"""Whether files may bring code with them. Only the caller decides; nothing that a file holds reaches this."""

from __future__ import annotations

import threading


class _State(threading.local):
    def __init__(self):
        self.scopes: list[bool | None] = []


_state = _State()
_unsafe_everywhere = False


class SafeModeScope:
    """Whether code in configs is refused inside. None leaves what is in force."""

    def __init__(self, safe_mode: bool | None = True):
        self.safe_mode = safe_mode

    def __enter__(self):
        _state.scopes.append(self.safe_mode)
        return self

    def __exit__(self, *exc):
        _state.scopes.pop()


def in_safe_mode() -> bool:
    """Whether code in configs is refused here and now: yes, unless the caller said otherwise."""
    for value in reversed(_state.scopes):
        if value is not None:
            return bool(value) and not _unsafe_everywhere
    return not _unsafe_everywhere


def enable_unsafe_deserialization() -> None:
    """Let every file that is loaded from now on run code. Only for programs whose files are all trusted."""
    global _unsafe_everywhere
    _unsafe_everywhere = True


def refuse_code(what: str) -> None:
    """ValueError in safe mode, for something in a file that would run code."""
    if in_safe_mode():
        raise ValueError(
            f"Refused: the file brings {what}. That is a program, and would run with all your rights. For a file of somebody "
            "whose programs you would run anyway: give the function that loads it `safe_mode=False`, or let the whole process "
            "take such files by `kerata.config.enable_unsafe_deserialization()`."
        )
