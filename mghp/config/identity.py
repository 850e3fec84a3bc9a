"""The key of a run: sixteen hex digits that its config and data determine."""

import dataclasses
import functools
import hashlib
import json
from pathlib import Path
from typing import Any

from mghp.config.schema import Config, state_amounts
from mghp.matching.solvers import SOLVERS

SCHEMA_VERSION = 2
"""The version of the schema, raised when a key changes its meaning or default, so that old results are not adopted."""

_SCHEMAS = {"learned": 3}
"""Later versions of single experiments, whose own keys or scores alone have changed."""


def config_key(config: Config, data_fingerprint: str) -> str:
    """Return the key of a run: a hash of its resolved config, its data, and the versions of schema and matchers.

    Values at their defaults stay out, so that a new key of the schema leaves the keys of earlier runs alone.

    Example:
        >>> from mghp.config.identity import config_key
        >>> from mghp.config.schema import Config
        >>> first, moved, reseeded = Config(), Config(runs="elsewhere"), Config(seed=1)
        >>> config_key(first, "data") == config_key(moved, "data") != config_key(reseeded, "data")
        True
    """
    identity = [
        schema_version(config.experiment),
        data_fingerprint,
        _differences(computed_settings(config), _defaults()),
    ]
    matchers = {config.matcher.name, *config.evaluation.matchers, *filter(None, [config.evaluation.matcher])}
    versions = {name: SOLVERS[name].version for name in matchers if SOLVERS[name].version > 1}
    if versions:  # so that the runs of all others keep their keys
        identity.append(versions)
    text = json.dumps(identity, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def computed_settings(config: Config) -> dict[str, Any]:
    """Return the settings that decide what a run computes, as nested mappings.

    `runs`, `wandb`, `data.root` and `data.annotations` only say where things lie and are left out; the data's
    fingerprint covers their content. The run that a training begins with is the same in any folder of runs.
    """
    resolved = dataclasses.asdict(config)
    for section, name in (("network", "weights"), ("training", "continue_from")):
        begins = resolved[section][name]
        if begins is not None and Path(begins).is_relative_to(config.runs):
            resolved[section][name] = str(Path(_defaults()["runs"]) / Path(begins).relative_to(config.runs))
    del resolved["runs"], resolved["wandb"], resolved["data"]["root"], resolved["data"]["annotations"]
    return resolved


def schema_version(experiment: str) -> int:
    """Return the version of an experiment's results."""
    return max(SCHEMA_VERSION, _SCHEMAS.get(experiment, 0))


@functools.cache
def _defaults() -> dict[str, Any]:
    """Return the default of every key, with the amounts of the default preset of poses."""
    config = Config()
    state_amounts(config)
    return dataclasses.asdict(config)


def _differences(values: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    """Return the values that are not at their defaults; an open section counts whole."""
    different: dict[str, Any] = {}
    for key, value in values.items():
        default = defaults.get(key)
        if isinstance(value, dict) and isinstance(default, dict) and default:
            inner = _differences(value, default)
            if inner:
                different[key] = inner
        elif value != default:
            different[key] = value
    return different
