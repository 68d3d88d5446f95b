"""The progress bar in a terminal, a notebook, a log file, and without interactive logging."""

import io
import logging
import re

import pytest

from kerata.core import config
from kerata.utils import Progbar, console


class Stream(io.StringIO):
    def __init__(self, terminal, encoding="utf-8"):
        super().__init__()
        self.terminal, self._encoding = terminal, encoding

    def isatty(self):
        return self.terminal

    @property
    def encoding(self):
        return self._encoding


def shown(monkeypatch, use, terminal=True, encoding="utf-8", **arguments):
    stream = Stream(terminal, encoding)
    monkeypatch.setattr("sys.stdout", stream)
    monkeypatch.delenv("PYCHARM_HOSTED", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    use(Progbar(**{"target": 10, "interval": 0, **arguments}))
    monkeypatch.undo()
    return stream.getvalue()


def three_steps(bar):
    for i in (1, 2, 3):
        bar.update(i, [("loss", 0.5 * i), ("tiny", 1e-5)])
    bar.update(bar.target or 3, [("loss", 0.25), ("tiny", 2.0)], finalize=True)


def plain(text):
    return re.sub(r"\x1b\[\d+m", "", text)


def test_terminal(monkeypatch):
    text = shown(monkeypatch, three_steps)
    lines = plain(text).split("\r")
    assert "\x08" not in text and len(lines) == 5
    assert re.match(r" 1/10 ━{20} \d+s \d+(us|ms)/step - loss: 0.5000 - tiny: 1.0000e-05", lines[1])
    assert "loss: 0.7500" in lines[2] and "loss: 1.0000" in lines[3]
    assert re.match(r"10/10 ━{20} 0s \d+(us|ms)/step - loss: 0.2500 - tiny: 2.0000", lines[4])
    assert text.endswith("\n") and text.count("\n") == 1
    assert text.split("\r")[1].count("━") == 20 and "\x1b[32m━━\x1b[0m" in text


def test_the_last_line_covers_the_longer_one_before(monkeypatch):
    text = plain(shown(monkeypatch, lambda b: (b.update(1, [("x", 123456.0)]), b.update(10, [("x", 1.0)]))))
    first, last = text.split("\r")[1:]
    assert len(last.rstrip("\n")) >= len(first)


def test_unknown_target(monkeypatch):
    lines = plain(shown(monkeypatch, three_steps, target=None)).split("\r")
    assert re.match(r"      1/Unknown 0s \d+(us|ms)/step - loss: 0.5000", lines[1])
    assert "━" not in lines[1]


def test_stateful_values_are_shown_as_they_are(monkeypatch):
    lines = plain(shown(monkeypatch, three_steps, stateful_metrics=["loss"])).split("\r")
    assert "loss: 1.5000" in lines[3]


def test_log_files_get_a_line_in_some_seconds_and_no_control_characters(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr("kerata.utils.progbar.time.time", lambda: now[0])

    def use(bar):
        for i in range(1, 101):
            now[0] += 0.2
            bar.update(i, [("loss", 1.0)])

    text = shown(monkeypatch, use, terminal=False, target=100)
    lines = text.splitlines()
    assert len(lines) == 4, "20 seconds, a line every 5, the last one is the end"
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", text)
    assert re.match(r"25/100 - \d+s - 200ms/step - loss: 1.0000$", lines[0])
    assert lines[-1].startswith("100/100 - 20s - 200ms/step")


def test_the_last_step_of_a_log_is_one_line(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr("kerata.utils.progbar.time.time", lambda: now[0])

    def use(bar):
        now[0] += 60
        bar.update(10, [("loss", 1.0)], finalize=False)
        bar.update(10, [("loss", 2.0)], finalize=True)

    assert shown(monkeypatch, use, terminal=False) == "10/10 - 1:00 - 6s/step - loss: 2.0000\n"


def test_verbose_2_and_0(monkeypatch):
    text = shown(monkeypatch, three_steps, verbose=2)
    assert re.fullmatch(r"10/10 - 0s - \d+us/step - loss: 0.2500 - tiny: 2.0000\n", text)
    assert shown(monkeypatch, three_steps, verbose=0) == ""


def test_like_keras(monkeypatch):
    keras = pytest.importorskip("keras")

    def lines(make):
        stream = Stream(True)
        monkeypatch.setattr("sys.stdout", stream)
        bar = make(7, interval=0, width=10, unit_name="item")
        bar.add(2, [("a", 3.0), ("b", 1e-4)])
        bar.add(2, [("a", 5.0)])
        bar.update(7, [("a", 1.0)], finalize=True)
        monkeypatch.undo()
        text = re.sub(r"\d+(us|ms)/", "T/", plain(stream.getvalue()).replace("\x08", ""))
        return [line.strip() for line in text.split("\r")]

    assert lines(Progbar) == lines(keras.utils.Progbar)


def test_times(monkeypatch):
    from kerata.utils import progbar

    assert [progbar._duration(s) for s in (0, 59.9, 61, 3723)] == ["0s", "59s", "1:01", "1:02:03"]
    assert [progbar._seconds_per_unit(s) for s in (2, 0.0123, 0.00005)] == ["2s", "12ms", "50us"]


def test_values_that_are_no_numbers(monkeypatch):
    text = shown(monkeypatch, lambda b: b.update(10, [("nan", float("nan")), ("list", [1, 2])]), stateful_metrics=["list"])
    assert "nan: nan" in text and "list: [1, 2]" in text


def test_streams_that_cannot_show_the_bar(monkeypatch):
    text = shown(monkeypatch, three_steps, encoding="ascii")
    assert "━" not in text and "==" in text


def test_kinds(monkeypatch):
    class Out(Stream):
        pass

    Out.__module__ = "ipykernel.iostream"
    monkeypatch.delenv("PYCHARM_HOSTED", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert console.stream_kind(Out(False)) == "notebook"
    assert console.stream_kind(Stream(True)) == "terminal" and console.stream_kind(Stream(False)) == "log"
    monkeypatch.setenv("TERM", "dumb")
    assert console.stream_kind(Stream(True)) == "log"


def test_without_interactive_logging_the_logger_gets_it(monkeypatch, caplog):
    config.disable_interactive_logging()
    try:
        with caplog.at_level(logging.INFO, logger="kerata"):
            assert shown(monkeypatch, three_steps) == ""
    finally:
        config.enable_interactive_logging()
    assert len(caplog.records) == 1 and "loss: 0.2500" in caplog.text and "\x1b" not in caplog.text
