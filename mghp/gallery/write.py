"""Writing the pages of `mghp gallery` to out/gallery/."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mghp.errors import inside
from mghp.gallery.cases import KINDS, CaseSet, read_cases
from mghp.gallery.entries import Entry, PictureCopies, details, entry, run_title, side
from mghp.gallery.page import clear, legends, write_page
from mghp.gallery.paired_cases import CLOSER, Comparison, Pair, compare, is_right
from mghp.gallery.qualitative import write_qualitative
from mghp.runs.read import Run

_BACK = [("../../index.html", "Back to the report")]


def write_gallery(folders: Sequence[Path], out: Path, *, in_report: bool = False) -> list[Path]:
    """Write a page of cases and the qualitative sheets of each run.

    Args:
        folders: run folders that hold media/failures/cases.json.
        out: folder that gets gallery/<experiment>-<variant>-<seed>/.
        in_report: True if out/index.html is a report, to which the page then links back.

    Returns:
        The pages.

    Raises:
        InputError: if a folder holds no cases, or a picture of a case is missing.
    """
    pages: list[Path] = []
    names: set[str] = set()
    for cases in map(read_cases, folders):
        name = cases.name if cases.name not in names else f"{cases.name}-{cases.run.resolve().name}"
        names.add(name)
        pages += _write_run(cases, inside(out / "gallery", name), _BACK if in_report else [])
    return pages


def write_comparison(first: Path, second: Path, out: Path, *, in_report: bool = False) -> list[Path]:
    """Write a page of the persons that only one of two runs gets right, or gets clearly better.

    Args:
        first: run folder.
        second: run folder on the same pictures.
        out: folder that gets gallery/compare-<first>-<second>/.
        in_report: True if out/index.html is a report, to which the page then links back.

    Returns:
        The page.

    Raises:
        InputError: if a folder holds no cases, or the two show different pictures.
    """
    compared = compare(read_cases(first), read_cases(second))
    folder = inside(out / "gallery", f"compare-{compared.first.name}-{compared.second.name}")
    clear(folder)
    copies = [
        PictureCopies(cases.folder, folder, name)
        for cases, name in ((compared.first, "pictures_a"), (compared.second, "pictures_b"))
    ]
    entries: list[Entry] = []
    all_details: list[Entry] = []
    for how, pairs in (("right", compared.differing), ("closer", compared.closer)):
        for pair in pairs:
            better = f"{how} in {'A' if pair.is_first_better else 'B'}"
            entries.append({**entry(pair.worse, copies[pair.is_first_better]), "better": better})
            sides = [side(case, copy, label) for case, copy, label in zip(pair, copies, "AB", strict=True)]
            all_details.append(details(pair.first, copies[0], *sides))
    return [
        write_page(
            folder,
            entries,
            all_details,
            title=f"{compared.first.title}, against {compared.second.title}",
            summary=_summary(compared),
            runs=[f"A: {run_title(compared.first)}", f"B: {run_title(compared.second)}"],
            score=compared.first.about["score"],
            which="Better",
            legends=legends(compared.first),
            links=_BACK if in_report else [],
        )
    ]


def _write_run(cases: CaseSet, folder: Path, back: list[tuple[str, str]]) -> list[Path]:
    clear(folder)
    copies = PictureCopies(cases.folder, folder)
    right = sum(map(is_right, cases.cases))
    pictures = len({case["picture"] for case in cases.cases})
    page = write_page(
        folder,
        [entry(case, copies) for case in cases.cases],
        [details(case, copies, side(case, copies, "Prediction")) for case in cases.cases],
        title=f"Failures of {cases.title}",
        summary=[
            f"{len(cases.cases) - right} failures and {right} persons that are right, in {pictures} pictures.",
            *_excerpt(cases),
        ],
        runs=[run_title(cases)],
        score=cases.about["score"],
        links=[*back, ("qualitative.html", "Sheets: typical pictures of the better quarter, and failures by tag")],
        legends=legends(cases),
    )
    return [page, write_qualitative(cases, copies, folder)]


def _excerpt(cases: CaseSet) -> list[str]:
    """Return a warning if a run found more cases than it kept."""
    run, kept = Run(cases.run), len(cases.cases)
    if not run.has("result.json"):  # cases that no run of ours has made
        return []
    judged = sum(int(np.nan_to_num(run.metric(f"failures/{kind}"))) for kind in KINDS)
    return [f"These are {kept} of the {judged:,} cases of the run."] if kept < judged else []


def _better(pairs: Sequence[Pair]) -> tuple[int, int]:
    """Count the persons that the first run does better, and those that the second does."""
    first = sum(pair.is_first_better for pair in pairs)
    return first, len(pairs) - first


def _summary(compared: Comparison) -> list[str]:
    (right_a, right_b), (closer_a, closer_b) = map(_better, (compared.differing, compared.closer))
    lines = [
        f"{right_a} persons are right in A alone, {right_b} in B alone; {compared.both_right} in both, "
        f"{compared.both_wrong} in neither, of whom A comes closer to {closer_a} and B to {closer_b}, by at least "
        f"{CLOSER:g} of {compared.first.about['score']}.",
        f"Spurious persons, which cannot be told from one run to the other, are left out: {compared.spurious[0]} in A, "
        f"{compared.spurious[1]} in B.",
    ]
    if compared.unpaired:
        lines.append(f"{compared.unpaired} persons have a case in one of the two alone, and are left out.")
    for letter, cases in zip("AB", (compared.first, compared.second), strict=True):
        lines += [f"{letter}: {sentence}" for sentence in _excerpt(cases)]
    return lines
