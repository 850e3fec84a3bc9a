"""A variant that is added to an experiment file, and nowhere else, is in whatever its study writes."""

import pytest
from planted_trainings import plant_components

from mghp.config.load import load_config, variant_labels
from mghp.studies.components.figures import component_drawings
from mghp.studies.components.tables import FILE, P2, P2_DIFFERENCES
from mghp.studies.report import write_report

NAME, LABEL = "without_field_loss", "without loss on the field"


@pytest.fixture
def file(add_variant, snippet_of):
    """The components' file with the variant of CONTRIBUTING.md."""
    return add_variant(FILE, snippet_of("Adding an ablation variant", "yaml"))


@pytest.fixture
def runs(file, tmp_path):
    return plant_components(tmp_path / "runs", {"full": 0.5, NAME: 0.4, "field_1_level": 0.45})


def test_its_settings_and_words_are_read(file):
    assert list(variant_labels(file).items())[-1] == (NAME, LABEL)
    config = load_config(file, [f"variant={NAME}"])
    assert (config.variant, config.losses.weights.field) == (NAME, 0.0)
    assert load_config(file, ["variant=full"]).losses.weights.field > 0


def test_its_runs_are_in_the_tables_and_the_figure(runs):
    scores, differences = P2.filled(runs), P2_DIFFERENCES.filled(runs)
    assert [row["variant"] for row in scores.rows] == ["full model", "field at 1 level", LABEL]
    assert f"{scores.rows[2]['person IoU']:.1f}".startswith("40.")
    assert [row["variant"] for row in differences.rows] == ["field at 1 level", LABEL]
    assert differences.rows[1]["person IoU"].verdict == "worse"
    figure = component_drawings(runs)["components"]()
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == [f"{LABEL} (3)", "field at 1 level (3)"]


def test_its_runs_are_on_the_page(runs, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    page = write_report(runs, "planted runs", True, out).read_text()
    assert page.count(f'<td class="text">{LABEL}</td>') >= 2
    assert 'src="components.png"' in page
