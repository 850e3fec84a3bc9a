"""`mghp reproduce`: runs a plan, adopts what is finished, and reports."""

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from mghp.bench.matcher import bench_matcher
from mghp.config import Config, config_key
from mghp.data.configs import DataConfig
from mghp.data.load import load_problems
from mghp.data.problems import MatchingProblems
from mghp.experiments.match import run_match
from mghp.experiments.parsing_plan import ParsingPlan, run_parsing_plan
from mghp.experiments.plan import MatchingPlan
from mghp.experiments.problem_set import ProblemSet, build_problem_set
from mghp.report.matching_figures import matching_figures
from mghp.report.matching_readings import write_readings
from mghp.report.matching_tables import matching_tables
from mghp.report.parsing_figures import parsing_figures
from mghp.report.parsing_tables import parsing_tables
from mghp.report.runs import Run
from mghp.report.table import write_tables
from mghp.run_folder import is_finished, run_path

Progress = Callable[[int, int, str], None]
"""Told how many runs are done, of how many, and what runs now."""


class ProblemCache:
    """Problems and problem sets by their settings: many runs of a plan share them."""

    def __init__(self) -> None:
        self._problems: dict[str, MatchingProblems] = {}
        self._sets: dict[tuple[str, str], ProblemSet] = {}

    def problems(self, data: DataConfig) -> MatchingProblems:
        """The matching problems of a config."""
        key = repr(data)
        if key not in self._problems:
            self._problems[key] = load_problems(data)
        return self._problems[key]

    def problem_set(self, config: Config) -> ProblemSet:
        """The same as torch batches, solved exactly; only the latest is kept."""
        key = (repr(config.data), config.match.dtype)
        if key not in self._sets:
            dtype = getattr(torch, config.match.dtype)
            self._sets = {key: build_problem_set(self.problems(config.data), config.data, dtype)}
        return self._sets[key]


def run_plan(configs: Sequence[Config], progress: Progress) -> tuple[list[Path], int]:
    """Run every config of a plan that no finished run folder stands for.

    Returns:
        The run folders in the plan's order, and how many of them were adopted.
    """
    cache = ProblemCache()
    folders: list[Path] = []
    adopted = 0
    for done, config in enumerate(configs):
        progress(done, len(configs), f"{config.experiment} {config.variant}".strip())
        fingerprint = cache.problems(config.data).fingerprint
        folder = run_path(config, fingerprint)
        if is_finished(folder, config_key(config, fingerprint)):
            adopted += 1
        else:
            folder = run_match(config, cache.problem_set(config))
        folders.append(folder)
    progress(len(configs), len(configs), "report")
    return folders, adopted


def reproduce_matching(plan: MatchingPlan, out: Path, progress: Progress) -> list[Path]:
    """Run the matching part and write its tables, figures and readings.

    Returns:
        The files written.
    """
    folders, adopted = run_plan(plan.runs, progress)
    progress(len(plan.runs), len(plan.runs), "bench")
    bench_folder = run_bench(plan.bench, plan.bench_problems)
    runs = [Run(folder) for folder in dict.fromkeys([*folders, bench_folder])]
    _tell("matching", folders, adopted)
    files = [*write_tables(matching_tables(runs), out), *matching_figures(runs, out)]
    (out / "readings.md").write_text(write_readings(runs))
    return [*files, out / "readings.md"]


def reproduce_parsing(plan: ParsingPlan, out: Path, progress: Progress) -> list[Path]:
    """Run the parsing part and write its tables, figures and sheets of examples.

    Returns:
        The files written.
    """
    folders, adopted = run_parsing_plan(plan, progress)
    runs = [Run(folder) for folder in folders]
    _tell("parsing", folders, adopted)
    files = [*write_tables(parsing_tables(runs), out), *parsing_figures(runs, out)]
    for run in runs:
        for sheet in sorted((run.path / "media").glob("examples_*.png")):
            copy = out / f"{run.experiment}_{sheet.name}"
            shutil.copyfile(sheet, copy)
            files.append(copy)
    return files


def _tell(part: str, folders: Sequence[Path], adopted: int) -> None:
    commits = ", ".join(sorted(commits_of(folders)))[:60]
    print(f"{part}: {len(folders)} runs ({adopted} adopted), commits {commits}")


def run_bench(config: Config, problems: MatchingProblems) -> Path:
    """Measure, unless it was measured already."""
    folder = run_path(config, problems.fingerprint)
    if is_finished(folder, config_key(config, problems.fingerprint)):
        return folder
    return bench_matcher(config, problems)


def commits_of(folders: Sequence[Path]) -> set[str]:
    """The commits that the runs were made at."""
    return {json.loads((folder / "result.json").read_text())["commit"] for folder in folders}
