"""Figures in the notebooks under analysis/, where not all of them may be there."""

from IPython.display import Image, Markdown, display

from mghp.pictures.style import Drawings, png


def show(drawings: Drawings, start: str) -> None:
    """Show the figures whose names begin with `start`; say so where no run fills one."""
    names = [name for name in drawings if name.startswith(start)]
    for name in names:
        display(Image(png(drawings[name])))  # type: ignore[no-untyped-call, unused-ignore]
    if not names:
        display(Markdown(f"No run here fills the figure {start}."))  # type: ignore[no-untyped-call, unused-ignore]
