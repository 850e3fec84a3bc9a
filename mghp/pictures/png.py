"""Pictures to files."""

from pathlib import Path

from PIL import Image

from mghp.pictures.canvas import Rgb


def write_png(path: Path, picture: Rgb) -> Path:
    """Write a picture; the same picture gives the same bytes. Missing folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path, format="PNG", compress_level=6)
    return path
