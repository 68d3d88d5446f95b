"""A progress bar that suits its reader: live in terminals and notebooks, a line now and then in log files."""

from __future__ import annotations

import math
import time

from kerata.core import config
from kerata.utils import console

_BOLD, _GREEN, _GREY, _PLAIN = "\x1b[1m", "\x1b[32m", "\x1b[37m", "\x1b[0m"


class Progbar:
    """A bar that shows progress towards a number of steps, with averages of values.

    Args:
        target: number of steps, or None when it is unknown.
        width: columns of the bar; 20 by default.
        verbose: 0 shows nothing, 1 (the default) a live bar, 2 one line at the end.
        interval: seconds between two updates of the bar; 0.05 by default.
        stateful_metrics: names of values that are shown as they are; others are averaged over the steps.
        stateless_metrics: names of values that are averaged, which is the default.
        unit_name: what a step is called; "step" by default.

    >>> bar = kerata.utils.Progbar(3, verbose=0)
    >>> for i in range(3):
    ...     bar.add(1, [("loss", 0.5)])
    """

    def __init__(self, target, width=20, verbose=1, interval=0.05, stateful_metrics=None, stateless_metrics=None,
                 unit_name="step"):  # fmt: skip
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.unit_name = unit_name
        self.stateful_metrics = set(stateful_metrics or [])
        self.stateless_metrics = set(stateless_metrics or [])
        self._totals: dict[str, list] = {}  # name -> [sum, count], or [value, None] for stateful ones
        self._seen_so_far = 0
        self._start = self._last_update = time.time()
        self._shown = 0  # columns of the line on the screen
        self._drawn = False
        self._done = False
        self._kind = console.stream_kind()

    def update(self, current, values=None, finalize=None) -> None:
        """Say how many steps are done, and with which values.

        Args:
            current: integer, the number of steps.
            values: pairs `(name, value)`; none by default.
            finalize: whether this was the last, which closes the line; by default when `target` is reached.
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        self._collect(current, values or (), finalize)
        self._seen_so_far = current
        if self._done or not self.verbose:
            return
        now = time.time()
        if finalize:
            self._done = True
            self._finish(current, now)
        elif self.verbose == 1 and self._is_due(current, now):
            self._draw(current, now)
            self._last_update = now

    def add(self, n, values=None) -> None:
        """Say that more steps are done.

        Args:
            n: integer, how many.
            values: pairs `(name, value)`; none by default.
        """
        self.update(self._seen_so_far + n, values)

    def _collect(self, current, values, finalize) -> None:
        steps = max(current - self._seen_so_far, 1)
        for name, value in values:
            if name in self.stateful_metrics or finalize:
                self._totals[name] = [value, None]
                continue
            total = self._totals.setdefault(name, [0.0, 0])
            if total[1] is None:
                total[:] = [0.0, 0]
            total[0] += value * steps
            total[1] += steps

    def _is_due(self, current, now: float) -> bool:
        if self._kind == "log" or not config.is_interactive_logging_enabled():
            complete = self.target is not None and current >= self.target  # the final line is about to come
            return not complete and now - self._last_update >= console.LOG_INTERVAL
        return not self._drawn or now - self._last_update >= self.interval

    # ---- text

    def _count_text(self, current) -> str:
        if self.target is None:
            return f"{current:7d}/Unknown"
        digits = len(str(self.target))
        return f"{current:{digits}d}/{self.target}"

    def _values_text(self) -> str:
        parts = []
        for name, (total, count) in self._totals.items():
            value = total if count is None else total / max(count, 1)
            parts.append(f" - {name}: {_number(value)}")
        return "".join(parts)

    def _rate_text(self, current, now) -> str:
        steps = max(current, 1)
        return f"{_seconds_per_unit((now - self._start) / steps)}/{self.unit_name}"

    def _time_text(self, current, now) -> str:
        spent = now - self._start
        if self.target is None or current >= self.target or self._done:
            return _duration(spent)
        return _duration(spent / max(current, 1) * (self.target - current))

    def _bar(self, current) -> str:
        tick = "━" if console.encodable("━") else "="
        done = min(self.width, int(self.width * current / self.target)) if self.target else self.width
        return f"{_GREEN}{tick * done}{_PLAIN}{_GREY}{tick * (self.width - done)}{_PLAIN}"

    def _draw(self, current, now) -> None:
        tail = f"{self._rate_text(current, now)}{self._values_text()}"
        count, left = self._count_text(current), self._time_text(current, now)
        if self._kind == "log" or not config.is_interactive_logging_enabled():
            console.print_msg(f"{count.strip()} - {left} - {tail}")
            return
        bar = f" {self._bar(current)}" if self.target is not None else ""
        columns = len(count) + (1 + self.width if bar else 0) + 1 + len(left) + 1 + len(tail)
        padding = " " * max(0, self._shown - columns)
        console.print_msg(f"\r{_BOLD}{count}{_PLAIN}{bar} {_BOLD}{left}{_PLAIN} {tail}{padding}", line_break=False)
        self._shown, self._drawn = columns, True

    def _finish(self, current, now) -> None:
        if self.verbose == 1 and self._kind != "log" and config.is_interactive_logging_enabled():
            self._draw(current, now)
            console.print_msg("")
            return
        spent = _duration(now - self._start)
        line = f"{self._count_text(current).strip()} - {spent} - {self._rate_text(current, now)}{self._values_text()}"
        console.print_msg(line)


def _number(value) -> str:
    """Four decimals, or four of the mantissa for very small numbers; anything but one number by its own text."""
    try:
        value = float(value)
    except (TypeError, ValueError):
        return str(value)
    return f"{value:.4f}" if abs(value) > 1e-3 or value == 0 or math.isnan(value) else f"{value:.4e}"


def _duration(seconds: float) -> str:
    seconds = int(seconds)
    if seconds >= 3600:
        return f"{seconds // 3600}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"
    return f"{seconds // 60}:{seconds % 60:02d}" if seconds >= 60 else f"{seconds}s"


def _seconds_per_unit(seconds: float) -> str:
    if seconds >= 1 or seconds == 0:
        return f"{seconds:.0f}s"
    return f"{seconds * 1e3:.0f}ms" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us"
