import csv

import numpy as np
import pandas as pd
import pytest
from planted_trainings import plant, plant_components
from scipy import stats

from mghp.errors import InputError
from mghp.report.seeds import PictureScore
from mghp.report.statistics import paired_pictures
from mghp.studies.components.study import STUDY
from mghp.studies.components.tables import DIFFERENCES, FILE, P2, P2_DIFFERENCES, P2_THROUGH
from mghp.studies.parsing.study import STUDY as PARSING
from mghp.studies.variants import labels_of

VARIANTS = labels_of(FILE)
SCORES = {"full": 0.5, "nearest_keypoint": 0.4, "without_matching_loss": 0.501, "separate_decoders": 0.55}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return plant_components(tmp_path_factory.mktemp("runs"), SCORES)


@pytest.fixture(scope="module")
def found(runs):
    return tables(runs)


def tables(runs):
    return {table.name: table.filled(runs) for table in STUDY.tables}


def cell(table, first, column):
    (row,) = [row for row in table.rows if row[next(iter(table.formats))] == first]
    return row.get(column)


def test_a_variant_is_a_row_with_mean_and_spread(runs, found):
    table = found["P2"]
    assert [row["variant"] for row in table.rows] == [VARIANTS[name] for name in VARIANTS if name in SCORES]
    values = [run.metric("val/ap_p_vol") for run in runs if run.variant == "full"]
    score = cell(table, "full model", "AP^p averaged")
    assert (score.mean, score.deviation) == (pytest.approx(np.mean(values)), pytest.approx(np.std(values, ddof=1)))
    assert f"{score:.1f}" == f"{100 * np.mean(values):.1f} ± {100 * np.std(values, ddof=1):.1f}"
    assert "seeds: 3" in table.caption
    assert "demonstration" not in table.caption


def test_differences_are_those_of_the_scores_shown(tmp_path):
    # A set's score weighs pictures by their pixels, and may differ more, or less, than the mean over pictures.
    runs = plant_components(tmp_path, {"full": 0.5, "nearest_keypoint": 0.4}, metrics={"val/grouping": 0.9})
    found, rival = tables(runs), VARIANTS["nearest_keypoint"]
    differences = {column: cell(found["P2_differences"], rival, column) for column in DIFFERENCES}
    compared = {column: told.difference.mean for column, told in differences.items() if told is not None}
    assert {"AP^p averaged", "person IoU", "grouping"} < compared.keys()
    for column, difference in compared.items():
        ours, full = (cell(found["P2"], variant, column).mean for variant in (rival, "full model"))
        assert difference == pytest.approx(ours - full)


def test_nothing_is_bold_that_the_differences_call_undecided(tmp_path):
    """The largest number is as good as those that its seeds do not tell from it, and only those are not bold."""
    scores = {"full": 0.5, "separate_decoders": 0.5004, "field_1_level": 0.3}
    found = tables(plant_components(tmp_path, scores, spread=0.02))
    table, differences = found["P2"], found["P2_differences"]
    rival = VARIANTS["separate_decoders"]
    assert cell(differences, rival, "AP^p averaged").verdict in ("undecided", "no effect")
    bold = {table.rows[row]["variant"] for row, column in table.best if column == "AP^p averaged"}
    assert bold == {"full model", rival}


@pytest.mark.parametrize("name", ["P2", "P2_matchers"])
def test_nothing_is_bold_where_one_seed_tells_nobody_apart(tmp_path, name):
    table = tables(plant_components(tmp_path, {"full": 0.5, "field_1_level": 0.3}, seeds=1))[name]
    assert len(table.rows) > 1
    assert table.best == set()


def test_the_best_of_each_column_is_bold(found):
    table = found["P2"]
    bold = [line for line in table.markdown().splitlines() if "**5" in line]
    assert len(bold) == 1
    assert bold[0].startswith("| separate decoders | 3 | **55.")
    assert bold[0].count("**") == 2 * (len(table.formats) - 2)
    assert r"separate decoders & 3 & \textbf{55." in table.latex()


def test_a_sets_score_is_compared_by_a_paired_t_test(runs, found):
    ours, full = (
        [run.metric("val/ap_p_vol") for run in runs if run.variant == name] for name in ("nearest_keypoint", "full")
    )
    compared = cell(found["P2_differences"], VARIANTS["nearest_keypoint"], "AP^p averaged")
    expected = stats.ttest_rel(ours, full).confidence_interval(0.95)
    np.testing.assert_allclose(compared.difference[1:3], expected, rtol=1e-9)
    assert compared.verdict == "worse"


@pytest.mark.parametrize("column", [name for name, score in DIFFERENCES.items() if isinstance(score, PictureScore)])
def test_a_pictures_score_is_compared_picture_by_picture(runs, found, column):
    score = DIFFERENCES[column]
    matrices = []
    for name in ("without_matching_loss", "full"):
        rows = [pd.read_csv(run.path / "media" / ("scenes.csv" if score.scene else "per_picture.csv")) for run in runs
                if run.variant == name]  # fmt: skip
        if score.scene:
            rows = [table[table["oracle"] == "true_parts"] for table in rows]
        if score.tag:
            rows = [table[table["tags"] == score.tag] for table in rows]
        matrices.append(np.stack([table[score.column] for table in rows]))
    compared = cell(found["P2_differences"], VARIANTS["without_matching_loss"], column)
    np.testing.assert_allclose(compared.difference, paired_pictures(matrices[0] - matrices[1]), atol=1e-12)
    assert matrices[0].shape == (3, 20 if score.tag else 40)


def test_verdicts_are_what_the_intervals_say(tmp_path):
    scores = {"full": 0.5, "field_1_level": 0.5005, "field_2_levels": 0.6, "nearest_keypoint": 0.2}
    table = P2_DIFFERENCES.filled(plant_components(tmp_path / "quiet", scores, noise=0.001, spread=0.0005))
    assert [row["person IoU"].verdict for row in table.rows] == ["no effect", "better", "worse"]
    loud = P2_DIFFERENCES.filled(plant_components(tmp_path / "loud", {"full": 0.5, "field_1_level": 0.5}, noise=0.3))
    assert [row["person IoU"].verdict for row in loud.rows] == ["undecided"]


def test_a_column_is_the_family_that_is_corrected(tmp_path):
    scores = {"full": 0.5, "field_1_level": 0.6, "field_2_levels": 0.5017}
    runs = plant_components(tmp_path, scores, spread=0.0013)
    cells = [row["AP^p averaged"] for row in P2_DIFFERENCES.filled(runs).rows]
    p = sorted(one.difference.p for one in cells)
    assert sorted(one.p for one in cells) == pytest.approx([2 * p[0], max(2 * p[0], p[1])])
    assert [one.verdict for one in cells] == ["better", "better" if p[1] < 0.05 else "undecided"]


def test_trainings_through_a_matcher_are_compared_with_those_without_its_loss(runs, tmp_path):
    runs = [*runs, *plant_components(tmp_path, {"matching_sinkhorn": 0.3})]
    full, sinkhorn = P2_THROUGH.filled(runs).rows
    assert (full["variant"], sinkhorn["variant"]) == ("full model", VARIANTS["matching_sinkhorn"])
    (without,) = [row for row in P2_DIFFERENCES.filled(runs).rows if row["variant"] == "without matching loss"]
    assert full["person IoU"].difference.mean == pytest.approx(-without["person IoU"].difference.mean)
    assert sinkhorn["person IoU"].verdict == "worse"


def test_only_seeds_that_both_have_are_compared(tmp_path):
    runs = plant_components(tmp_path, {"full": 0.5, "field_1_level": 0.6})
    runs += [plant(tmp_path, "components", "field_1_level", seed, 0.9) for seed in (3, 4)]
    found = tables(runs)
    assert cell(found["P2"], "field at 1 level", "seeds") == 5
    assert cell(found["P2_differences"], "field at 1 level", "seeds") == 3
    assert cell(found["P2_differences"], "field at 1 level", "grouping").difference.mean < 0.2


def test_one_seed_is_a_demonstration_and_no_evidence(tmp_path):
    found = tables(plant_components(tmp_path, {"full": 0.5, "nearest_keypoint": 0.2}, seeds=1))
    for table in filter(lambda table: table.rows, found.values()):
        assert "with one seed: a demonstration and no evidence" in table.caption
        assert "±" not in str(table.cells())
    difference = cell(found["P2_differences"], VARIANTS["nearest_keypoint"], "person IoU")
    assert f"{difference:.1f}" == f"{100 * difference.difference.mean:+.1f} one seed"


def test_trainings_of_another_length_are_left_out(runs, found, tmp_path):
    longer = plant(tmp_path, "components", "full", 7, 0.99, steps=900)
    assert P2.filled([*runs, longer]).cells() == found["P2"].cells()
    assert "of 100 steps" in found["P2"].caption


def test_variants_that_are_not_listed_come_last_under_their_names(runs, tmp_path):
    table = P2.filled([*runs, plant(tmp_path, "components", "no_decoder", 0, 0.1)])
    assert [row["variant"] for row in table.rows][-1] == "no decoder"


def test_numbers_of_a_cell_have_columns_of_their_own(found, tmp_path):
    (file,) = [file for file in found["P2_differences"].write(tmp_path) if file.suffix == ".csv"]
    with file.open() as stream:
        rows = list(csv.DictReader(stream))
    assert {f"person IoU{end}" for end in ("", " low", " high", " p", " verdict")} <= set(rows[0])
    assert float(rows[0]["person IoU low"]) < float(rows[0]["person IoU"]) < float(rows[0]["person IoU high"])


def test_without_pictures_there_is_no_comparison_of_theirs(tmp_path):
    runs = plant_components(tmp_path, {"full": 0.5, "nearest_keypoint": 0.2})
    for run in runs:
        (run.path / "media" / "per_picture.csv").unlink()
    (row,) = tables(runs)["P2_differences"].rows
    assert row["person IoU"] is None
    assert row["AP^p averaged"].verdict == "worse"


def test_a_file_without_its_columns_is_told(tmp_path):
    run = plant(tmp_path, "components", "full", 0, 0.5)
    (run.path / "media" / "per_picture.csv").write_text("name,tags\na,\n")
    with pytest.raises(InputError, match=r"per_picture.csv: expected the column grouping"):
        tables([run])


def test_tables_of_single_trainings_leave_the_ablations_out(runs):
    assert [table.name for table in PARSING.tables if table.filled(runs).rows] == ["P1"]  # of published numbers
    assert not [table for table in tables([]).values() if table.rows]
