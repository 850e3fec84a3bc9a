"""The one typed schema of every command, and how an experiment file becomes a resolved `Config`.

An experiment file is merged over the schema (over its parent first where it has `base: FILE`), then the chosen
one of its `variants`, then `key=value` from the command line. This module imports neither torch nor lightning,
so that a misspelt key costs no more than the start of Python.
"""

import dataclasses
import difflib
import functools
import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mghp.assembly.config import AssemblyConfig
from mghp.data.configs import DataConfig
from mghp.errors import InputError, existing_file, stays_below
from mghp.experiments.config import EvaluationConfig
from mghp.inference.config import InferenceConfig
from mghp.losses.configs import LossesConfig
from mghp.matching.configs import (
    BlackboxConfig,
    GreedyConfig,
    HungarianConfig,
    IdentityConfig,
    LinearProgramConfig,
    PerturbedConfig,
    PGDDykstraConfig,
    ProjectionConfig,
    SinkhornConfig,
    SoftMaxConfig,
    StraightThroughConfig,
)
from mghp.metrics.config import MetricsConfig
from mghp.modules.configs import LearnedMatchingConfig, TrainingConfig
from mghp.network.configs import NetworkConfig
from mghp.ranges import LONGEST_SIDE, SEED, Range, RangeError, Section
from mghp.typed_yaml import read_argument, read_typed, type_of
from mghp.yaml_text import read_text

MOST_INTERPOLATIONS = 20
"""Of a whole config. They stand for others at most: twenty can make some hundred copies of a value."""

SCHEMA_VERSION = 2
"""Raised when the meaning or the default of a key changes, so that results of the old meaning are not adopted."""

_SCHEMAS = {"learned": 3}
"""Of experiments that only their own keys or scores have changed for since."""

_SOLVERS = {"perturbed": 2}
"""Versions of matchers that compute otherwise than they did; the first where there is none."""


@dataclass
class MatcherConfig:
    """Which matcher, and one block a solver; only the named block is read."""

    name: Literal[
        "pgd_dykstra", "sinkhorn", "projection", "linear_program", "hungarian", "greedy", "identity",
        "softmax", "straight_through", "blackbox", "perturbed",
    ] = "pgd_dykstra"  # fmt: skip
    """The matcher to run."""
    pgd_dykstra: PGDDykstraConfig = field(default_factory=PGDDykstraConfig)
    sinkhorn: SinkhornConfig = field(default_factory=SinkhornConfig)
    projection: ProjectionConfig = field(default_factory=ProjectionConfig)
    linear_program: LinearProgramConfig = field(default_factory=LinearProgramConfig)
    hungarian: HungarianConfig = field(default_factory=HungarianConfig)
    greedy: GreedyConfig = field(default_factory=GreedyConfig)
    identity: IdentityConfig = field(default_factory=IdentityConfig)
    softmax: SoftMaxConfig = field(default_factory=SoftMaxConfig)
    straight_through: StraightThroughConfig = field(default_factory=StraightThroughConfig)
    blackbox: BlackboxConfig = field(default_factory=BlackboxConfig)
    perturbed: PerturbedConfig = field(default_factory=PerturbedConfig)

    def options(self) -> dict[str, Any]:
        """The named solver's options."""
        return dataclasses.asdict(getattr(self, self.name))


@dataclass
class MatchConfig(Section):
    """What `mghp match` measures."""

    rounding: list[str] = field(default_factory=lambda: ["hungarian", "mutual", "greedy"])
    """Roundings to score, of hungarian, mutual and greedy."""
    dtype: Literal["float32", "float64"] = "float32"
    """Precision of the affinities."""
    trace_problems: Annotated[int, Range(0, 1_000_000)] = 256
    """Problems whose convergence is traced (those with two and more candidates a side); 0 for none."""
    coupling_problems: Annotated[int, Range(0, 1_000_000)] = 64
    """Problems whose Jacobian is taken; 0 for none."""
    timing_repeats: Annotated[int, Range(0, 10_000)] = 3
    """Repeats of forward, and of forward + backward, whose median is reported; 0 for no timing."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self.rounding:
            if name not in ("hungarian", "mutual", "greedy"):
                raise InputError(f"match.rounding is of hungarian, mutual, greedy; got {name!r}")


@dataclass
class BenchConfig(Section):
    """What `mghp bench` measures."""

    repeats: Annotated[int, Range(1, 10_000)] = 7
    """Repeats of each measurement, whose median is reported."""
    loop_problems: Annotated[int, Range(1, 1_000_000)] = 300
    """Problems on which the per-problem Python loop is timed; it is scaled from them to all."""
    sizes: list[Annotated[int, Range(1, 4096)]] = field(default_factory=lambda: [2, 4, 8, 16, 32, 64])
    """Candidates a side at which time is measured, in batches of 64."""
    batches: list[Annotated[int, Range(1, 65_536)]] = field(default_factory=lambda: [1, 4, 16, 64, 256, 1024])
    """Problems in a batch at which time is measured, of 16x16."""

    steps: Annotated[int, Range(1, 1_000_000)] = 40
    """Pairs of training steps, one with the matching loss and one without, whose times are compared."""
    pictures: Annotated[int, Range(1, 1_000_000)] = 64
    """Pictures whose rendering is timed."""
    kills: Annotated[int, Range(1, 10_000)] = 20
    """Times that a training is killed."""
    persons: list[Annotated[int, Range(1, 1000)]] = field(default_factory=lambda: [1, 5, 20, 50])
    """Persons in a picture at which the assembly is timed."""
    target_persons: list[Annotated[int, Range(1, 1000)]] = field(default_factory=lambda: [1, 5, 10, 20, 50])
    """Persons in a picture at which the making of targets is timed."""
    size: Annotated[int, Range(1, LONGEST_SIDE)] = 512
    """Height and width of the pictures that the assembly is timed on, pixels."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for key, value in vars(self).items():
            if value == []:
                raise InputError(f"bench.{key} must be at least 1, got {value}")


@dataclass
class WandbConfig:
    """Weights & Biases. WANDB_MODE and WANDB_SWEEP_ID, where set, decide over `mode`."""

    mode: Literal["offline", "online", "disabled"] = "offline"
    """Where the run is logged."""
    project: str = "mghp"
    """Project name on the server."""


@dataclass
class Config(Section):
    """One run of one command, whole."""

    experiment: str = "unnamed"
    """Folder under `runs`; the experiment file's stem where it names none."""
    variant: str = ""
    """Which of the file's `variants`; empty for none."""
    seed: Annotated[int, SEED] = 0
    """Seed of the run itself (the data has its own)."""
    runs: str = "runs"
    """Folder of all run folders."""
    matcher: MatcherConfig = field(default_factory=MatcherConfig)
    data: DataConfig = field(default_factory=DataConfig)
    match: MatchConfig = field(default_factory=MatchConfig)
    bench: BenchConfig = field(default_factory=BenchConfig)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    losses: LossesConfig = field(default_factory=LossesConfig)
    assembly: AssemblyConfig = field(default_factory=AssemblyConfig)
    metrics: MetricsConfig = field(default_factory=MetricsConfig)
    inference: InferenceConfig = field(default_factory=InferenceConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    learned: LearnedMatchingConfig = field(default_factory=LearnedMatchingConfig)
    trainer: dict[str, Any] = field(default_factory=dict)
    """Given to Lightning's Trainer as they are: max_steps, precision, gradient_clip_val, accelerator, ..."""
    wandb: WandbConfig = field(default_factory=WandbConfig)

    def __post_init__(self) -> None:
        super().__post_init__()
        for key in ("experiment", "variant"):  # they name the run folder
            name = getattr(self, key)
            if name and not stays_below(name):
                raise InputError(f"{key}: {name!r} is no name of a folder below runs")
        weights = self.losses.weights
        if self.assembly.grouping == "center" and not (weights.heatmaps and weights.field):
            raise InputError("assembly.grouping: center needs losses.weights.heatmaps and losses.weights.field above 0")


def load_config(path: str | Path, overrides: Sequence[str] = ()) -> Config:
    """Resolve an experiment file and `key=value` overrides into a checked `Config`.

    Raises:
        InputError: one line that names the file or key, what came and what was expected.
    """
    file = existing_file(path, "experiment file")
    content = _read_with_bases(file)
    content.setdefault("experiment", file.stem)
    return _with_overrides(content, overrides, str(file))


def load_config_text(text: str, overrides: Sequence[str] = (), origin: str = "config") -> Config:
    """The config that `to_yaml` wrote, for instance into a checkpoint, with `key=value` over it.

    Raises:
        InputError: one line that names the origin or key.
    """
    return _with_overrides(_mapping(read_typed(text, _File, origin), origin), overrides, origin)


def _with_overrides(content: dict[str, Any], overrides: Sequence[str], origin: str) -> Config:
    variants = content.pop("variants", None)
    if not isinstance(variants, dict | None):
        raise InputError(f"{origin}: variants must map names to settings, got {type(variants).__name__}")
    command_line = [(*_parse_override(text), text) for text in overrides]
    # A run's config.yaml names its variant, which is already in its settings, and has no variants.
    named = content.get("variant") if variants is not None else None
    chosen = next((value for key, value, _ in reversed(command_line) if key == "variant"), named)
    layers = [(content, origin)]
    if chosen:
        layers.append((_variant(variants or {}, str(chosen), origin), f"{origin}, variant {chosen}"))
    layers += [(_nested(key, value), text) for key, value, text in command_line]
    return _resolve(layers)


def variant_names(path: str | Path) -> list[str]:
    """The names of an experiment file's variants, in its order."""
    return list(_read_with_bases(existing_file(path, "experiment file")).get("variants") or {})


def config_key(config: Config, data_fingerprint: str) -> str:
    """Sixteen hex digits for a run: its whole resolved config, its data, the schema's version and its matchers'.

    Values at their defaults stay out, so that a key that is new in the schema makes no other runs of those that do
    without it.
    """
    identity = [
        schema_version(config.experiment),
        data_fingerprint,
        _differences(computed_settings(config), _defaults()),
    ]
    matchers = {config.matcher.name, *config.evaluation.matchers}
    versions = {name: version for name, version in _SOLVERS.items() if name in matchers}
    if versions:  # so that the runs of all others keep their keys
        identity.append(versions)
    text = json.dumps(identity, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def computed_settings(config: Config) -> dict[str, Any]:
    """All that decides what a run computes, as nested mappings.

    Where a run is written and logged, and where its data lie, does not, so `runs`, `wandb`, `data.root` and
    `data.annotations` are left out: the data's fingerprint is of what lies there.
    """
    resolved = dataclasses.asdict(config)
    del resolved["runs"], resolved["wandb"], resolved["data"]["root"], resolved["data"]["annotations"]
    return resolved


def schema_version(experiment: str) -> int:
    """Of an experiment's results."""
    return max(SCHEMA_VERSION, _SCHEMAS.get(experiment, 0))


@functools.cache
def _defaults() -> dict[str, Any]:
    """Of every key; as a resolved config, which states its poses' amounts."""
    config = Config()
    _state_amounts(config)
    return dataclasses.asdict(config)


def _differences(values: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    """What is not at its default; an open section counts whole."""
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


def _state_amounts(config: Config) -> None:
    for key, value in dataclasses.asdict(config.data.poses.amounts()).items():
        setattr(config.data.poses, key, value)


def to_yaml(config: Config) -> str:
    """The whole resolved config as YAML that `load_config` reads back to an equal one."""
    return OmegaConf.to_yaml(OmegaConf.structured(config))


def read_yaml(file: Path, hint: object = Any) -> dict[str, Any]:
    """A YAML mapping; of an experiment's or a resolved config's keys (`Config`) the values have their keys' types.

    Raises:
        InputError: if the file is no YAML, or no mapping.
    """
    content = read_typed(read_text(file), hint, str(file))
    return {} if content is None else _mapping(content, str(file))


def _mapping(content: object, origin: str) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise InputError(f"{origin}: expected a mapping of keys to values, got {type(content).__name__}")
    return content


@dataclass
class _File(Config):
    """What an experiment file may hold."""

    base: str | None = None
    variants: dict[str, Config] | None = None


def _read_with_bases(file: Path, seen: tuple[Path, ...] = ()) -> dict[str, Any]:
    if file.resolve() in seen:
        raise InputError(f"{file}: base files form a circle")
    content = read_yaml(file, _File)
    base = content.pop("base", None)
    if base is None:
        return content
    parent_file = existing_file(file.parent / str(base), f"{file}: base")
    parent = _read_with_bases(parent_file, (*seen, file.resolve()))
    parent.setdefault("experiment", parent_file.stem)
    if "experiment" not in content:
        parent.pop("experiment")
    return _merged(parent, content)


def _merged(parent: dict[str, Any], child: dict[str, Any]) -> dict[str, Any]:
    """Both, key by key; where both have one, the child's."""
    both_sections = [key for key in child if isinstance(parent.get(key), dict) and isinstance(child[key], dict)]
    return parent | child | {key: _merged(parent[key], child[key]) for key in both_sections}


def _variant(variants: dict[Any, Any], chosen: str, origin: str) -> dict[str, Any]:
    by_name = {str(name): settings for name, settings in variants.items()}
    if chosen not in by_name:
        raise InputError(f"{origin}: no variant {chosen!r}{_nearest(chosen, by_name)}")
    settings = by_name[chosen]
    if not isinstance(settings, dict | None):
        raise InputError(f"{origin}: variant {chosen} must map keys to values, got {settings!r}")
    return settings or {}


def _parse_override(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise InputError(f"{text!r}: expected key=value")
    return key, read_argument(value, type_of(Config, key), repr(text))


def _nested(key: str, value: object) -> dict[str, Any]:
    first, dot, rest = key.partition(".")
    return {first: _nested(rest, value) if dot else value}


@functools.cache
def _schema() -> DictConfig:
    """Built once, which is half of a load's time; merging copies it."""
    schema = cast(DictConfig, OmegaConf.structured(Config))
    OmegaConf.set_readonly(schema, True)
    return schema


def _resolve(layers: Sequence[tuple[dict[str, Any], str]]) -> Config:
    schema = _schema()
    whole: dict[str, Any] = {}
    try:
        for content, origin in layers:
            _check_keys(content, schema, origin)
            _check_resolvers(content, origin)
            whole = _merged(whole, content)
        _check_interpolations(whole, layers[0][1])
        schema = cast(DictConfig, OmegaConf.merge(schema, OmegaConf.create(whole)))
    except InputError:
        raise
    except (OmegaConfBaseException, *_MERGING_RAISES) as error:
        _blame(layers, schema)
        raise InputError(_one_line(error)) from None
    try:
        config = OmegaConf.to_object(schema)
    except (OmegaConfBaseException, ValueError, TypeError) as error:
        _blame_section(schema)
        raise InputError(_one_line(error.__cause__ or error)) from None
    assert isinstance(config, Config)
    _state_amounts(config)  # a resolved config states its amounts
    return config


_MERGING_RAISES = (TypeError, ValueError, RecursionError, OverflowError)
"""What OmegaConf lets through over values of no use: lists that refer to numbers, bytes, numbers beyond float."""


def _check_interpolations(content: dict[str, Any], origin: str) -> None:
    """Of ${a}${a} in b, ${b}${b} in c and so on a few lines could make gigabytes.

    Raises:
        InputError: if there are more than anybody needs.
    """
    number = repr(content).count("${")
    if number > MOST_INTERPOLATIONS:
        raise InputError(f"{origin}: {number} interpolations (${{...}}); expected {MOST_INTERPOLATIONS} at most")


def _check_resolvers(value: object, origin: str, path: str = "") -> None:
    """`${oc.env:HOME}` would put what the environment holds, secrets too, into run folders and onto W&B's server.

    Raises:
        InputError: if a text, whoever wrote it, calls a resolver. `${key}`, of another key, calls none.
    """
    if isinstance(value, dict | list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in inner:
            _check_resolvers(part, origin, f"{path}.{key}" if path else str(key))
    elif isinstance(value, str) and _calls_resolver(value):
        raise InputError(
            f"{origin}: {path}: {value:.60}: only other keys are interpolated, as ${{key}}; got a resolver"
        )


def _calls_resolver(text: str) -> bool:
    """Whether an interpolation has a colon in it, however deep, which the name of no key has."""
    depth = 0
    for token in re.findall(r"\$\{|[}:]", text):
        depth += {"${": 1, "}": -1, ":": 0}[token] if depth or token == "${" else 0
        if depth and token == ":":
            return True
    return False


def _blame(layers: Sequence[tuple[dict[str, Any], str]], schema: DictConfig) -> None:
    """Merge layer by layer, which is slow, to name the one that does not fit."""
    for content, origin in layers:
        try:
            _check_keys(content, schema, origin)
            OmegaConf.merge(schema, OmegaConf.create(content))
        except InputError:
            raise
        except OmegaConfBaseException as error:
            key = f"{error.full_key}: " if error.full_key else ""
            raise InputError(f"{origin}: {key}{_one_line(error)}") from None
        except _MERGING_RAISES as error:
            raise InputError(f"{origin}: {_one_line(error)}") from None


def _blame_section(section: DictConfig, prefix: str = "") -> None:
    """Section by section, which is slow: a dataclass knows a value's range, but not under which key it stands."""
    for name in map(str, section):
        try:
            value = section[name]
        except OmegaConfBaseException as error:  # e.g. an interpolation of what is not there
            raise InputError(f"{prefix}{name}: {_one_line(error)}") from None
        if not isinstance(value, DictConfig) or _is_open(value):
            continue
        _blame_section(value, f"{prefix}{name}.")
        try:
            OmegaConf.to_object(value)
        except OmegaConfBaseException as error:
            raise InputError(_one_line(error.__cause__ or error)) from None
        except RangeError as error:
            raise InputError(f"{prefix}{name}.{error}") from None
        except InputError:
            raise
        except (ValueError, TypeError) as error:
            raise InputError(f"{prefix}{name}.{_one_line(error)}") from None


def _is_open(section: DictConfig) -> bool:
    """Whether any key may stand there, for a library to check."""
    return OmegaConf.get_type(section) is dict


def _check_keys(content: dict[str, Any], schema: DictConfig, origin: str, prefix: str = "") -> None:
    for key, value in content.items():
        path = f"{prefix}{key}"
        if key not in schema:
            raise InputError(f"{origin}: unknown key {path!r}{_nearest(str(key), list(schema), prefix)}")
        section = schema[key]
        if not isinstance(section, DictConfig):
            if value == "???":  # OmegaConf would keep the default without a word
                raise InputError(f"{origin}: {path}: ??? is no value")
            continue
        if not isinstance(value, dict):
            keys = "" if _is_open(section) else f" ({', '.join(section)})"
            raise InputError(f"{origin}: {path} is a section{keys}, got {value!r}")
        if _is_open(section):
            continue
        _check_keys(value, section, origin, f"{path}.")


def _nearest(name: str, valid: Iterable[str], prefix: str = "") -> str:
    names = list(valid)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f"; did you mean {prefix + close[0]!r}?"
    return f"; valid are {', '.join(prefix + valid_name for valid_name in names)}" if names else ""


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split("full_key")[0].split())
