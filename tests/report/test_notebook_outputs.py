import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from mghp.report import notebook
from mghp.report.notebook import DPI, figure_image, photo_image, show


def draw():
    return plt.figure(figsize=(2, 1))


def size(output):
    return Image.open(io.BytesIO(output.data)).size


@pytest.mark.parametrize(("width", "expected"), [(100, (100, 50)), (300, (200, 100))])
def test_a_photo_is_no_wider_than_asked_for_and_never_enlarged(width, expected):
    output = photo_image(np.zeros((100, 200, 3), np.uint8), width)
    assert output.data.startswith(b"\xff\xd8")
    assert size(output) == expected


def test_figures_are_shown_by_the_beginning_of_their_names_or_missed(monkeypatch):
    shown = []
    monkeypatch.setattr(notebook, "display", shown.append)
    show({"gap_a": draw, "gap_b": draw, "violation": draw}, "gap")
    assert [size(output) for output in shown] == [(2 * DPI, DPI)] * 2
    show({}, "gap")
    assert shown[-1].data == "No run here fills the figure gap."
    assert figure_image(draw).data.startswith(b"\x89PNG")
    assert figure_image(draw, photos=True).data.startswith(b"\xff\xd8")
