"""Made-up scores of networks on the same photographs: by the angle, and by the way in which persons are found."""

import json
from itertools import count

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import scipy.stats
import yaml

from mghp.errors import InputError
from mghp.pictures.style import STYLE
from mghp.report.statistics import PairedCounts, ratio_over_pictures
from mghp.report.study import MOST_WORDS
from mghp.runs.read import Run
from mghp.studies.parsing.tables import single
from mghp.studies.photographs import cost, turned
from mghp.studies.photographs.pooled import NETWORKS, SCORES, SHIPPED
from mghp.studies.photographs.rows import photographs
from mghp.studies.photographs.study import STUDY

WAYS, COST = cost.tables_of(NETWORKS)

PICTURES = 60
PERSONS = np.arange(PICTURES) % 6 + 1
FURTHER = {"bottom_up": 0.01, "top_down_128": 0.1, "top_down_224": 0.2, "top_down_320": 0.3}
"""Seconds that a further person costs."""


@pytest.fixture
def plant(tmp_path):
    """A run that scored one network on photographs of 125 human pixels, of which 100 are labelled."""
    number = count()

    def plant_run(experiment, variant, start=0, share=0.6, ap=0.3, further=None, **settings):
        folder = tmp_path / f"run{next(number)}"
        (folder / "media").mkdir(parents=True)
        angle = {name: angle for angle, name in turned.ANGLES.items()}.get(variant, 0)
        way, _, side = variant.rpartition("_") if variant.startswith("top_down") else ("bottom_up", "", None)
        timed = {"timing_repeats": 0 if further is None else 3, "way": way, "top_down": {"longest_side": side}}
        config = {
            "data": {"name": "folder", "root": "/somewhere/coco_persons", "turned": angle, **settings.get("data", {})},
            "training": {"continue_from": f"start {start}"},
            "evaluation": {**timed, **settings.get("evaluation", {})},
        }
        (folder / "config.yaml").write_text(yaml.safe_dump(config))
        scores = {"coverage": 0.8, "owner_accuracy": share, "contested_owner_accuracy": share, "owner_grouping": share}
        metrics = {f"val/{name}": value for name, value in scores.items()} | {
            "val/keypoint_ap_50": ap,
            "train/steps": 1,
        }
        content = {"experiment": experiment, "variant": variant, "seed": 0, "commit": "abc", "key": "k"}
        (folder / "result.json").write_text(json.dumps({**content, "metrics": metrics}))
        noise = np.sin((1 + share) * np.arange(PICTURES) + start)
        right = 100 * share + 3 * (noise - noise[PERSONS > 1].mean())
        rows = {"name": [f"{start % 2}-{place}" for place in range(PICTURES)], "tags": "", "persons": PERSONS}
        pixels = {"crowd": PERSONS > 1, "human": 125, "labelled": 100, "right": right}
        rows |= {**pixels, "contested": 50, "contested_right": right / 2}
        if further is not None:
            seconds = 0.5 + further * PERSONS
            rows |= {"seconds": seconds, "seconds_network": seconds - 0.1, "seconds_assembly": 0.05}
        pd.DataFrame(rows).astype({"crowd": int}).to_csv(folder / "media" / "per_picture.csv", index=False)
        return Run(folder)

    return plant_run


@pytest.fixture
def turns(plant):
    """Four networks, two on each fold's photographs."""
    shares = {"upside_down": 0.2, "upright": 0.6, "on_a_side": 0.59}
    return [
        plant("photographs_turned", name, start, share, ap=share / 2 + 0.001 * start)
        for start in range(4)
        for name, share in shares.items()
    ]


@pytest.fixture
def ways(plant):
    shares = {"bottom_up": 0.6, "top_down_128": 0.4, "top_down_224": 0.6, "top_down_320": 0.7}
    return [
        plant("photographs_top_down", name, start, share, further=FURTHER[name])
        for start in range(2)
        for name, share in shares.items()
    ]


def test_angles_are_compared_picture_by_picture_over_all_networks(turns):
    rows = turned.table_of(NETWORKS).filled(turns).rows
    assert [row["variant"] for row in rows] == ["as they are", "turned by 90 degrees", "turned by 180 degrees"]
    assert {(row["networks"], row["pictures"]) for row in rows} == {(4, 2 * PICTURES)}
    upright, on_a_side, upside_down = (row["owner accuracy, difference"] for row in rows)
    assert upright is None
    assert (on_a_side.verdict, upside_down.verdict) == ("worse", "worse")
    assert upside_down.difference.mean == pytest.approx(-0.4, abs=0.005)
    assert upside_down.difference.low < upside_down.difference.mean < upside_down.difference.high
    assert on_a_side.is_small
    assert rows[2]["keypoint AP, OKS 0.5, difference"].difference.seeds == 4  # no picture has it


def test_networks_that_disagree_widen_the_interval_beyond_that_of_the_pictures(plant):
    shares = {"upright": (0.6, 0.6, 0.6), "upside_down": (0.7, 0.6, 0.5)}
    runs = [plant("photographs_turned", name, 2 * start, share)
            for name, of in shares.items() for start, share in enumerate(of)]  # fmt: skip
    (cell,) = turned.turns(runs, NETWORKS).compared(turned.OWNERS).values()
    assert cell.verdict == "undecided"
    assert cell.difference.high - cell.difference.low == pytest.approx(2 * 4.303 * 0.1 / 3**0.5, abs=0.01)


def test_networks_are_compared_on_the_same_pictures_only(plant):
    runs = [plant("photographs_turned", name) for name in ("upright", "upside_down")]
    file = runs[1].path / "media" / "per_picture.csv"
    pd.read_csv(file).iloc[:-1].to_csv(file, index=False)
    with pytest.raises(InputError, match="other pictures"):
        turned.turns([Run(run.path) for run in runs], NETWORKS).compared(turned.OWNERS)


def test_single_persons_do_not_count_where_owners_of_crowds_are_compared(plant):
    shares = {"upright": 0.6, "upside_down": 0.2}
    runs = [plant("photographs_turned", name, start, share) for name, share in shares.items() for start in range(2)]
    (cell,) = turned.turns(runs, NETWORKS).compared(turned.OWNERS).values()
    for run in runs:
        file = run.path / "media" / "per_picture.csv"
        table = pd.read_csv(file)
        table.loc[table["crowd"] == 0, "right"] = 0
        table.to_csv(file, index=False)
    (again,) = turned.turns([Run(run.path) for run in runs], NETWORKS).compared(turned.OWNERS).values()
    assert tuple(again.difference) == pytest.approx(tuple(cell.difference))


def test_the_answer_tells_what_turning_changes(turns):
    told = turned.answer(NETWORKS, turns)
    assert told.startswith("Turned by 180°, owner accuracy of crowds changes by -40.")
    assert told.endswith(f"({2 * PICTURES} photographs, 4 networks).")
    assert len(told.split()) <= MOST_WORDS
    assert (
        turned.answer(NETWORKS, [run for run in turns if run.variant != "upright"]) == turned.answer(NETWORKS, []) == ""
    )


def test_a_further_person_costs_what_the_line_through_the_pictures_rises_by(ways):
    rows = WAYS.filled(ways).rows
    assert [float(row["a further person [ms]"]) for row in rows] == pytest.approx(list(FURTHER.values()))
    assert f"{rows[2]['a further person [ms]']:.0f}" == "200 [200, 200]"
    assert [row["owner accuracy, difference"] and row["owner accuracy, difference"].verdict for row in rows] == [
        None, "worse", "no effect", "better",
    ]  # fmt: skip


def test_the_answer_is_at_an_accuracy_that_is_no_worse(ways):
    told = cost.answer(NETWORKS, ways)
    assert told == (
        "A further person costs 10 [10, 10] ms bottom-up; top-down, 224 pixels, cheapest whose owner accuracy is "
        "not worse (+0.0 [+0.0, +0.0]): 200 [200, 200] ms."
    )
    assert len(told.split()) <= MOST_WORDS
    worse = [run for run in ways if run.variant in ("bottom_up", "top_down_128")]
    assert "best, though its owner accuracy is worse" in cost.answer(NETWORKS, worse)
    assert len(cost.answer(NETWORKS, worse).split()) <= MOST_WORDS
    assert cost.answer(NETWORKS, [run for run in ways if run.variant != "bottom_up"]) == cost.answer(NETWORKS, []) == ""


def test_pictures_stand_by_their_number_of_persons(ways):
    rows = [row for row in COST.filled(ways).rows if row["way"] == "bottom-up"]
    assert [row["persons"] for row in rows] == ["1", "2", "3", "4 to 5", "6 or more"]
    assert [row["pictures"] for row in rows] == [20, 20, 20, 40, 20]  # of both networks
    assert [row["seconds"] for row in rows] == pytest.approx([0.51, 0.52, 0.53, 0.545, 0.56])
    for row in rows:
        assert row["network"] == pytest.approx(row["seconds"] - 0.1)
        assert row["owner grouping [%]"] == pytest.approx(0.8 * row["owner accuracy [%]"])


def test_what_was_not_timed_costs_nothing_known(plant):
    runs = [plant("photographs_top_down", name) for name in FURTHER]
    assert WAYS.filled(runs).rows == COST.filled(runs).rows == []


def test_both_have_a_figure_with_a_line_per_way(turns, ways):
    drawings = STUDY.drawings([*turns, *ways])
    assert set(drawings) == {"photographs_turned", "photographs_cost"}
    with plt.rc_context(STYLE):
        figures = {name: draw() for name, draw in drawings.items()}
    seconds, owners = figures["photographs_cost"].axes
    assert len(seconds.lines) == len(owners.lines) == len(FURTHER)
    assert seconds.lines[3].get_ydata()[-1] == pytest.approx(0.5 + 6 * 0.3)
    assert len(figures["photographs_turned"].axes[0].get_yticks()) == 2 * len(SCORES)
    plt.close("all")
    assert STUDY.drawings([]) == {}


def test_of_the_weights_that_ship_nothing_is_random_but_the_pictures(plant):
    """Beside SciPy's percentile bootstrap of the ratio of sums, pictures paired."""
    shares = {"upright": 0.6, "on_a_side": 0.59, "upside_down": 0.55}
    runs = [plant("shipped_turned_evaluation", name, share=share) for name, share in shares.items()]
    cells = turned.turns(runs, SHIPPED).compared(turned.OWNERS)
    assert {name: (cell.verdict, cell.is_small) for name, cell in cells.items()} == {
        "on_a_side": ("worse", True), "upside_down": ("worse", False),
    }  # fmt: skip
    first, last = (
        pd.read_csv(run.path / "media" / "per_picture.csv").query("crowd == 1") for run in (runs[0], runs[2])
    )

    def difference(places):
        return (last["right"].to_numpy()[places].sum() - first["right"].to_numpy()[places].sum()) / (100 * len(places))

    expected = scipy.stats.bootstrap(
        (np.arange(len(first)),), difference, method="percentile", vectorized=False, n_resamples=2000, rng=0
    ).confidence_interval
    found = cells["upside_down"].difference
    assert (found.mean, found.seeds) == (pytest.approx(difference(np.arange(len(first)))), 0)
    assert found.high > found.low
    assert (found.low, found.high) == pytest.approx(tuple(expected), abs=0.1 * (found.high - found.low))
    assert turned.turns(runs, SHIPPED).compared(turned.POSES) == {}
    assert turned.answer(SHIPPED, runs).endswith(f"({PICTURES} photographs, the weights that ship).")
    assert turned.answer(NETWORKS, runs) == ""
    assert photographs(runs) == []
    with pytest.raises(ValueError, match="at least one picture"):
        ratio_over_pictures(PairedCounts([], np.empty((0, 2)), np.empty((0, 2))))


def test_the_weights_that_ship_have_tables_and_figures_of_their_own(plant):
    runs = [plant("shipped_top_down_evaluation", name, further=further) for name, further in FURTHER.items()]
    runs += [
        plant("shipped_turned_evaluation", name, share=share)
        for name, share in (("upright", 0.6), ("upside_down", 0.2))
    ]
    filled = {table.name for table in STUDY.tables if table.filled(runs).rows}
    assert filled == {"shipped_turned", "shipped_top_down", "shipped_cost"}
    assert set(STUDY.drawings(runs)) == {"shipped_turned", "shipped_cost"}
    assert cost.answer(SHIPPED, runs).startswith("A further person costs 10 [10, 10] ms bottom-up")


def test_pictures_that_are_not_as_usual_stand_in_no_other_table(plant, turns, ways):
    by_hand = [
        plant("own_photographs_evaluation", "", data={"turned": 90}),
        plant("own_photographs_evaluation", "", evaluation={"way": "top_down"}),
    ]
    assert photographs([*turns, *ways, *by_hand]) == single([*turns, *ways, *by_hand]) == []
    assert len(single([plant("own_photographs_evaluation", "")])) == 1
