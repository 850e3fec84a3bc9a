import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from mghp.config.load import load_config, variant_names
from mghp.matching import IterativeMatcher, PGDDykstra, make_matcher, optimality_gap, optimum, violation
from mghp.metrics.matching import f1
from mghp.problems.load import validation_images
from mghp.problems.problem_set import MatchingProblem, ProblemSet
from mghp.runs.read import Run
from mghp.studies.solvers.run import MIN_OPTIMUM, run_match
from mghp.writing import legal_name

OF_ALL = {
    "matching/gap_mean", "matching/gap_p95", "matching/raw_gap_mean", "matching/rounded_gap_mean",
    "matching/violation_mean", "matching/violation_worst", "matching/integrality_mean", "matching/tight_rows",
    "matching/gap_contested_mean", "problems/number", "problems/contested_share", "problems/worthwhile_share",
    "problems/max_affinity", "time/forward_ms_per_image", "memory/forward_peak_mb",
    *(
        f"{name}_{rounding}"
        for name in ("association/f1", "association/f1_contested", "association/threshold", "matching/agreement")
        for rounding in ("hungarian", "mutual", "greedy")
    ),
}  # fmt: skip
OF_DIFFERENTIABLE = {"matching/coupling", "time/both_ms_per_image", "memory/both_peak_mb"}
OF_PGD = {"matching/distance_to_exact_step", "matching/distance_to_one_projection"}
OF_AVERAGE = {
    f"last_iterate/{name}"
    for name in ("gap_mean", "gap_p95", "raw_gap_mean", "violation_mean", "violation_worst", "tight_rows")
}
EXACT = {"linear_program", "hungarian"}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


def pytest_generate_tests(metafunc):
    if "variant" in metafunc.fixturenames:
        solvers = metafunc.config.rootpath / "experiments" / "matcher" / "solvers.yaml"
        metafunc.parametrize("variant", variant_names(solvers))


def test_times_warn_of_no_training_that_stands_still(tiny_config, tiny_problem_set, tmp_path, recwarn):
    """Where all rows are full, nothing changes the sum of which the derivative is timed."""
    config = tiny_config("pgd_dykstra_paper", tmp_path, "matcher.pgd_dykstra.step_size=1.0")
    run = Run(run_match(config, tiny_problem_set))
    assert run.metric("time/both_ms_per_image") > 0
    assert not [told for told in recwarn if "gradient" in str(told.message)]


def test_a_run_has_the_metrics_of_its_solver_all_finite(variant, tiny_runs, tiny_config):
    config = tiny_config(variant, "runs")
    matcher = make_matcher(config.matcher.name, **config.matcher.options())
    expected = OF_ALL | (OF_DIFFERENTIABLE if matcher.differentiable else set())
    if isinstance(matcher, PGDDykstra):
        expected = expected | OF_PGD | (OF_AVERAGE if matcher.config.average else set())
    metrics = tiny_runs[variant].result["metrics"]
    assert set(metrics) == expected
    assert all(np.isfinite(value) for value in metrics.values())
    for key, value in metrics.items():
        if "gap" in key and "raw" not in key:
            assert value >= -1e-6, key
        if "f1" in key or "agreement" in key or "share" in key or "tight" in key or "coupling" in key:
            assert 0 <= value <= 1, key


def test_a_run_folder_is_whole(variant, tiny_runs, tiny_config, tiny_problem_set):
    run = tiny_runs[variant]
    config = tiny_config(variant, run.path.parents[1])
    assert load_config(run.path / "config.yaml") == config
    assert (run.experiment, run.variant) == ("solvers", variant)
    assert run.result["data_fingerprint"] == tiny_problem_set.fingerprint
    assert not (run.path / "wandb").exists()
    phases = pd.read_csv(run.path / "timing.csv")
    assert phases["phase"].tolist() == ["warm up", "solve", "round", "trace"]
    tuned_on = validation_images(tiny_problem_set.num_images, config.data.validation_share, config.data.seed)
    scored = int((~tuned_on).sum())
    for rounding in config.match.rounding:
        counts, contested = run.association(rounding), run.association(f"{rounding}_contested")
        assert counts.shape == contested.shape == (scored, 3)
        assert (contested <= counts.sum(0)).all()
        assert run.metric(f"association/f1_{rounding}") == f1(counts.sum(0))
        assert run.metric(f"association/f1_contested_{rounding}") == f1(contested.sum(0))
    assert set(run.example) == {"affinity", "assignment", "best", "truth"}
    assert len({array.shape for array in run.example.values()}) == 1


def test_a_row_is_logged_for_each_step_of_an_iterative_solver(variant, tiny_runs, tiny_config):
    config = tiny_config(variant, "runs")
    matcher = make_matcher(config.matcher.name, **config.matcher.options())
    steps = tiny_runs[variant].steps
    if not isinstance(matcher, IterativeMatcher):
        assert steps.empty
        return
    options = config.matcher.options()
    number = options["num_steps"] if isinstance(matcher, PGDDykstra) else options["num_iterations"]
    assert steps["step"].tolist() == list(range(1, number + 1))
    assert np.isfinite(steps).all(axis=None)
    for quantity in ("gap", "raw_gap", "violation", "distance"):
        low, middle, high = (steps[f"trace/{quantity}_{level}"] for level in ("q25", "median", "q75"))
        assert (low <= middle).all()
        assert (middle <= high).all()
    assert (steps["trace/distance_median"].iloc[-1]) == 0


@pytest.mark.parametrize("solver", sorted(EXACT))
def test_an_exact_solver_leaves_nothing_to_gain(solver, tiny_runs):
    run = tiny_runs[solver]
    for name in ("gap_mean", "gap_p95", "rounded_gap_mean", "violation_worst", "integrality_mean"):
        assert run.metric(f"matching/{name}") == pytest.approx(0, abs=1e-5)
    assert run.metric("matching/agreement_hungarian") == 1


def test_solvers_are_told_apart(tiny_runs):
    """Metrics are of the solver that the variant names, not of the defaults."""
    gaps = {name: round(run.metric("matching/gap_mean"), 9) for name, run in tiny_runs.items() if name not in EXACT}
    assert len(set(gaps.values())) == len(gaps)
    assert min(gaps.values()) > 0


def test_solution_metrics_are_means_over_problems(tiny_runs, tiny_config, tiny_problem_set):
    """The same numbers by a loop over unpadded problems."""
    config = tiny_config("pgd_dykstra_paper", "runs")
    matcher = make_matcher(config.matcher.name, **config.matcher.options())
    gaps, excesses, contested = [], [], []
    for problem in tiny_problem_set:
        affinity = torch.from_numpy(problem.affinity).float()
        soft = matcher(affinity)
        excesses.append(float(violation(soft)))
        gaps.append((float(optimality_gap(affinity, soft)), float(optimum(affinity))))
        contested.append(min(affinity.shape) > 1)
    worthwhile = [gap for gap, best in gaps if best >= MIN_OPTIMUM]
    run = tiny_runs["pgd_dykstra_paper"]
    assert run.metric("matching/gap_mean") == pytest.approx(np.mean(worthwhile), rel=1e-4)
    assert run.metric("matching/gap_p95") == pytest.approx(np.quantile(worthwhile, 0.95), rel=1e-4)
    assert run.metric("matching/violation_worst") == pytest.approx(max(excesses), abs=1e-6)
    assert run.metric("problems/number") == len(excesses) == len(tiny_problem_set)
    assert run.metric("problems/contested_share") == pytest.approx(np.mean(contested))
    assert run.metric("problems/worthwhile_share") == pytest.approx(len(worthwhile) / len(excesses))


@pytest.mark.parametrize("name", ["pgd_dykstra_paper", "sinkhorn_dustbin", "greedy"])
def test_two_runs_of_one_seed_are_equal_but_for_their_times(name, tiny_runs, tiny_config, tiny_problem_set, tmp_path):
    first, second = tiny_runs[name], Run(run_match(tiny_config(name, tmp_path), tiny_problem_set))
    assert second.path != first.path
    assert second.path.name == first.path.name
    if (first.path / "metrics.csv").exists():
        assert (second.path / "metrics.csv").read_bytes() == (first.path / "metrics.csv").read_bytes()
    untimed = [
        {key: value for key, value in run.result["metrics"].items() if not key.startswith(("time/", "memory/"))}
        for run in (first, second)
    ]
    assert untimed[0] == untimed[1]
    for rounding in ("hungarian", "mutual", "greedy"):
        assert (first.association(rounding) == second.association(rounding)).all()


def test_what_is_not_asked_for_is_not_measured(tiny_config, tiny_problem_set, tmp_path):
    off = ["match.trace_problems=0", "match.coupling_problems=0", "match.timing_repeats=0", "match.rounding=[]"]
    run = Run(run_match(tiny_config("pgd_dykstra_paper", tmp_path, *off), tiny_problem_set))
    assert not [key for key in run.result["metrics"] if key.startswith(("time/", "memory/", "association/"))]
    assert "matching/coupling" not in run.result["metrics"]
    assert not (run.path / "metrics.csv").exists()
    assert not (run.path / "media" / "association.npz").exists()
    assert "matching/gap_mean" in run.result["metrics"]


@pytest.mark.parametrize("name", ["pgd_dykstra_paper", "sinkhorn_at_most_one", "hungarian"])
def test_problems_of_which_none_is_worth_matching_or_contested_make_a_run(name, tiny_config, tmp_path):
    """A lone image may hold nothing but a single pair of next to no affinity."""
    lone = MatchingProblem(np.array([[0.01]]), np.array([[True]]), 0, 0)
    run = Run(run_match(tiny_config(name, tmp_path), ProblemSet((lone,), 1, "lone")))
    assert np.isnan(run.metric("matching/gap_mean"))
    assert run.metric("problems/number") == 1


def test_a_run_that_fails_is_left_unfinished(tiny_config, tiny_problem_set, tmp_path, monkeypatch):
    def fail(*_):
        raise RuntimeError("interrupted")

    monkeypatch.setattr("mghp.studies.solvers.run.associate", fail)
    with pytest.raises(RuntimeError, match="interrupted"):
        run_match(tiny_config("greedy", tmp_path), tiny_problem_set)
    assert list(tmp_path.rglob("config.yaml"))
    assert not list(tmp_path.rglob("result.json"))


# Runs `mghp match` and prints, of each W&B run that it opens, what it holds at its end.
WATCHED = """
import json, wandb
init = wandb.init

def watch(**options):
    run = init(**options)
    finish = run.finish

    def show(**outcome):
        content = {"summary": dict(run.summary), "config": dict(run.config), "outcome": outcome}
        print("FINISHED", json.dumps(content, default=str))
        finish(**outcome)

    run.finish = show
    return run

wandb.init = watch
from mghp.cli.main import main
main()
"""


@pytest.fixture
def watched_match(tmp_path, checkout):
    """`mghp match` on two images, with what W&B was told."""

    def match(mode, *overrides):
        experiment = checkout / "experiments" / "matcher" / "paper.yaml"
        small = ["data.generated_poses.num_images=2", "match.timing_repeats=0", "matcher.pgd_dykstra.num_steps=12"]
        process = subprocess.run(
            [sys.executable, "-c", WATCHED, "match", str(experiment), *small, *overrides],
            cwd=tmp_path,
            env={**os.environ, "WANDB_MODE": mode, "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
        )
        assert process.returncode == 0, process.stderr
        told = [line.partition(" ")[2] for line in process.stdout.splitlines() if line.startswith("FINISHED ")]
        return Run(next(tmp_path.rglob("result.json")).parent), [json.loads(content) for content in told]

    return match


def test_weights_and_biases_offline_lies_in_the_run_folder_and_holds_the_metrics(watched_match):
    """The environment decides over the config, whose mode is disabled here."""
    run, (told,) = watched_match("offline", "wandb.mode=disabled")
    assert len(list((run.path / "wandb").glob("offline-run-*/*.wandb"))) == 1
    for metric in ("matching/gap_mean", "association/f1_hungarian"):
        assert told["summary"][metric] == pytest.approx(run.metric(metric))
    assert told["summary"]["step"] == 12
    assert told["summary"]["trace/gap_median"] == pytest.approx(run.steps["trace/gap_median"].iloc[-1])
    assert told["config"]["matcher"]["pgd_dykstra"]["num_steps"] == 12
    assert told["outcome"] == {"exit_code": 0}
    pictures = list((run.path / "wandb").rglob("*.png"))
    assert len(pictures) == 1
    assert legal_name(pictures[0].name) == pictures[0].name
    assert np.ptp(np.asarray(Image.open(pictures[0]))) > 100  # not all black


def test_weights_and_biases_disabled_leaves_nothing(watched_match):
    run, _ = watched_match("disabled", "wandb.mode=offline")
    assert not (run.path / "wandb").exists()
    assert "matching/gap_mean" in run.result["metrics"]
