"""What the notebooks under analysis/ show of figures that may not all be there."""

from IPython.display import Image, Markdown, display

from mghp.pictures.style import Drawings, png


def show(drawings: Drawings, start: str) -> None:
    """Show the figures whose names begin so; where no run is for one, say that."""
    names = [name for name in drawings if name.startswith(start)]
    for name in names:
        display(Image(png(drawings[name])))  # type: ignore[no-untyped-call, unused-ignore]
    if not names:
        display(Markdown(f"No run here is for the figure {start}."))  # type: ignore[no-untyped-call, unused-ignore]
