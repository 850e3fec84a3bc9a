"""Writing pictures to files."""

from pathlib import Path

from PIL import Image

from mghp.pictures.canvas import Rgb


def write_png(path: Path, picture: Rgb) -> Path:
    """Write a picture, always as the same bytes; missing folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path, format="PNG", compress_level=6)
    return path
