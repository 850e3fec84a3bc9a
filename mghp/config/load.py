"""From an experiment file to a resolved `Config`.

The file, or the packaged one of that name where there is none, is merged over the schema (over its parent first where
it has `base: FILE`), then the chosen one of its `variants`, then `key=value` from the command line.
"""

import functools
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mghp.config.check import (
    MERGING_RAISES,
    blame,
    blame_section,
    check_interpolations,
    check_keys,
    check_resolvers,
    nearest,
    one_line,
)
from mghp.config.packaged import own_or_packaged
from mghp.config.schema import Config, state_amounts
from mghp.config.typed_yaml import read_argument, read_typed, type_of
from mghp.config.yaml_text import read_text
from mghp.errors import InputError
from mghp.matching.solvers import SOLVERS


def load_config(path: str | Path, overrides: Sequence[str] = ()) -> Config:
    """Resolve an experiment file and `key=value` overrides into a checked `Config`.

    Raises:
        InputError: one line that names the file or key, what came and what was expected.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from mghp.config.load import load_config
        >>> with TemporaryDirectory() as folder:
        ...     file = Path(folder) / "sinkhorn.yaml"
        ...     _ = file.write_text("matcher: {name: sinkhorn}")
        ...     config = load_config(file, ["seed=3"])
        >>> config.experiment, config.matcher.name, config.seed
        ('sinkhorn', 'sinkhorn', 3)
    """
    file = own_or_packaged(path, "experiment file")
    content = _read_with_bases(file)
    content.setdefault("experiment", file.stem)
    return _with_overrides(content, overrides, str(file))


def load_config_text(text: str, overrides: Sequence[str] = (), origin: str = "config") -> Config:
    """Resolve the text that `to_yaml` wrote, e.g. into a checkpoint, with `key=value` over it.

    Raises:
        InputError: one line that names the origin or key.

    Example:
        >>> from mghp.config.load import load_config_text
        >>> config = load_config_text("{matcher: {name: sinkhorn}}", ["matcher.sinkhorn.epsilon=0.1", "seed=3"])
        >>> config.seed, config.matcher.options()["epsilon"]
        (3, 0.1)
        >>> load_config_text("{matchr: {}}")
        Traceback (most recent call last):
        mghp.errors.InputError: config: unknown key 'matchr'; did you mean 'matcher'?
    """
    return _with_overrides(_mapping(read_typed(text, _File, origin), origin), overrides, origin)


def variant_names(path: str | Path) -> list[str]:
    """Return the names of an experiment file's variants, in its order."""
    return list(_read_with_bases(own_or_packaged(path, "experiment file")).get("variants") or {})


def variant_labels(path: str | Path) -> dict[str, str]:
    """Return the words of an experiment file's variants by name, in its order; a variant without a label has its name.

    Raises:
        InputError: if the file is missing or broken.
    """
    variants = _read_with_bases(own_or_packaged(path, "experiment file")).get("variants") or {}
    return {
        str(name): (settings or {}).get("label") or str(name).replace("_", " ") for name, settings in variants.items()
    }


def to_yaml(config: Config) -> str:
    """Return the whole resolved config as YAML that `load_config` reads back to an equal one.

    Solvers of other packages that it does not use are left out, so that it can be read where those are not installed.
    """
    content = OmegaConf.to_container(OmegaConf.structured(config))
    assert isinstance(content, dict)
    for name in set(SOLVERS.foreign) - {config.matcher.name, *config.evaluation.matchers}:
        if getattr(config.matcher, name) == SOLVERS[name].options():
            del content["matcher"][name]
    return OmegaConf.to_yaml(OmegaConf.create(content))


def read_yaml(file: Path, hint: object = Any) -> dict[str, Any]:
    """Read a YAML mapping, its values by the types of their keys in `hint`, e.g. `Config`.

    Raises:
        InputError: if the file is no YAML, or no mapping.
    """
    return yaml_mapping(read_text(file), hint, str(file))


def yaml_mapping(text: str, hint: object, origin: str) -> dict[str, Any]:
    """Return the mapping that a YAML text is, as `read_yaml`; an empty one where it says nothing.

    Raises:
        InputError: as `read_yaml`, naming the origin.
    """
    content = read_typed(text, hint, origin)
    return {} if content is None else _mapping(content, origin)


def _mapping(content: object, origin: str) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise InputError(f"{origin}: expected a mapping of keys to values, got {type(content).__name__}")
    return content


@dataclass
class _Variant(Config):
    """The keys of a variant of an experiment file."""

    label: str | None = None
    """The words of the variant in tables and figures."""


@dataclass
class _File(Config):
    """The keys of an experiment file."""

    base: str | None = None
    variants: dict[str, _Variant] | None = None


def _read_with_bases(file: Path) -> dict[str, Any]:
    """Read a file over its bases; only the file itself names the experiment."""
    return functools.reduce(merged, (content for content, _ in read_layers(file)))


def read_layers(file: Path, seen: tuple[Path, ...] = ()) -> list[tuple[dict[str, Any], str]]:
    """Return the contents of a file and its bases with the files' names, the furthest base first.

    Raises:
        InputError: if one of them is missing or broken, or a base has the file as its base.
    """
    if file.resolve() in seen:
        raise InputError(f"{file}: base files form a circle")
    content = read_yaml(file, _File)
    base = content.pop("base", None)
    if base is None:
        return [(content, str(file))]
    bases = read_layers(own_or_packaged(str(base), f"{file}: base", file.parent), (*seen, file.resolve()))
    for inherited, _ in bases:
        inherited.pop("experiment", None)
    return [*bases, (content, str(file))]


def merged(parent: dict[str, Any], child: dict[str, Any]) -> dict[str, Any]:
    """Merge two nested mappings; where both have a key, the child's value holds."""
    both_sections = [key for key in child if isinstance(parent.get(key), dict) and isinstance(child[key], dict)]
    return parent | child | {key: merged(parent[key], child[key]) for key in both_sections}


def _variant(variants: dict[Any, Any], chosen: str, origin: str) -> dict[str, Any]:
    by_name = {str(name): settings for name, settings in variants.items()}
    if chosen not in by_name:
        raise InputError(f"{origin}: no variant {chosen!r}{nearest(chosen, by_name)}")
    settings = by_name[chosen]
    if not isinstance(settings, dict | None):
        raise InputError(f"{origin}: variant {chosen} must map keys to values, got {settings!r}")
    return {key: value for key, value in (settings or {}).items() if key != "label"}


def _with_overrides(content: dict[str, Any], overrides: Sequence[str], origin: str) -> Config:
    variants = content.pop("variants", None)
    if not isinstance(variants, dict | None):
        raise InputError(f"{origin}: variants must map names to settings, got {type(variants).__name__}")
    command_line = [(*parse_override(text), text) for text in overrides]
    # A run's config.yaml names its variant, which is already in its settings, and has no variants.
    named = content.get("variant") if variants is not None else None
    chosen = next((value for key, value, _ in reversed(command_line) if key == "variant"), named)
    layers = [(content, origin)]
    if chosen:
        layers.append((_variant(variants or {}, str(chosen), origin), f"{origin}, variant {chosen}"))
    layers += [(_nested(key, value), text) for key, value, text in command_line]
    return _resolve(layers)


def parse_override(text: str) -> tuple[str, Any]:
    """Return the key and the value of `key=value`.

    Raises:
        InputError: if it is something else.
    """
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise InputError(f"{text!r}: expected key=value")
    return key, read_argument(value, type_of(Config, key), repr(text))


def _nested(key: str, value: object) -> dict[str, Any]:
    first, dot, rest = key.partition(".")
    return {first: _nested(rest, value) if dot else value}


@functools.cache
def _schema() -> DictConfig:
    """Build the schema once, which takes longer than all else of a load."""
    schema = cast(DictConfig, OmegaConf.structured(Config))
    OmegaConf.set_readonly(schema, True)
    return schema


@functools.cache
def _pickled_schema() -> bytes:
    return pickle.dumps(_schema())


def _over_schema(content: dict[str, Any]) -> DictConfig:
    """Merge settings over a copy of the schema; unpickled, it is there in a fifth of the time that deepcopy takes."""
    return cast(DictConfig, OmegaConf.unsafe_merge(pickle.loads(_pickled_schema()), OmegaConf.create(content)))


def _resolve(layers: Sequence[tuple[dict[str, Any], str]]) -> Config:
    schema = _schema()
    whole: dict[str, Any] = {}
    try:
        for content, origin in layers:
            check_keys(content, schema, origin)
            check_resolvers(content, origin)
            whole = merged(whole, content)
        check_interpolations(whole, layers[0][1])
        merged_schema = _over_schema(whole)
    except InputError:
        raise
    except (OmegaConfBaseException, *MERGING_RAISES) as error:
        blame(layers, schema)
        raise InputError(one_line(error)) from None
    try:
        config = OmegaConf.to_object(merged_schema)
    except (OmegaConfBaseException, ValueError, TypeError) as error:
        blame_section(merged_schema)
        raise InputError(one_line(error.__cause__ or error)) from None
    assert isinstance(config, Config)
    state_amounts(config)  # a resolved config states its amounts
    return config
