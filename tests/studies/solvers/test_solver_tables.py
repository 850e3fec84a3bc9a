import json
from itertools import count

import numpy as np
import pytest
import yaml

from mghp.errors import InputError
from mghp.report.statistics import bootstrap_difference
from mghp.report.table import write_tables
from mghp.runs.read import Run
from mghp.studies.solvers.study import STUDY, choices, gains, paper_settings, sizes
from mghp.studies.solvers.tables import associated, association_difference
from mghp.studies.speed.matcher import LITERAL

POSES = {"name": "generated_poses", "poses": {"preset": "default"}}
HARD = {"name": "mhp_poses", "poses": {"preset": "hard"}}
PGD = {
    "num_steps": 50, "num_cycles": 5, "step_size": 0.01, "average": True, "warm_start": False, "initial": "zeros",
    "projection": "halfspace",
}  # fmt: skip


def random_data(source=12, destination=15):
    return {"name": "random", "random": {"kind": "uniform", "source": source, "destination": destination}}


@pytest.fixture
def plant(tmp_path):
    """A finished run folder with just what a table reads."""
    number = count()

    def plant_run(experiment, variant="", solver="pgd_dykstra", data=POSES, metrics=None, counts=None, **options):
        folder = tmp_path / f"run{next(number)}"
        (folder / "media").mkdir(parents=True)
        options = {**PGD, **options} if solver == "pgd_dykstra" else options
        (folder / "config.yaml").write_text(
            yaml.safe_dump({"matcher": {"name": solver, solver: options}, "data": data})
        )
        content = {"experiment": experiment, "variant": variant, "metrics": metrics or {}, "commit": "abc"}
        (folder / "result.json").write_text(json.dumps(content))
        if counts is not None:
            np.savez(folder / "media" / "association.npz", **counts)
        return Run(folder)

    return plant_run


def tables(*runs):
    return {table.name: table.filled(runs) for table in STUDY.tables}


def only_row(table):
    (row,) = table.rows
    return row


def test_a_table_without_its_runs_is_not_written(plant, tmp_path):
    assert all(not table.rows for table in tables().values())
    run = plant("sizes", data=random_data())
    assert {file.stem for file in write_tables(tables(run).values(), tmp_path / "results")} == {"M2_sizes"}
    assert write_tables(tables(plant("mine")).values(), tmp_path / "none") == []
    assert not (tmp_path / "none").exists()


def test_m1_shows_a_solver_s_numbers(plant):
    metrics = {
        "matching/gap_mean": 0.1, "matching/gap_p95": 0.2, "matching/violation_worst": 0.3,
        "matching/rounded_gap_mean": 0.04, "matching/coupling": 0.5, "matching/agreement_hungarian": 0.6,
        "matching/agreement_mutual": 0.7, "matching/agreement_greedy": 0.8, "time/forward_ms_per_image": 1.5,
        "time/both_ms_per_image": 2.5, "memory/forward_peak_mb": 10, "memory/both_peak_mb": 20,
    }  # fmt: skip
    assert only_row(tables(plant("solvers", "warm", metrics=metrics))["M1"]) == {
        "problems": "generated poses, default", "solver": "PGD-Dykstra, the paper's settings", "gap mean [%]": 10,
        "gap p95 [%]": 20, "worst violation": 0.3, "rounded gap [%]": 4, "coupling": 0.5, "agrees, hungarian [%]": 60,
        "agrees, mutual [%]": 70, "agrees, greedy [%]": 80, "forward [ms]": 1.5, "both [ms]": 2.5, "memory [MB]": 20,
        "differentiable": "yes",
    }  # fmt: skip


def test_m1_leaves_empty_what_a_solver_without_gradient_has_not(plant):
    run = plant("solvers", "greedy", "greedy", metrics={"memory/forward_peak_mb": 10})
    table = tables(run)["M1"]
    cells = dict(zip(table.formats, table.cells()[0], strict=True))
    assert (cells["differentiable"], cells["memory [MB]"]) == ("no", "10")
    assert cells["both [ms]"] == cells["coupling"] == ""


def test_m1_lists_solvers_of_a_kind_together(plant):
    names = ["greedy", "mine", "hungarian", "sinkhorn", "identity", "projection", "linear_program", "pgd_dykstra"]
    runs = [plant("solvers", name, name, data=data) for data in (HARD, POSES) for name in names]
    order = [
        "the affinity itself", "PGD-Dykstra, the paper's settings", "unbalanced Sinkhorn, at most one",
        "one projection of 0.5 A", "linear program", "Hungarian", "greedy", "mine",
    ]  # fmt: skip
    rows = tables(*runs)["M1"].rows
    assert [row["solver"] for row in rows] == 2 * order
    assert [row["problems"] for row in rows] == 8 * ["generated poses, default"] + 8 * ["real poses, hard"]


@pytest.mark.parametrize(("metrics", "differentiable"), [({}, "no"), ({"memory/both_peak_mb": 20}, "yes")])
def test_m1_takes_what_a_solver_of_another_package_measured(plant, metrics, differentiable):
    row = only_row(tables(plant("solvers", "mine", "mine", metrics=metrics, strength=2.0))["M1"])
    assert (row["solver"], row["differentiable"]) == ("mine", differentiable)


COUNTS = np.random.default_rng(0).integers(0, 9, (30, 3))


def test_a_difference_is_that_of_the_bootstrap_with_its_verdict(plant):
    better = COUNTS + np.array([5, 0, 0])
    runs = [
        plant("solvers", "identity", "identity", counts={"hungarian": COUNTS}),
        plant("solvers", "greedy", "greedy", counts={"hungarian": better}),
    ]
    value, low, high, p, seeds = bootstrap_difference(better, COUNTS)
    assert low > 0
    assert p == pytest.approx(2 / 2001)
    assert seeds == 0
    row = tables(*runs)["M1_association"].rows[1]
    assert row["difference, hungarian"] == f"{100 * value:+.2f} [{100 * low:+.2f}, {100 * high:+.2f}]"
    assert row["verdict, hungarian"] == "better"
    assert row["verdict, mutual"] == ""
    assert ": 1 of 1 by Hungarian rounding (largest +" in gains(runs)


def test_beside_a_low_score_the_bound_shrinks_with_it(plant):
    counts = {"hungarian": np.tile([40, 0, 1000], (30, 1))}
    runs = [plant("solvers", name, name, counts=counts) for name in ("identity", "greedy")]
    assert list(associated(runs))[1].compared["hungarian"].bound == pytest.approx(0.005 / 0.2 * 80 / 1080)


def test_many_solvers_make_a_family(plant):
    """A p of 0.03 alone is told apart; among twelve solvers it is not."""
    some = COUNTS + np.random.default_rng(35).integers(-1, 3, COUNTS.shape).clip(0)
    assert 0.05 / 12 < bootstrap_difference(some, COUNTS).p < 0.05
    baseline = plant("solvers", "identity", "identity", counts={"hungarian": COUNTS})
    family = [plant("solvers", f"v{n}", "greedy", counts={"hungarian": some}) for n in range(12)]
    verdicts = [
        {row["verdict, hungarian"] for row in tables(baseline, *others)["M1_association"].rows[1:]}
        for others in (family[:1], family)
    ]
    assert verdicts == [{"worse"}, {"undecided"}]
    told = gains([baseline, *family])
    assert told.startswith(
        "Significantly better F1 than the affinity itself, by Holm's correction: none of 12 by Hungarian rounding ("
    )


def test_there_is_no_difference_from_nothing(plant):
    run, other = plant("solvers", counts={"hungarian": COUNTS}), plant("solvers")
    assert association_difference(run, other, "hungarian") is None
    assert association_difference(other, run, "hungarian") is None
    assert association_difference(run, plant("solvers", counts={"mutual": COUNTS}), "hungarian") is None
    assert tables(run)["M1_association"].rows[0]["verdict, hungarian"] == ""


def test_association_is_held_against_identity_on_the_same_data(plant):
    worse = COUNTS + np.array([0, 9, 0])
    runs = [
        plant("solvers", "identity", "identity", counts={"hungarian": COUNTS}),
        plant("solvers", "identity", "identity", data=HARD, counts={"hungarian": worse}),
        plant("solvers", "greedy", "greedy", data=HARD, counts={"hungarian": worse}),
        plant(
            "solvers", "hungarian", "hungarian", counts={"hungarian": worse},
            metrics={"association/f1_hungarian": 0.9, "association/f1_contested_hungarian": 0.8},
        ),
    ]  # fmt: skip
    rows = {(row["problems"], row["solver"]): row for row in tables(*runs)["M1_association"].rows}
    assert rows["real poses, hard", "greedy"]["difference, hungarian"] == "+0.00 [+0.00, +0.00]"
    assert rows["generated poses, default", "Hungarian"]["difference, hungarian"].startswith("-")
    assert rows["generated poses, default", "Hungarian"]["F1, hungarian"] == "90.00 (80.00)"
    assert rows["generated poses, default", "the affinity itself"]["difference, hungarian"] == ""


def test_m2_is_sorted_and_finds_the_rival_at_equal_cost(plant):
    rival = plant("steps", "one_projection", "projection", tau=0.5, num_cycles=250, metrics={"matching/gap_mean": 0.25})
    of_other_data = plant("steps", "one_projection", "projection", data=HARD, tau=1.0, num_cycles=250)
    found = plant("steps", metrics={"matching/gap_mean": 0.5, "last_iterate/gap_mean": 0.4})
    lonely = plant("steps", step_size=0.02)
    shorter = plant("steps", num_steps=10)
    table = tables(of_other_data, lonely, rival, found, shorter)["M2"]
    assert [(row["T"], row["N"], row["alpha"]) for row in table.rows] == [(10, 5, 0.01), (50, 5, 0.01), (50, 5, 0.02)]
    assert [row["tau"] for row in table.rows] == pytest.approx([0.1, 0.5, 1.0])
    assert [row["one projection, gap [%]"] for row in table.rows] == [None, 25, None]
    assert (table.rows[1]["gap, mean [%]"], table.rows[1]["gap, last [%]"]) == (50, 40)
    assert table.sources == [[shorter], [found, rival], [lonely]]
    assert table.cells()[0][table.frame().columns.get_loc("one projection, gap [%]")] == ""


def test_m2_sizes_grow(plant):
    runs = [plant("sizes", data=random_data(source, 20)) for source in (12, 2, 6)]
    assert [row["problems"] for row in tables(*runs)["M2_sizes"].rows] == [
        f"random uniform {source}x20" for source in (2, 6, 12)
    ]


def test_m3_says_in_words_what_a_run_chose(plant):
    run = plant(
        "readings", "v", step_size=1.0, warm_start=True, average=False, initial="uniform", projection="as_printed",
        metrics={"matching/gap_mean": 0.5, "matching/raw_gap_mean": -0.5, "association/f1_hungarian": 0.9},
    )  # fmt: skip
    row = only_row(tables(run)["M3"])
    chosen = ("alpha", "start of cycles", "result", "Y_0", "projection")
    assert [row[name] for name in chosen] == [1.0, "warm", "last", "uniform", "as printed"]
    assert (row["gap [%]"], row["raw gap [%]"], row["F1 [%]"]) == (50, -50, 90)
    row = only_row(tables(plant("readings", "paper"))["M3"])
    assert [row[name] for name in chosen] == [0.01, "cold", "mean", "zeros", "halfspace"]


def test_the_bench_is_read_from_its_ratios(plant):
    run = plant("bench_matcher")
    (run.path / "ratios.csv").write_text(
        "problems,method,forward_ms,forward_ratio,both_ms,both_ratio,memory_share\n"
        "2x2,literal,4,,8,,\n2x2,numba,1,4,2,4,0.1\n"
    )
    table = LITERAL.filled([run])
    assert table.cells() == [
        ["2x2", "literal", "4.00", "8.00", "", "", ""],
        ["2x2", "numba", "1.00", "2.00", "4.0", "4.0", "0.100"],
    ]


@pytest.mark.parametrize("number", [0, 3])
def test_runs_of_other_images_are_not_compared(plant, number):
    one = plant("solvers", "a", counts={"mutual": np.ones((number, 3), dtype=int)})
    two = plant("solvers", "identity", solver="identity", counts={"mutual": np.ones((number and 4, 3), dtype=int)})
    with pytest.raises(InputError, match=rf"{one.path} and {two.path}: scored on {number} and {number and 4} images"):
        association_difference(one, two, "mutual")


def test_answers_are_computed_and_empty_without_runs(plant):
    runs = [
        plant("steps", metrics={"matching/gap_mean": 0.5, "matching/coupling": 0.1}),
        plant("steps", num_steps=200, metrics={"matching/gap_mean": 0.25}),
        *(
            plant(
                "sizes", data=random_data(size, size), metrics={"matching/gap_mean": size / 100, "matching/coupling": 0}
            )
            for size in (2, 9)
        ),
        *(
            plant("readings", variant, metrics={"matching/gap_mean": gap})
            for variant, gap in (("step1_cold", 0.03), ("step1_warm", 0.01), ("step1_cold_as_printed", 0.02))
        ),
    ]
    assert paper_settings(runs).startswith("The paper's settings leave a gap of 50 % with a coupling of 0.10; the best")
    assert "25.00 %" in paper_settings(runs)
    assert sizes(runs).startswith("The paper's settings leave a gap of 2 % on random uniform 2x2")
    assert "cold starts leave a gap of 3.00 %, warm ones 1.00 %, the projection as printed 2.00 %" in choices(runs)
    assert [answer([]) for answer in (gains, paper_settings, sizes, choices)] == ["", "", "", ""]
