import matplotlib.pyplot as plt
import numpy as np
import pytest

from mghp.config.schema import Config
from mghp.errors import InputError
from mghp.gallery.cases import read_cases
from mghp.studies.failures.one_case import case_figure, limb_figure
from mghp.studies.speed.made_cases import made_run


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    return read_cases(made_run(Config(experiment="made_up", runs=str(tmp_path_factory.mktemp("made"))), 3))


def test_a_case_is_drawn_predicted_and_true_with_its_box(cases):
    case = cases.cases[0]
    figure = case_figure(cases, case)
    assert [axes.get_title() for axes in figure.axes] == ["predicted parts", "predicted persons", "true persons"]
    for axes in figure.axes:
        x, y = axes.lines[0].get_data()
        assert [min(x), min(y), max(x), max(y)] == case["box"]
    assert cases.title in figure.get_suptitle()
    plt.close(figure)


def test_a_case_whose_picture_is_missing_is_told(cases):
    case = {**cases.cases[0], "images": {**cases.cases[0]["images"], "picture": "nowhere.jpg"}}
    with pytest.raises(InputError, match=r"nowhere\.jpg"):
        case_figure(cases, case)
    plt.close("all")


def test_a_limb_frames_its_true_pairs_and_shows_the_joined_ones():
    limb = {"name": "elbow - wrist", "affinity": [[1.0, 0.0], [0.5, 0.25]], "assignment": [[0.9, 0.1], [0.1, 0.2]]}
    figure = limb_figure({"limbs": [{**limb, "joined": [[0, 0]], "true": [[1, 1]]}]})
    assert [axes.get_title() for axes in figure.axes] == ["affinity", "assignment", "joined"]
    assert {(patch.get_x() + 0.5, patch.get_y() + 0.5) for axes in figure.axes for patch in axes.patches} == {(1, 1)}
    np.testing.assert_array_equal(figure.axes[2].images[0].get_array(), [[1, 0], [0, 0]])
    plt.close(figure)
