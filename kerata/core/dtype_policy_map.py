"""DTypePolicyMap: dtype policies by the paths of layers."""

from __future__ import annotations

from collections.abc import MutableMapping

from kerata.core import dtype_policy as policies
from kerata.core.dtype_policy import DTypePolicy
from kerata.core.patterns import check_from_file, fits


class DTypePolicyMap(DTypePolicy, MutableMapping):
    """Dtype policies for the layers of a model, by their paths.

    A layer that is given the map as its `dtype` takes the policy of its path: the entry of that very key, else the one
    whose key, a regular expression, is found in the whole path; else the default.

    Args:
        default_policy: for layers without an entry; the global policy by default.
        policy_map: dictionary of paths (or regular expressions) and policies; none by default.

    Raises:
        TypeError: for a map that is no dictionary, or keys that are no strings.
        ValueError: when a path is looked up that several keys fit.

    >>> policies = kerata.dtype_policies.DTypePolicyMap(policy_map={"encoder/.*": "bfloat16"})
    >>> policies["encoder/dense"].name, policies["decoder/dense"].name
    ('bfloat16', 'float32')
    """

    def __init__(self, default_policy=None, policy_map=None):
        if policy_map is not None and not isinstance(policy_map, dict):
            raise TypeError(f"`policy_map` is a dictionary; got {policy_map!r}.")
        self._given_default = None if default_policy is None else policies.get(default_policy)
        self._policy_map: dict = {}
        for key, value in (policy_map or {}).items():
            self[key] = value

    @property
    def default_policy(self) -> DTypePolicy:
        """The policy of layers without an entry."""
        return self._given_default or policies.dtype_policy()

    @property
    def name(self) -> str:
        return f"map_{self.default_policy.name}"

    @property
    def compute_dtype(self) -> str:
        return self.default_policy.compute_dtype

    @property
    def variable_dtype(self) -> str:
        return self.default_policy.variable_dtype

    @property
    def quantization_mode(self) -> str | None:
        return self.default_policy.quantization_mode

    def __getitem__(self, key: str) -> DTypePolicy:
        if key in self._policy_map:
            return self._policy_map[key]
        found = [k for k in self._policy_map if fits(k, key)]
        if len(found) > 1:
            raise ValueError(f"The path {key!r} fits several keys of the DTypePolicyMap, {found}; make it fit one.")
        return self._policy_map[found[0]] if found else self.default_policy

    def __setitem__(self, key: str, policy) -> None:
        if not isinstance(key, str):
            raise TypeError(f"The keys of a DTypePolicyMap are paths of layers, strings; got {key!r}.")
        if key in self._policy_map:
            raise ValueError(f"The DTypePolicyMap has the key {key!r} already, for {self._policy_map[key]!r}; delete it first.")
        self._policy_map[key] = policies.get(policy)

    def __delitem__(self, key: str) -> None:
        del self._policy_map[key]

    def __contains__(self, key) -> bool:
        return key in self._policy_map

    def __len__(self) -> int:
        return len(self._policy_map)

    def __iter__(self):
        return iter(self._policy_map)

    def __eq__(self, other) -> bool:
        return isinstance(other, DTypePolicyMap) and self.get_config() == other.get_config()

    def __hash__(self) -> int:
        return id(self)

    def get_config(self) -> dict:
        default = None if self._given_default is None else policies.serialize(self._given_default)
        return {"default_policy": default, "policy_map": {k: policies.serialize(v) for k, v in self._policy_map.items()}}

    @classmethod
    def from_config(cls, config: dict, custom_objects=None):
        found = config.get("policy_map")
        for key in found if isinstance(found, dict) else ():
            check_from_file(key, "The `policy_map` of a DTypePolicyMap")
        return cls(**config)

    def __repr__(self) -> str:
        entries = [(k, v.name) for k, v in self._policy_map.items()]
        return f"<DTypePolicyMap default_policy={self.default_policy.name}, mapping={entries}>"
