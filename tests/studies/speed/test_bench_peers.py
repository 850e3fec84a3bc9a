import math
import shutil

import numpy as np
import pandas as pd
import pytest
import torch

import mghp.studies.speed.peers as bench
from mghp.config.bench import BenchConfig
from mghp.config.load import load_config
from mghp.errors import InputError
from mghp.problems.matching_batch import MatchingBatch
from mghp.problems.problem_set import MatchingProblem
from mghp.runs.read import Run
from mghp.studies.peers.measured import Solving, measured
from mghp.studies.peers.registry import PEERS, PeerEntry
from mghp.studies.speed.bench import Call
from mghp.studies.speed.isolated import Failure
from mghp.studies.speed.study import peers_answer

CHOSEN = ("projection_newton", "fenchel_young", "hungarian", "structured_hinge", "entmax", "lapx")
LABELS = [*(PEERS[name].label for name in CHOSEN), "absent", "fails"]
SETTINGS = [
    "data.generated_poses.num_images=30", "data.poses.preset=default", "learned.hidden=8", "learned.steps=2",
    "learned.learning_rates=[0.01]", "learned.scales=[1.0]", "learned.control_problems=20", "bench.sizes=[3]",
    "bench.entries=90", "bench.pose_problems=8", "bench.repeats=1",
]  # fmt: skip


def in_this_process(work, items, seconds):
    """What `isolated` does with work that neither hangs nor ends."""
    for item in items:
        try:
            yield work(item)
        except Exception as error:
            yield Failure(str(error))


def no_matcher(weight, iterations):
    raise RuntimeError("no solution")


@pytest.fixture(scope="module")
def measured_run(checkout, tmp_path_factory):
    return finished_run(checkout, tmp_path_factory)


@pytest.fixture(scope="module")
def trained_run(checkout, tmp_path_factory):
    return finished_run(checkout, tmp_path_factory, "bench.training_seeds=1")


def finished_run(checkout, tmp_path_factory, *settings):
    torch.set_num_threads(1)
    file = checkout / "experiments" / "matcher" / "bench_peers.yaml"
    config = load_config(file, [*SETTINGS, *settings, f"runs={tmp_path_factory.mktemp('runs')}"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PEERS, "_added", {name: PEERS[name] for name in CHOSEN})
        PEERS.add(PeerEntry("absent", "absent:X", "absent", against="hungarian", package="absent", module="absent_"))
        PEERS.add(PeerEntry("fails", f"{__name__}:no_matcher", "fails", against="hungarian"))
        patch.setattr(bench, "isolated", in_this_process)
        return Run(bench.bench_peers(Call(config, lambda *_: None)))


def test_every_peer_has_a_row_for_every_set_with_numbers_or_with_a_reason(measured_run):
    rows = pd.read_csv(measured_run.path / "ratios.csv", keep_default_na=False, na_values=[""])
    assert list(zip(rows["peer"], rows["problems"], strict=True)) == [
        (label, problems) for label in LABELS for problems in ("3x3", "poses")
    ]
    reasons = rows.set_index("peer")["reason"]
    assert set(reasons["absent"]) == {"absent is not installed: pip install 'mghp[peers]'"}
    assert set(reasons["fails"]) == {"no solution"}
    ours = rows[rows["peer"] == PEERS["projection_newton"].label]
    assert ours["reason"].isna().all()
    assert (ours[["forward_ratio", "both_ratio"]] == 1).all(None)
    assert (ours["cosine"] > 0.9999).all()
    assert (ours["gap"] == ours["equal_gap"]).all()
    exact = rows[rows["peer"] == PEERS["hungarian"].label]
    assert (exact["gap"] == 0).all()
    assert exact[["both_ms", "cosine"]].isna().all(None)
    past_the_matcher = rows[rows["peer"].isin([PEERS["fenchel_young"].label, PEERS["structured_hinge"].label])]
    assert (past_the_matcher["both_ms"] > 0).all()
    assert past_the_matcher["cosine"].between(0.1, 1).all()


def test_trainings_are_rows_of_another_table(measured_run, trained_run):
    compared, trained = (table.filled([measured_run, trained_run]) for table in bench.BENCH.tables)
    assert len(compared.rows) == len(trained.rows) == 2 * len(LABELS)
    rows = {(row["matcher"], row["problems"]): row for row in trained.rows}
    of_ours = rows[PEERS["projection_newton"].label, "positive control"]
    assert of_ours["seeds"] == 1
    assert 0 <= of_ours["F1 [%]"] <= 100
    assert rows["Hungarian (SciPy)", "poses"]["why not"] == "has no gradient to train through"
    assert rows["absent", "poses"]["why not"] == "absent is not installed: pip install 'mghp[peers]'"


def test_the_answer_names_the_packages_that_are_faster_somewhere(measured_run, tmp_path):
    shutil.copytree(measured_run.path, tmp_path / "run")
    rows = pd.read_csv(tmp_path / "run" / "ratios.csv")
    rows = rows[rows["peer"].isin([PEERS["projection_newton"].label, PEERS["lapx"].label])]
    is_theirs = rows["peer"] == PEERS["lapx"].label
    rows.loc[is_theirs, "both_ratio"] = [40.0, 0.5]  # 3x3, poses
    rows.loc[is_theirs, "reason"] = None  # where lapx is not installed
    rows.to_csv(tmp_path / "run" / "ratios.csv", index=False)
    assert peers_answer([Run(tmp_path / "run")]) == (
        "1 matchers take 0.5 to 40 times as long as ours, median 20, forward and backward; faster somewhere: lapx: "
        "Jonker-Volgenant."
    )
    assert peers_answer([]) == ""


def test_peers_are_chosen_by_name(checkout, tmp_path_factory):
    run = finished_run(checkout, tmp_path_factory, "bench.peers=[hungarian]")
    assert set(pd.read_csv(run.path / "ratios.csv")["peer"]) == {"Hungarian (SciPy)"}
    with pytest.raises(InputError, match="hungarain"):
        finished_run(checkout, tmp_path_factory, "bench.peers=[hungarain]")


def test_what_fails_with_one_seed_is_not_tried_with_another(checkout, tmp_path_factory, monkeypatch):
    tried = []

    def too_slow(work, items, seconds):
        for item in items:
            tried.append(item.seed)
            yield Failure(f"took over {seconds:g} s", has_ended=True)

    file = checkout / "experiments" / "matcher" / "bench_peers.yaml"
    settings = ["bench.training_seeds=3", "bench.peers=[entmax]", f"runs={tmp_path_factory.mktemp('runs')}"]
    monkeypatch.setattr(bench, "isolated", too_slow)
    monkeypatch.setattr(PeerEntry, "missing", lambda _: "")
    run = Run(bench.bench_peers(Call(load_config(file, [*SETTINGS, *settings]), lambda *_: None)))
    assert tried == [0, 0]  # once a set of problems
    assert set(pd.read_csv(run.path / "trained.csv")["reason"]) == {"took over 600 s"}


def problems(number, size=3):
    torch.manual_seed(0)
    truth = np.eye(size, dtype=bool)
    return MatchingBatch.pad(
        [MatchingProblem(torch.rand(size, size).numpy(), truth, image, 0) for image in range(number)]
    )


def test_a_loop_is_timed_on_a_few_problems_and_a_batch_on_all(left_as_it_was):
    left_as_it_was(PEERS)
    newton = PEERS["projection_newton"]
    PEERS.add(PeerEntry("looped", newton.path, "looped", against="projection_newton", way="one by one"))
    settings = BenchConfig(repeats=1, loop_problems=4)
    assert measured("looped", settings, problems(12))["measured"] == 4
    assert measured("projection_newton", settings, problems(12))["measured"] == 12


def test_more_iterations_come_closer_to_the_optimum():
    few, many = (Solving.of(PEERS["projection_dykstra"], 0.01, problems(5, 6), number) for number in (1, 3000))
    assert many.distance()[1] < few.distance()[1]
    assert not math.isnan(few.peak_megabytes())
