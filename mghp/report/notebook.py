"""Figures and photographs in the notebooks under analysis/, small enough to be committed with them."""

import io
from collections.abc import Callable

from IPython.display import Image, Markdown, display
from matplotlib.figure import Figure
from PIL import Image as Pillow

from mghp.pictures.canvas import Rgb
from mghp.pictures.style import Drawings, png

DPI = 110
"""Dots an inch: a figure as wide as a page is then as wide as a notebook."""

WIDTH = 760
"""The width of a notebook, pixels."""


def show(drawings: Drawings, start: str) -> None:
    """Show the figures whose names begin with `start`; say so where no run fills one."""
    names = [name for name in drawings if name.startswith(start)]
    for name in names:
        display(figure_image(drawings[name]))  # type: ignore[no-untyped-call, unused-ignore]
    if not names:
        display(Markdown(f"No run here fills the figure {start}."))  # type: ignore[no-untyped-call, unused-ignore]


def figure_image(draw: Callable[[], Figure], *, photos: bool = False) -> Image:
    """Draw a figure in the style of the reports, as a cell's output.

    Args:
        draw: draws it.
        photos: whether photographs fill it: then it is a JPEG, else a PNG of 256 colours.
    """
    drawn = Pillow.open(io.BytesIO(png(draw, dpi=DPI))).convert("RGB")
    return _jpeg(drawn) if photos else _image(drawn.quantize(), "png", optimize=True)


def photo_image(picture: Rgb, width: int = WIDTH) -> Image:
    """Return a picture (height, width, 3) as a cell's output, as JPEG and no wider than `width` pixels."""
    photo = Pillow.fromarray(picture)
    if photo.width > width:
        photo = photo.resize((width, round(photo.height * width / photo.width)), Pillow.Resampling.LANCZOS)
    return _jpeg(photo)


def _jpeg(picture: Pillow.Image) -> Image:
    return _image(picture, "jpeg", quality=75)


def _image(picture: Pillow.Image, form: str, **options: object) -> Image:
    buffer = io.BytesIO()
    picture.save(buffer, format=form, **options)
    return Image(buffer.getvalue(), format=form)  # type: ignore[no-untyped-call, unused-ignore]
