"""The one typed schema of every command, and how an experiment file becomes a resolved `Config`.

An experiment file is merged over the schema (over its parent first where it has `base: FILE`), then the chosen
one of its `variants`, then `key=value` from the command line. This module imports neither torch nor lightning,
so that a misspelt key costs no more than the start of Python.
"""

import dataclasses
import difflib
import hashlib
import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mghp.errors import InputError, existing_file
from mghp.matching.configs import (
    GreedyConfig,
    HungarianConfig,
    IdentityConfig,
    LinearProgramConfig,
    PGDDykstraConfig,
    ProjectionConfig,
    SinkhornConfig,
)

SCHEMA_VERSION = 1
"""Raised when the meaning of a key changes, so that results of the old meaning are not adopted."""


@dataclass
class MatcherConfig:
    """Which matcher, and one block a solver; only the named block is read."""

    name: Literal["pgd_dykstra", "sinkhorn", "projection", "linear_program", "hungarian", "greedy", "identity"] = (
        "pgd_dykstra"
    )
    """The matcher to run."""
    pgd_dykstra: PGDDykstraConfig = field(default_factory=PGDDykstraConfig)
    sinkhorn: SinkhornConfig = field(default_factory=SinkhornConfig)
    projection: ProjectionConfig = field(default_factory=ProjectionConfig)
    linear_program: LinearProgramConfig = field(default_factory=LinearProgramConfig)
    hungarian: HungarianConfig = field(default_factory=HungarianConfig)
    greedy: GreedyConfig = field(default_factory=GreedyConfig)
    identity: IdentityConfig = field(default_factory=IdentityConfig)

    def options(self) -> dict[str, Any]:
        """The named solver's options."""
        return dataclasses.asdict(getattr(self, self.name))


@dataclass(frozen=True)
class PosePreset:
    """Amounts of one preset of `PoseProblemsConfig`; see there for units."""

    jitter: float
    miss: float
    spurious: float
    field_width: float
    field_noise: float
    min_persons: int


POSE_PRESETS = {
    "default": PosePreset(0.02, 0.1, 0.3, 0.03, 0.25, 1),
    "hard": PosePreset(0.03, 0.15, 1.0, 0.06, 0.8, 3),
    "easy": PosePreset(0.01, 0.05, 0.15, 0.015, 0.125, 1),
}


@dataclass
class PoseProblemsConfig:
    """How annotated poses become matching problems. An amount left null is its preset's."""

    preset: Literal["default", "hard", "easy"] = "default"
    """Where the amounts left null come from."""
    scale: Literal["median_person", "image_extent"] = "median_person"
    """The length that lengths are relative to: the median over the image's persons of their joints' larger
    extent, or the larger extent of all joints of the image."""
    jitter: float | None = None
    """Standard deviation of a candidate's displacement in x and in y, relative to `scale`."""
    miss: float | None = None
    """Probability that an annotated keypoint is no candidate."""
    spurious: float | None = None
    """Expected number of false candidates a keypoint type (Poisson), uniform over the joints' box."""
    field_width: float | None = None
    """Half width of the band around a limb in which the limb field is set, relative to `scale`."""
    field_noise: float | None = None
    """Standard deviation of the noise on each component of the limb field."""
    min_persons: int | None = None
    """Images with fewer persons that have a joint are left out."""
    num_samples: int = 10
    """Points along the segment at which the limb field is read."""

    def __post_init__(self) -> None:
        for key, value in dataclasses.asdict(self.amounts()).items():
            if not 0 <= value < math.inf:
                raise InputError(f"data.poses.{key} must be finite and not negative, got {value}")
        if self.amounts().miss > 1:
            raise InputError(f"data.poses.miss is a probability, got {self.miss}")
        if self.num_samples < 1:
            raise InputError(f"data.poses.num_samples must be at least 1, got {self.num_samples}")

    def amounts(self) -> PosePreset:
        """The amounts in force: those given, the others from the preset."""
        preset = POSE_PRESETS[self.preset]
        given = {key: getattr(self, key) for key in dataclasses.asdict(preset)}
        return dataclasses.replace(preset, **{key: value for key, value in given.items() if value is not None})


@dataclass
class GeneratedPosesConfig:
    """Poses made up by `mghp.data.generated_poses`."""

    num_images: int = 500
    """Images."""
    mean_extra_persons: float = 0.8
    """Mean of the Poisson number of persons beyond the second."""

    def __post_init__(self) -> None:
        if self.num_images < 1:
            raise InputError(f"data.generated_poses.num_images must be at least 1, got {self.num_images}")


@dataclass
class RandomProblemsConfig:
    """Matching problems without poses, each of one size."""

    kind: Literal["uniform", "normal", "block"] = "uniform"
    """Entries uniform in [0, 1]; standard normal (with negatives); or high on a random permutation's blocks."""
    num_problems: int = 300
    """Problems."""
    source: int = 12
    """Source candidates."""
    destination: int = 15
    """Destination candidates."""

    def __post_init__(self) -> None:
        for key in ("num_problems", "source", "destination"):
            if getattr(self, key) < 1:
                raise InputError(f"data.random.{key} must be at least 1, got {getattr(self, key)}")


@dataclass
class DataConfig:
    """Which matching problems. Blocks of other data than the named are not read."""

    name: Literal["generated_poses", "mhp_poses", "random"] = "generated_poses"
    """Poses made up by us; a COCO-keypoint file (`data.annotations`); or random matrices."""
    annotations: str | None = None
    """COCO-keypoint JSON file, for mhp_poses."""
    max_images: int | None = None
    """Only the first so many images."""
    seed: int = 0
    """Seed of everything that is drawn."""
    validation_share: float = 0.2
    """Share of the images on which thresholds are tuned; scores are of the others."""
    poses: PoseProblemsConfig = field(default_factory=PoseProblemsConfig)
    generated_poses: GeneratedPosesConfig = field(default_factory=GeneratedPosesConfig)
    random: RandomProblemsConfig = field(default_factory=RandomProblemsConfig)

    def __post_init__(self) -> None:
        if self.name == "mhp_poses" and self.annotations is None:
            raise InputError("data.annotations: mhp_poses needs a COCO-keypoint JSON file, got null")
        if self.max_images is not None and self.max_images < 1:
            raise InputError(f"data.max_images must be at least 1, got {self.max_images}")
        if not 0 < self.validation_share < 1:
            raise InputError(f"data.validation_share must lie between 0 and 1, got {self.validation_share}")


@dataclass
class MatchConfig:
    """What `mghp match` measures."""

    rounding: list[str] = field(default_factory=lambda: ["hungarian", "mutual", "greedy"])
    """Roundings to score, of hungarian, mutual and greedy."""
    dtype: Literal["float32", "float64"] = "float32"
    """Precision of the affinities."""
    trace_problems: int = 256
    """Problems whose convergence is traced (those with two and more candidates a side); 0 for none."""
    coupling_problems: int = 64
    """Problems whose Jacobian is taken; 0 for none."""
    timing_repeats: int = 3
    """Repeats of forward, and of forward + backward, whose median is reported; 0 for no timing."""

    def __post_init__(self) -> None:
        for name in self.rounding:
            if name not in ("hungarian", "mutual", "greedy"):
                raise InputError(f"match.rounding is of hungarian, mutual, greedy; got {name!r}")
        for key in ("trace_problems", "coupling_problems", "timing_repeats"):
            if getattr(self, key) < 0:
                raise InputError(f"match.{key} must not be negative, got {getattr(self, key)}")


@dataclass
class BenchConfig:
    """What `mghp bench matcher` measures."""

    repeats: int = 7
    """Repeats of each measurement, whose median is reported."""
    loop_problems: int = 300
    """Problems on which the per-problem Python loop is timed; it is scaled from them to all."""
    sizes: list[int] = field(default_factory=lambda: [2, 4, 8, 16, 32, 64])
    """Candidates a side at which time is measured, in batches of 64."""
    batches: list[int] = field(default_factory=lambda: [1, 4, 16, 64, 256, 1024])
    """Problems in a batch at which time is measured, of 16x16."""

    def __post_init__(self) -> None:
        for key, value in vars(self).items():
            numbers = value if isinstance(value, list) else [value]
            if not numbers or min(numbers) < 1:
                raise InputError(f"bench.{key} must be at least 1, got {value}")


@dataclass
class WandbConfig:
    """Weights & Biases. WANDB_MODE and WANDB_SWEEP_ID, where set, decide over `mode`."""

    mode: Literal["offline", "online", "disabled"] = "offline"
    """Where the run is logged."""
    project: str = "mghp"
    """Project name on the server."""


@dataclass
class Config:
    """One run of one command, whole."""

    experiment: str = "unnamed"
    """Folder under `runs`; the experiment file's stem where it names none."""
    variant: str = ""
    """Which of the file's `variants`; empty for none."""
    seed: int = 0
    """Seed of the run itself (the data has its own)."""
    runs: str = "runs"
    """Folder of all run folders."""
    matcher: MatcherConfig = field(default_factory=MatcherConfig)
    data: DataConfig = field(default_factory=DataConfig)
    match: MatchConfig = field(default_factory=MatchConfig)
    bench: BenchConfig = field(default_factory=BenchConfig)
    wandb: WandbConfig = field(default_factory=WandbConfig)

    def __post_init__(self) -> None:
        if not 0 <= self.seed < 2**63:
            raise InputError(f"seed must be at least 0 and fit 63 bits, got {self.seed}")


def load_config(path: str | Path, overrides: Sequence[str] = ()) -> Config:
    """Resolve an experiment file and `key=value` overrides into a checked `Config`.

    Raises:
        InputError: one line that names the file or key, what came and what was expected.
    """
    file = existing_file(path, "experiment file")
    content = _read_with_bases(file)
    variants = content.pop("variants", None)
    if not isinstance(variants, dict | None):
        raise InputError(f"{file}: variants must map names to settings, got {type(variants).__name__}")
    content.setdefault("experiment", file.stem)
    command_line = [(*_parse_override(text), text) for text in overrides]
    # A run's config.yaml names its variant, which is already in its settings, and has no variants.
    named = content.get("variant") if variants is not None else None
    chosen = next((value for key, value, _ in reversed(command_line) if key == "variant"), named)
    layers = [(content, str(file))]
    if chosen:
        layers.append((_variant(variants or {}, str(chosen), file), f"{file}, variant {chosen}"))
    layers += [(_nested(key, value), text) for key, value, text in command_line]
    return _resolve(layers)


def variant_names(path: str | Path) -> list[str]:
    """The names of an experiment file's variants, in its order."""
    return list(_read_with_bases(existing_file(path, "experiment file")).get("variants") or {})


def config_key(config: Config, data_fingerprint: str) -> str:
    """Sixteen hex digits for a run: its whole resolved config, its data and the schema's version.

    Where a run is written and logged does not change what it computes, so `runs` and `wandb` stay out.
    """
    resolved = dataclasses.asdict(config)
    del resolved["runs"], resolved["wandb"]
    text = json.dumps([SCHEMA_VERSION, data_fingerprint, resolved], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def to_yaml(config: Config) -> str:
    """The whole resolved config as YAML that `load_config` reads back to an equal one."""
    return OmegaConf.to_yaml(OmegaConf.structured(config))


def read_yaml(file: Path) -> dict[str, Any]:
    """A YAML mapping.

    Raises:
        InputError: if the file is no YAML, or no mapping.
    """
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=_FloatSafeLoader)
    except _UNREADABLE as error:
        raise InputError(f"{file}: not readable as YAML: {_one_line(error)}") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise InputError(f"{file}: expected a mapping of keys to values, got {type(content).__name__}")
    return content


_UNREADABLE = (yaml.YAMLError, OSError, ValueError, KeyError, AttributeError, RecursionError)
"""What reading YAML raises: the last four for 2020-13-45, a tag that its value does not fit, or deep nesting."""


class _FloatSafeLoader(yaml.SafeLoader):
    """SafeLoader that also reads 1e-3 as a number, as every scientist means it (YAML 1.2)."""


_FloatSafeLoader.yaml_implicit_resolvers = {
    key: list(value) for key, value in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_FloatSafeLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?[0-9][0-9_]*(?:\.[0-9_]*)?[eE][-+]?[0-9]+$"),
    list("-+0123456789"),
)


def _read_with_bases(file: Path, seen: tuple[Path, ...] = ()) -> dict[str, Any]:
    if file.resolve() in seen:
        raise InputError(f"{file}: base files form a circle")
    content = read_yaml(file)
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


def _variant(variants: dict[Any, Any], chosen: str, file: Path) -> dict[str, Any]:
    by_name = {str(name): settings for name, settings in variants.items()}
    if chosen not in by_name:
        raise InputError(f"{file}: no variant {chosen!r}{_nearest(chosen, by_name)}")
    settings = by_name[chosen]
    if not isinstance(settings, dict | None):
        raise InputError(f"{file}: variant {chosen} must map keys to values, got {settings!r}")
    return settings or {}


def _parse_override(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise InputError(f"{text!r}: expected key=value")
    try:
        return key, yaml.load(value, Loader=_FloatSafeLoader) if value else ""
    except _UNREADABLE as error:
        raise InputError(f"{text!r}: value not readable: {_one_line(error)}") from None


def _nested(key: str, value: object) -> dict[str, Any]:
    first, dot, rest = key.partition(".")
    return {first: _nested(rest, value) if dot else value}


def _resolve(layers: Sequence[tuple[dict[str, Any], str]]) -> Config:
    schema = OmegaConf.structured(Config)
    whole: dict[str, Any] = {}
    try:
        for content, origin in layers:
            _check_keys(content, schema, origin)
            whole = _merged(whole, content)
        schema = OmegaConf.merge(schema, OmegaConf.create(whole))
    except (OmegaConfBaseException, RecursionError):
        _blame(layers, schema)
        raise
    _check_solvers(schema.matcher)
    try:
        config = OmegaConf.to_object(schema)
    except OmegaConfBaseException as error:
        raise InputError(_one_line(error.__cause__ or error)) from None
    except ValueError as error:
        raise InputError(_one_line(error)) from None
    assert isinstance(config, Config)
    for key, value in dataclasses.asdict(config.data.poses.amounts()).items():
        setattr(config.data.poses, key, value)  # a resolved config states its amounts
    return config


def _blame(layers: Sequence[tuple[dict[str, Any], str]], schema: DictConfig) -> None:
    """Merge layer by layer, which is slow, to name the one that does not fit."""
    for content, origin in layers:
        try:
            _check_keys(content, schema, origin)
            OmegaConf.merge(schema, OmegaConf.create(content))
        except OmegaConfBaseException as error:
            key = f"{error.full_key}: " if error.full_key else ""
            raise InputError(f"{origin}: {key}{_one_line(error)}") from None
        except RecursionError:
            raise InputError(f"{origin}: nested too deeply") from None


def _check_solvers(matcher: DictConfig) -> None:
    """Their dataclasses know a value's range, but not under which key they stand."""
    for name in [str(key) for key in matcher if key != "name"]:
        try:
            OmegaConf.to_object(matcher[name])
        except OmegaConfBaseException as error:
            raise InputError(_one_line(error)) from None
        except (ValueError, TypeError) as error:
            raise InputError(f"matcher.{name}.{_one_line(error)}") from None


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
            raise InputError(f"{origin}: {path} is a section ({', '.join(section)}), got {value!r}")
        _check_keys(value, section, origin, f"{path}.")


def _nearest(name: str, valid: Iterable[str], prefix: str = "") -> str:
    names = list(valid)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f"; did you mean {prefix + close[0]!r}?"
    return f"; valid are {', '.join(prefix + valid_name for valid_name in names)}" if names else ""


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split("full_key")[0].split())
