"""How much of heads, legs and shoes that humans have outlined a parser finds: recall on Clothing Co-Parsing (CCP).

    mghp predict CCP/images --out predicted
    python analysis/clothes_recall.py predicted CCP/labels59 --list CCP/val.txt

CCP's labels are of clothes, by humans. Three groups of them tell the part without doubt: hair, hats and glasses lie on
the head, trousers, tights and the like on upper or lower legs, shoes on lower legs, to which feet count. Recall is the
share of a group's pixels that get such a part, pooled over pictures; pixels beyond the predicted map count as missed.
"""

import argparse
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mghp.metrics.agreement import SIX_PARTS, six_parts

CLOTHES = {
    "head": ("hair", "hat", "glasses", "sunglasses"),
    "legs": ("jeans", "leggings", "pants", "shorts", "stockings", "tights"),
    "shoes": (
        "boots", "clogs", "flats", "heels", "loafers", "pumps", "sandals", "shoes", "sneakers", "wedges",
    ),
}  # fmt: skip
"""CCP's names of the clothes in each group."""

PARTS = {"head": ("head",), "legs": ("upper legs", "lower legs"), "shoes": ("lower legs",)}
"""Those of `SIX_PARTS` that a pixel of the group may be."""


def recalls(pairs: Iterable[tuple[NDArray[np.uint8], NDArray[np.uint8]]], clothes: Sequence[str]) -> dict[str, float]:
    """Return the recall of each group.

    Args:
        pairs: maps of each picture: of the six parts, 0 for none, and of clothes, both (height, width).
        clothes: names of the labels of clothes, from 0.
    """
    numbers = {part: number for number, part in enumerate(SIX_PARTS, 1)}
    found = np.zeros((len(CLOTHES), 2), np.int64)
    for parts, worn in pairs:
        for row, (group, names) in enumerate(CLOTHES.items()):
            of_group = np.isin(worn, [clothes.index(name) for name in names])
            right = np.isin(parts, [numbers[part] for part in PARTS[group]])
            found[row] += np.count_nonzero(of_group & right), np.count_nonzero(of_group)
    return dict(zip(CLOTHES, (found[:, 0] / found[:, 1]).tolist(), strict=True))


def read_pair(predicted: Path, clothes: Path, merged: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the map of the six parts and that of clothes."""
    parts, worn = (np.asarray(Image.open(file)) for file in (predicted, clothes))
    return merged[parts], worn


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("predicted", type=Path, help="folder that mghp predict wrote")
    parser.add_argument("clothes", type=Path, help="CCP's folder labels59")
    parser.add_argument("--list", type=Path, required=True, help="names of the pictures, one a line")
    given = parser.parse_args()
    (category,) = json.loads((given.predicted / "poses.json").read_text())["categories"]
    merged = np.array(six_parts(category["parts"]), np.uint8)
    names = given.list.read_text().split()
    files = [(given.predicted / f"{name}_parts.png", given.clothes / f"{name}.png") for name in names]
    clothes = json.loads((given.clothes.parent / "label_list.json").read_text())
    for group, recall in recalls((read_pair(*pair, merged) for pair in files), clothes).items():
        print(f"{group}: {100 * recall:.1f} %")
