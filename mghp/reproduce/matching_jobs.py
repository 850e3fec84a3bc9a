"""The matching part: solvers, the sweep over T, N and the step size, the choices left open, sizes, the bench."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mghp.config.load import load_config, variant_names
from mghp.config.schema import Config
from mghp.problems.load import load_problems, problems_fingerprint
from mghp.problems.problem_set import ProblemSet
from mghp.progress import Progress
from mghp.reproduce.finished import finished_run
from mghp.reproduce.grid import grid_points, settings_of
from mghp.reproduce.jobs import Job
from mghp.reproduce.profiles import MatchingSize
from mghp.runs.checkout import checkout

POSE_KEYS = ("data.name=", "data.annotations=", "data.poses.", "data.max_images=", "data.generated_poses.")
"""Overrides about poses; they do not reach the runs on random problems."""

_BENCH = 20
"""Runs that the bench takes as long as."""


def matching_jobs(size: MatchingSize, overrides: Sequence[str]) -> list[Job]:
    """Every run of the matching part, in the order of the tables, and the bench.

    Raises:
        InputError: if an override does not fit the schema, the experiment files are not there, or a data file is
            missing or broken.
    """
    problems = _Problems()
    jobs = [_match_job(config, problems, size.seconds) for config in matching_runs(size, overrides)]
    bench = load_config(checkout() / "experiments" / "matcher" / "bench.yaml", [*size.bench, *overrides])
    return [*jobs, _bench_job(bench, problems, _BENCH * size.seconds)]


def matching_runs(size: MatchingSize, overrides: Sequence[str]) -> Iterator[Config]:
    """Every run of the matching part, in the order of the tables.

    Args:
        size: how much.
        overrides: `key=value` of the user; those about poses do not reach the runs on random problems.

    Raises:
        InputError: if an override does not fit the schema, or the experiment files are not there.
    """
    root = checkout()
    matcher = root / "experiments" / "matcher"
    common = ["wandb.mode=disabled", *size.extra]
    poses = [*common, f"data.generated_poses.num_images={size.images}"]
    if size.max_images is not None:
        poses.append(f"data.max_images={size.max_images}")
    poses += overrides
    random = [*common, f"data.random.num_problems={size.random_problems}"]
    random += [text for text in overrides if not text.startswith(POSE_KEYS)]
    random_12x15 = [*random, "data.name=random"]

    for preset in ("default", "hard"):
        for variant in variant_names(matcher / "solvers.yaml"):
            preset_first = [f"data.poses.preset={preset}", *poses]
            yield load_config(matcher / "solvers.yaml", [*preset_first, f"variant={variant}"])
    for data in (poses, random_12x15):
        for point in grid_points(root / "sweeps" / "matcher.yaml", size.grid):
            yield load_config(matcher / "steps.yaml", [*data, *settings_of(point)])
            yield load_config(matcher / "steps.yaml", [*data, "variant=one_projection", *_equal_cost(point)])
    for data in (poses, random_12x15):
        for variant in variant_names(matcher / "readings.yaml"):
            yield load_config(matcher / "readings.yaml", [*data, f"variant={variant}"])
    for variant in variant_names(matcher / "sizes.yaml"):
        yield load_config(matcher / "sizes.yaml", [*random, f"variant={variant}"])


def _equal_cost(point: dict[str, Any]) -> list[str]:
    """One projection at tau = T alpha with T N cycles."""
    steps, cycles, step_size = (point[f"matcher.pgd_dykstra.{key}"] for key in ("num_steps", "num_cycles", "step_size"))
    # repr of the rounded product: 50 * 0.01 and 5 * 0.1 name the same run.
    return [
        f"matcher.projection.tau={round(steps * step_size, 9)}",
        f"matcher.projection.num_cycles={steps * cycles}",
    ]


class _Problems:
    """Fingerprints and problem sets by their settings: many runs of a plan share them."""

    def __init__(self) -> None:
        self._fingerprints: dict[str, str] = {}
        self._sets: dict[str, ProblemSet] = {}

    def fingerprint(self, config: Config) -> str:
        """Return the fingerprint of the data."""
        key = repr(config.data)
        if key not in self._fingerprints:
            self._fingerprints[key] = problems_fingerprint(config.data)
        return self._fingerprints[key]

    def problem_set(self, config: Config) -> ProblemSet:
        """Return the problems; only the latest set is kept."""
        key = repr(config.data)
        if key not in self._sets:
            self._sets = {key: load_problems(config.data)}
        return self._sets[key]


def _match_job(config: Config, problems: _Problems, seconds: float) -> Job:
    fingerprint = problems.fingerprint(config)  # now: a missing or broken file is told before anything runs

    def run(progress: Progress) -> Path:
        from mghp.studies.solvers.run import run_match

        return run_match(config, problems.problem_set(config))

    return Job(config, seconds, lambda: finished_run(config, fingerprint), run)


def _bench_job(config: Config, problems: _Problems, seconds: float) -> Job:
    fingerprint = problems.fingerprint(config)

    def run(progress: Progress) -> Path:
        from mghp.studies.speed.matcher import bench_matcher

        return bench_matcher(config, problems.problem_set(config))

    return Job(config, seconds, lambda: finished_run(config, fingerprint), run)
