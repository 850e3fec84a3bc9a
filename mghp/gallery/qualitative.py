"""Sheets of pictures, parts, persons and skeletons, in the manner of the supplement's figures 1 to 4."""

import statistics
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mghp.gallery.cases import KINDS, Case, CaseSet
from mghp.gallery.entries import PictureCopies
from mghp.gallery.page import copy_assets, legends, templates, write_html
from mghp.gallery.paired_cases import is_right

NUMBER = 8
"""The most pictures per sheet."""

_COLUMNS = {"prediction_parts": "parts", "prediction_persons": "persons", "skeletons": "skeletons"}
_TRUTH = {"truth_parts": "true parts", "truth_persons": "true persons"}


def write_qualitative(cases: CaseSet, copies: PictureCopies, folder: Path) -> Path:
    """Write and return qualitative.html: typical pictures of the better quarter, and a failure per kind of picture."""
    good = [_row(some[0], f"mean score {_mean(some):.2f}", copies, _COLUMNS) for some in good_pictures(cases.cases)]
    failed = [
        _row(case, f"{what}: {KINDS[case['kind']]}, score {case['score']:.2f}", copies, {**_COLUMNS, **_TRUTH})
        for what, case in failures_by_tag(cases.cases)
    ]
    copy_assets(folder, ("gallery.css",))
    template = templates().get_template("qualitative.html.j2")
    columns = {"good": list(_COLUMNS.values()), "failed": [*_COLUMNS.values(), *_TRUTH.values()]}
    text = template.render(cases=cases, good=good, failed=failed, columns=columns, legends=legends(cases))
    return write_html(folder / "qualitative.html", text)


def good_pictures(cases: Sequence[Case], number: int = NUMBER) -> list[list[Case]]:
    """Choose the pictures in the middle of the better quarter by mean score: good, but not the very best.

    Pictures of one person, which leave nothing to group, are left out where there are others.

    Returns:
        The cases of each picture, best picture first.
    """
    by_picture: dict[str, list[Case]] = {}
    for case in cases:
        by_picture.setdefault(case["picture"], []).append(case)
    crowds = [some for some in by_picture.values() if sum(case["true_person"] is not None for case in some) > 1]
    ranked = sorted(crowds or by_picture.values(), key=_mean, reverse=True)
    quarter = ranked[: max(len(ranked) // 4, 1)]
    first = max((len(quarter) - number) // 2, min(1, len(quarter) - 1))
    return quarter[first : first + number]


def failures_by_tag(cases: Sequence[Case], number: int = NUMBER) -> list[tuple[str, Case]]:
    """Choose the worst case per tag, rarest tag first, no picture twice; without tags, per kind of failure.

    Returns:
        Pairs of the tag or kind in words, and the case.
    """
    wrong = sorted((case for case in cases if not is_right(case)), key=lambda case: case["score"])
    tags = Counter(tag for case in wrong for tag in case["tags"])
    groups = [(tag, [case for case in wrong if tag in case["tags"]]) for tag, _ in reversed(tags.most_common())]
    groups = groups or [(words, [case for case in wrong if case["kind"] == kind]) for kind, words in KINDS.items()]
    chosen: list[tuple[str, Case]] = []
    for what, some in groups:
        shown = {case["picture"] for _, case in chosen}
        chosen += [(str(what).replace("_", " "), case) for case in some if case["picture"] not in shown][:1]
    return chosen[:number]


def _row(case: Case, words: str, copies: PictureCopies, columns: dict[str, str]) -> dict[str, Any]:
    images = case["images"]
    overlays = [(label, copies.address(images[name])) for name, label in columns.items() if name in images]
    return {"case": case, "words": words, "picture": copies.address(images["picture"]), "overlays": overlays}


def _mean(cases: Sequence[Case]) -> float:
    return statistics.fmean(case["score"] for case in cases)
