"""The study of the claims of the paper, one by one: verdicts of comparisons that other studies make."""

from collections import Counter
from collections.abc import Sequence
from functools import partial

from mghp.pictures.style import COLOURS, Drawings
from mghp.report.seed_figures import difference_figure
from mghp.report.study import Question, Study
from mghp.report.table import Column, TableOf
from mghp.runs.read import Run
from mghp.studies.verdicts.claims import Claim, claims

WORDS = ("yes", "no", "undecided", "open")


def answer(runs: Sequence[Run]) -> str:
    """Return how many tests of claims came out how."""
    found = Counter(claim.verdict for claim in claims(runs))
    if not found:
        return ""
    told = ", ".join(f"{found[word]} {word}" for word in WORDS if found[word])
    return f"Of {found.total()} tests: {told}."


def drawings(runs: Sequence[Run]) -> Drawings:
    """Return the figure of all differences, coloured by the verdict on the claim."""
    found = claims(runs)
    if not found:
        return {}
    cells = {f"{claim.text}\n{claim.pictures}: {claim.verdict}": claim.comparison for claim in found}
    colours = [COLOURS[WORDS.index(claim.verdict)] for claim in found]
    return {"verdicts": partial(difference_figure, cells, colours, "difference")}


def _bound(claim: Claim) -> float:
    return 100 * claim.comparison.bound


VERDICTS = TableOf(
    "verdicts",
    "The claims of the paper that comparisons test. Difference of ours from what it is compared with, in points, with "
    "its 95 % interval. A claim that ours gains holds where it is better, a claim that ours is as good where it is "
    "better or where the whole interval lies within the bound, which was fixed beforehand. Open: of one start alone, "
    "or the positive control is not won.",
    Column("claim", lambda claim: claim.text),
    Column("verdict", lambda claim: claim.verdict),
    Column("difference", lambda claim: claim.comparison.interval(".2f")),
    Column("pictures", lambda claim: claim.pictures),
    Column("bound", _bound, ".2f"),
    Column("score", lambda claim: claim.score),
    Column("paired by", lambda claim: claim.units),
    rows=claims,
    sources=lambda claim: claim.runs,
)

STUDY = Study(
    (
        Question(
            "What holds of the paper's claims?",
            answer,
            (VERDICTS,),
            {"verdicts": "What ours changes, with intervals, by the verdict on the claim"},
        ),
    ),
    drawings,
)
