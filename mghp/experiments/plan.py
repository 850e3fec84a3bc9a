"""The runs behind the matching tables and figures, at each profile's size."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from mghp.config import Config, load_config, read_yaml, variant_names
from mghp.data.load import load_problems
from mghp.data.problems import MatchingProblems
from mghp.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
"""The checkout: experiments/ and sweeps/ lie here."""

_POSE_KEYS = ("data.name=", "data.annotations=", "data.poses.", "data.max_images=", "data.generated_poses.")


@dataclass(frozen=True)
class Profile:
    """How much of the matching part is run."""

    images: int
    """Generated images, where no file is given."""
    max_images: int | None
    """Images of a file that are used; None for all."""
    random_problems: int
    """Random problems of a size."""
    grid: dict[str, list[Any]]
    """Values that replace those of sweeps/matcher.yaml, by the last part of their key."""
    extra: tuple[str, ...] = ()
    """Settings of every run."""
    bench: tuple[str, ...] = ()
    """Settings of the bench."""


_SMOKE_GRID: dict[str, list[Any]] = {"num_steps": [10, 50], "num_cycles": [1, 5], "step_size": [0.01, 1.0]}
_SMOKE_EXTRA = ("match.trace_problems=16", "match.coupling_problems=4")
_SMOKE_BENCH = (
    "data.max_images=40",
    "bench.repeats=1",
    "bench.loop_problems=20",
    "bench.sizes=[2,8]",
    "bench.batches=[1,16]",
)

PROFILES = {
    "smoke": Profile(40, 40, 30, _SMOKE_GRID, _SMOKE_EXTRA, _SMOKE_BENCH),
    "quick": Profile(500, None, 300, {}),
    "standard": Profile(2500, None, 1000, {}),
    "full": Profile(2500, None, 1000, {}),
}


@dataclass(frozen=True)
class MatchingPlan:
    """What the matching part runs."""

    runs: list[Config]
    """In the order of the tables."""
    bench: Config
    bench_problems: MatchingProblems


def matching_plan(profile: Profile, overrides: Sequence[str]) -> MatchingPlan:
    """The matching part.

    Raises:
        InputError: if an override does not fit the schema, the experiment files are not there, or a data file is
            missing or broken.
    """
    runs = list(matching_runs(profile, overrides))
    bench = load_config(ROOT / "experiments" / "matcher" / "bench.yaml", [*profile.bench, *overrides])
    return MatchingPlan(runs, bench, load_problems(bench.data))


def matching_runs(profile: Profile, overrides: Sequence[str]) -> Iterator[Config]:
    """Every run of the matching part, in the order of the tables.

    Args:
        profile: how much.
        overrides: `key=value` of the user; those about poses do not reach the runs on random problems.

    Raises:
        InputError: if an override does not fit the schema, or the experiment files are not there.
    """
    if not (ROOT / "experiments").is_dir():
        raise InputError(f"{ROOT}: no experiments folder; `mghp reproduce` runs from a checkout (pip install -e .)")
    matcher = ROOT / "experiments" / "matcher"
    common = ["wandb.mode=disabled", *profile.extra]
    poses = [*common, f"data.generated_poses.num_images={profile.images}"]
    if profile.max_images is not None:
        poses.append(f"data.max_images={profile.max_images}")
    poses += overrides
    random = [*common, f"data.random.num_problems={profile.random_problems}"]
    random += [text for text in overrides if not text.startswith(_POSE_KEYS)]
    random_12x15 = [*random, "data.name=random"]

    for preset in ("default", "hard"):
        for variant in variant_names(matcher / "solvers.yaml"):
            preset_first = [f"data.poses.preset={preset}", *poses]
            yield load_config(matcher / "solvers.yaml", [*preset_first, f"variant={variant}"])
    for data in (poses, random_12x15):
        for point in grid_points(ROOT / "sweeps" / "matcher.yaml", profile.grid):
            yield load_config(matcher / "steps.yaml", [*data, *(f"{key}={value}" for key, value in point.items())])
            yield load_config(matcher / "steps.yaml", [*data, "variant=one_projection", *_equal_cost(point)])
    for data in (poses, random_12x15):
        for variant in variant_names(matcher / "readings.yaml"):
            yield load_config(matcher / "readings.yaml", [*data, f"variant={variant}"])
    for variant in variant_names(matcher / "sizes.yaml"):
        yield load_config(matcher / "sizes.yaml", [*random, f"variant={variant}"])


def grid_points(sweep_file: Path, replaced: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """The points of a sweep file's grid, some of its value lists replaced."""
    parameters = read_yaml(sweep_file)["parameters"]
    values = {key: replaced.get(key.rpartition(".")[2], setting["values"]) for key, setting in parameters.items()}
    return [dict(zip(values, point, strict=True)) for point in product(*values.values())]


def _equal_cost(point: dict[str, Any]) -> list[str]:
    """One projection at tau = T alpha with T N cycles."""
    steps, cycles, step_size = (point[f"matcher.pgd_dykstra.{key}"] for key in ("num_steps", "num_cycles", "step_size"))
    # repr of the rounded product: 50 * 0.01 and 5 * 0.1 name the same run.
    return [
        f"matcher.projection.tau={round(steps * step_size, 9)}",
        f"matcher.projection.num_cycles={steps * cycles}",
    ]
