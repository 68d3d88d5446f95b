"""Regular expressions that may come from a file: matched in time that grows with the text, and no faster.

Python's engine tries one way after another, of which `(a+)+$` has 2**n. Here all ways are followed at once. What only
trying can do - references to groups, looking ahead or behind - is left to Python's engine, and refused in files.
"""

from __future__ import annotations

import functools
import re
from re import _constants as codes
from re import _parser as parser

from kerata.core.scopes import context

_MAX_STATES = 2_000
_MAX_WORK = 2_000_000
_MAX_LENGTH = 1_000
_ANY_NUMBER = codes.MAXREPEAT


class _TriesOnly(Exception):
    """The expression holds something that only Python's engine knows."""


class _Machine:
    """States that each read one character, stand for several others, or ask where in the text they are."""

    def __init__(self, pattern: str):
        self.choices = 0  # repeats and alternatives
        self.states: list[tuple] = [("end",)]
        tree = parser.parse(pattern)
        if tree.state.flags & ~re.UNICODE:
            raise _TriesOnly
        self.start = self._sequence(tree, 0)

    def _new(self, *state) -> int:
        if len(self.states) >= _MAX_STATES:
            raise ValueError(f"a regular expression of more than {_MAX_STATES:,} steps is not matched")
        self.states.append(state)
        return len(self.states) - 1

    def _sequence(self, items, after: int) -> int:
        for op, value in reversed(list(items)):
            after = self._item(op, value, after)
        return after

    def _item(self, op, value, after: int) -> int:
        if op is codes.BRANCH:
            self.choices += 1
            return self._new("any of", [self._sequence(way, after) for way in value[1]])
        if op is codes.SUBPATTERN:
            if value[1] or value[2]:
                raise _TriesOnly
            return self._sequence(value[3], after)
        if op in (codes.MAX_REPEAT, codes.MIN_REPEAT):
            return self._repeat(*value, after)
        if op is codes.AT:
            if value not in _PLACES:
                raise _TriesOnly
            return self._new("at", _PLACES[value], after)
        return self._new("reads", _reads(op, value), after)

    def _repeat(self, least: int, most: int, what, after: int) -> int:
        self.choices += 1
        if most is _ANY_NUMBER:
            loop = self._new("any of", [])
            self.states[loop][1].extend((self._sequence(what, loop), after))
            after = loop
        else:
            for _ in range(most - least):
                after = self._new("any of", [self._sequence(what, after), after])
        for _ in range(least):
            after = self._sequence(what, after)
        return after

    def ends(self, text: str, anywhere: bool) -> bool:
        """Whether the whole text, or `anywhere` a part of it, fits."""
        here: set[int] = set()
        for i in range(len(text) + 1):
            if i == 0 or anywhere:
                self._enter(self.start, text, i, here)
            if anywhere and 0 in here:
                return True
            if i == len(text):
                break
            after: set[int] = set()
            for state in here:
                kind, *rest = self.states[state]
                if kind == "reads" and rest[0](text[i]):
                    self._enter(rest[1], text, i + 1, after)
            here = after
        return 0 in here

    def _enter(self, state: int, text: str, place: int, into: set) -> None:
        waiting = [state]
        while waiting:
            state = waiting.pop()
            if state in into:
                continue
            into.add(state)
            kind, *rest = self.states[state]
            if kind == "any of":
                waiting.extend(rest[0])
            elif kind == "at" and rest[0](text, place):
                waiting.append(rest[1])


def _word(c: str) -> bool:
    return c.isalnum() or c == "_"


def _on_edge(text: str, i: int) -> bool:
    return (i > 0 and _word(text[i - 1])) != (i < len(text) and _word(text[i]))


_PLACES = {
    codes.AT_BEGINNING: lambda text, i: i == 0,
    codes.AT_BEGINNING_STRING: lambda text, i: i == 0,
    codes.AT_END: lambda text, i: i == len(text) or (i == len(text) - 1 and text[i] == "\n"),
    codes.AT_END_STRING: lambda text, i: i == len(text),
    codes.AT_BOUNDARY: _on_edge,
    codes.AT_NON_BOUNDARY: lambda text, i: not _on_edge(text, i),
}
_KINDS = {
    codes.CATEGORY_DIGIT: str.isdecimal, codes.CATEGORY_NOT_DIGIT: lambda c: not c.isdecimal(),
    codes.CATEGORY_SPACE: str.isspace, codes.CATEGORY_NOT_SPACE: lambda c: not c.isspace(),
    codes.CATEGORY_WORD: _word, codes.CATEGORY_NOT_WORD: lambda c: not _word(c),
}  # fmt: skip


def _reads(op, value):
    """Which characters a part of an expression stands for, as a function."""
    if op is codes.LITERAL:
        return lambda c: ord(c) == value
    if op is codes.NOT_LITERAL:
        return lambda c: ord(c) != value
    if op is codes.ANY:
        return lambda c: c != "\n"
    if op is codes.RANGE:
        return lambda c: value[0] <= ord(c) <= value[1]
    if op is codes.CATEGORY and value in _KINDS:
        return _KINDS[value]
    if op is codes.IN:
        turned = value[0][0] is codes.NEGATE
        some = [_reads(*x) for x in (value[1:] if turned else value)]
        return lambda c: any(one(c) for one in some) != turned
    raise _TriesOnly


@functools.lru_cache(256)
def _machine(pattern: str) -> _Machine | None:
    """What matches an expression; None where only Python's engine can."""
    try:
        if len(pattern) > _MAX_LENGTH:
            raise ValueError(f"regular expressions of up to {_MAX_LENGTH:,} characters are matched")
        return _Machine(pattern)
    except _TriesOnly:
        return None
    except (re.error, ValueError, OverflowError, RecursionError) as e:
        raise ValueError(f"{pattern[:100]!r} is no regular expression that can be used here: {e}.") from None


def check_from_file(pattern, where: str) -> None:
    """ValueError for an expression in a config that is none, or that can only be matched by trying.

    Args:
        pattern: what stands in the config.
        where: its place, for the message.
    """
    from kerata.saving.safe_mode import in_safe_mode

    if not isinstance(pattern, str):
        raise ValueError(f"{where} holds {pattern!r}, where a regular expression, a text, belongs.")
    if _machine(pattern) is None and in_safe_mode():
        raise ValueError(
            f"{where} holds the regular expression {pattern[:100]!r}, with groups that refer to others or look ahead or "
            "behind: such can take for ever, and are read with `safe_mode=False` alone."
        )


def fits(pattern: str, text: str, anywhere: bool = False) -> bool:
    """Whether a text fits a regular expression: the whole of it, or `anywhere` a part.

    Raises:
        ValueError: if it is no regular expression, or too long a one.

    >>> from kerata.core.patterns import fits
    >>> fits("(a+)+b", "a" * 1000)
    False
    """
    machine = _machine(pattern)
    if machine is None or (machine.choices < 2 and not anywhere):  # one repeat is tried in as many ways as there are places
        return bool((re.search if anywhere else re.fullmatch)(pattern, text))
    work = len(machine.states) * len(text)
    if (budget := getattr(context, "budget", None)) is not None:
        budget.take_work(work, f"the regular expression {pattern[:100]!r}")
    if work > _MAX_WORK:
        raise ValueError(f"The regular expression {pattern[:100]!r} is too long for a text of {len(text):,} characters.")
    return machine.ends(text, anywhere)
