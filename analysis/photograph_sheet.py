"""A sheet of photographs parsed by a checkpoint, with credits: for pictures whose licence lets them be shown.

    python analysis/photograph_sheet.py ../shared/data/coco_persons 000000123456 000000234567 --out sheet.jpg

writes sheet.jpg, where parts stand left and persons right of each other, and sheet_credits.md beside it. Refused are
pictures under any licence but attribution (BY), share alike (BY-SA) and no known restriction.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from photograph_credits import credits_of, images_of, may_be_shown
from PIL import Image

from mghp import HumanParser, ParsedPicture
from mghp.pictures.canvas import Rgb
from mghp.pictures.legend import colour_legend
from mghp.pictures.parsed import at_drawn_size, parts_on_photo, persons_on_photo
from mghp.pictures.text import stacked

HEIGHT = 220
"""The height of a tile, pixels."""

GAP = 6
"""The white space between tiles, pixels."""


def tile(picture: Rgb) -> Rgb:
    """Return a picture at the height of a tile, with white space to its right and below."""
    width = round(picture.shape[1] * HEIGHT / picture.shape[0])
    resized = np.asarray(Image.fromarray(picture).resize((width, HEIGHT), Image.Resampling.LANCZOS))
    return np.pad(resized, ((0, GAP), (0, GAP), (0, 0)), constant_values=255)


def sheet(found: list[ParsedPicture], columns: int) -> Rgb:
    """Return rows of pictures, each with its parts and its persons, and the legend of parts below."""
    pairs = []
    for one in found:
        image, persons = at_drawn_size(one.image, one)
        tiles = [tile(draw(image, persons, one.anatomy)) for draw in (parts_on_photo, persons_on_photo)]
        pairs.append(np.concatenate(tiles, axis=1))
    rows = [np.concatenate(pairs[start : start + columns], axis=1) for start in range(0, len(pairs), columns)]
    parts = found[0].anatomy.parts
    legend = [(name.replace("_", " "), colour) for name, colour in zip(parts.names, parts.colours, strict=True)]
    return stacked([*rows, colour_legend(legend, max(row.shape[1] for row in rows), size=15)])


def chosen(data: Path, names: list[str]) -> list[dict[str, Any]]:
    """Return what the annotations in a folder say of the pictures of these names."""
    images = images_of(data)
    for name in names:
        if not may_be_shown(images.get(name, {})):
            raise SystemExit(f"{name}: not under a licence that lets it be shown")
    return [images[name] for name in names]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with images/ and person_keypoints.json")
    parser.add_argument("names", nargs="+", help="of the pictures, without ending")
    parser.add_argument("--checkpoint", default="shipped")
    parser.add_argument("--columns", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("sheet.jpg"))
    given = parser.parse_args()
    images = chosen(given.data, given.names)
    parse = HumanParser(given.checkpoint)
    found = [parse(given.data / "images" / image["file_name"]) for image in images]
    Image.fromarray(sheet(found, given.columns)).save(given.out, quality=88)
    given.out.with_name(f"{given.out.stem}_credits.md").write_text(credits_of(images))
