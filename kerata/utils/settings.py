"""Config: a dictionary whose keys are attributes too."""

from __future__ import annotations

import json

from kerata.core.errors import did_you_mean


class Config:
    """Named values, as attributes and as items; it can be frozen and written as JSON.

    Args:
        kwargs: the first names and values.

    Raises:
        AttributeError: for a name that is not there, with the nearest one.
        ValueError: for a change while it is frozen.

    >>> config = kerata.utils.Config(size=3)
    >>> config.depth = 2
    >>> config["size"], config.depth
    (3, 2)
    """

    def __init__(self, **kwargs):
        object.__setattr__(self, "_frozen", False)
        object.__setattr__(self, "_config", {})
        for name, value in kwargs.items():
            self[name] = value

    def __setitem__(self, name, value):
        if self._frozen:
            raise ValueError(f"The Config is frozen, so {name!r} cannot be set; call `unfreeze()` first.")
        self._config[name] = value

    def __setattr__(self, name, value):
        self[name] = value

    def __delitem__(self, name):
        if self._frozen:
            raise ValueError(f"The Config is frozen, so {name!r} cannot be deleted; call `unfreeze()` first.")
        del self._config[name]

    def __delattr__(self, name):
        del self[name]

    def __getitem__(self, name):
        return self._config[name]

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self._config[name]
        except KeyError:
            raise AttributeError(f"The Config has no {name!r}.{did_you_mean(name, self._config)}") from None

    def __contains__(self, name):
        return name in self._config

    def __iter__(self):
        return iter(sorted(self._config))

    def __len__(self):
        return len(self._config)

    def __eq__(self, other):
        return isinstance(other, Config) and self._config == other._config

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self):
        return f"<Config {self._config}>"

    def keys(self):
        """The names, in the order in which they were set."""
        return self._config.keys()

    def values(self):
        """The values, in the order of `keys()`."""
        return self._config.values()

    def items(self):
        """The pairs of a name and its value, in the order of `keys()`."""
        return self._config.items()

    def get(self, keyname, value=None):
        """The value of a name, or `value` where it is not there."""
        return self._config.get(keyname, value)

    def pop(self, *args):
        """Take a name away and give its value, or a second argument where it is not there (else a KeyError)."""
        if self._frozen:
            raise ValueError(f"The Config is frozen, so {args[0]!r} cannot be taken away; call `unfreeze()` first.")
        return self._config.pop(*args)

    def as_dict(self) -> dict:
        """A copy as a dictionary."""
        return dict(self._config)

    def update(self, *args, **kwargs) -> None:
        """Set several values, from a dictionary or by keyword."""
        if len(args) > 1:
            raise ValueError(f"Config.update() takes one dictionary; got {len(args)} arguments.")
        if args and not isinstance(args[0], dict | Config):
            raise ValueError(f"Config.update() takes a dictionary; got {type(args[0]).__name__}.")
        given = args[0].as_dict() if args and isinstance(args[0], Config) else dict(*args)
        for name, value in {**given, **kwargs}.items():
            self[name] = value

    def freeze(self) -> None:
        """Make it read-only."""
        object.__setattr__(self, "_frozen", True)

    def unfreeze(self) -> None:
        """Make it writable again."""
        object.__setattr__(self, "_frozen", False)

    @property
    def frozen(self) -> bool:
        """Whether it is read-only."""
        return self._frozen

    def to_json(self) -> str:
        """The values as JSON."""
        return json.dumps(self._config)
