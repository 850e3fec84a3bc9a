"""The claims of the paper that comparisons test, and what other studies' runs say of each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mghp.report.comparison import Comparison
from mghp.runs.read import Run
from mghp.studies.groupings.ways import ALONE, CROWDS, DECIDES, REFINED, pairs
from mghp.studies.learned.study import PASSED, control_in_words
from mghp.studies.learned.variants import LIMBS, YOUNG, trained
from mghp.studies.matching_loss.arms import AFFINITIES, F1, JUDGED, NONE, OWNERS, arms
from mghp.studies.matching_loss.arms import pairs as pairs_of_arms
from mghp.studies.matching_loss.study import outcome
from mghp.studies.rotation.tables import PLAIN, UPRIGHT, Rotations
from mghp.studies.solvers.tables import association_compared, solver_runs

GAINS: Mapping[str, str] = {"better": "yes", "no effect": "no", "worse": "no"}
"""The verdict on a claim that ours gains, by that of the comparison; on any other word it is the same word."""
EQUALS: Mapping[str, str] = {"better": "yes", "no effect": "yes", "worse": "no"}
"""Likewise on a claim that ours does as well."""
COSTS: Mapping[str, str] = {"better": "no", "no effect": "no", "worse": "yes"}
"""Likewise on a claim that ours loses."""

_LOSSES = {
    "paper": "The paper's matching loss",
    "fenchel_young": "The Fenchel-Young loss",
    "hinge": "The structured hinge",
}
_WITHOUT = {NONE: "none", AFFINITIES: "that of affinities alone"}
"""The ways to train a parser's matching that claims are about, through a matcher and without, in a claim's words."""


@dataclass(frozen=True)
class Claim:
    """One claim, tested on some pictures by one comparison.

    Attributes:
        text: in words.
        pictures: on which.
        score: that decides, in words.
        comparison: of ours with the baseline.
        verdicts: verdict on the claim by the verdict of the comparison.
        units: what the comparison is paired by, e.g. `starts`.
        runs: behind it.
        is_open: whether something that must hold first does not.
    """

    text: str
    pictures: str
    score: str
    comparison: Comparison
    verdicts: Mapping[str, str]
    units: str
    runs: Sequence[Run]
    is_open: bool = False

    @property
    def verdict(self) -> str:
        """The verdict on the claim: yes, no, undecided; open where too little was run, or something must hold first."""
        if self.is_open or self.comparison.difference.seeds == 1:
            return "open"
        return self.verdicts.get(self.comparison.verdict, self.comparison.verdict)


def claims(runs: Sequence[Run]) -> list[Claim]:
    """Return each claim once for all pictures on which runs test it, in the order of the claims."""
    return [*_pairs(runs), *_limb_scores(runs), *_matching_loss(runs), *_groupings(runs), *_rotation(runs)]


def _pairs(runs: Sequence[Run]) -> Iterator[Claim]:
    """Yield PGD-Dykstra at the paper's settings beside exact matching, both rounded alike."""
    solvers = {(run.data, run.variant): run for run in solver_runs(runs)}
    for (data, variant), run in solvers.items():
        if variant == "pgd_dykstra_paper" and (data, "hungarian") in solvers:
            hungarian = solvers[data, "hungarian"]
            for cell in association_compared([run], hungarian, "hungarian").values():
                claim = "PGD-Dykstra joins limbs as well as exact matching"
                yield Claim(claim, data, F1.label, cell, EQUALS, _images(run), (run, hungarian))


def _limb_scores(runs: Sequence[Run]) -> Iterator[Claim]:
    """Yield limb scores learned through a matcher beside those learned without, of real people; open as below."""
    words = {"pgd_paper": "the paper's matcher", YOUNG: "the Fenchel-Young loss"}
    variants = trained(runs)
    is_open = control_in_words(variants) != PASSED
    for variant in variants:
        of_people = variant.own_runs[0].config["data"]["name"] in ("mhp_poses", "predicted_problems")
        if variant.name in words and variant.is_usual and variant.is_compared and of_people:
            cell = variant.family.compared(LIMBS)[variant.name]
            claim = f"Limb scores gain by {words[variant.name]}"
            yield Claim(
                claim, variant.condition, F1.label, cell, GAINS, _seeds(cell, "seed"), variant.compared_runs, is_open
            )


def _matching_loss(runs: Sequence[Run]) -> Iterator[Claim]:
    """Yield the losses through a matcher beside those without; open unless the control is won."""
    control = outcome(runs)
    is_open = control is None or control.verdict != "Yes"
    for experiment, pictures in JUDGED.items():
        for pair in pairs_of_arms(arms(runs, experiment)):
            if pair.ours.name not in _LOSSES or pair.baseline.name not in _WITHOUT:
                continue
            if (cell := pair.compared(OWNERS)) is not None:
                claim = f"{_LOSSES[pair.ours.name]} beats {_WITHOUT[pair.baseline.name]}"
                yield Claim(claim, pictures, OWNERS.label, cell, GAINS, _seeds(cell, "start"), pair.runs, is_open)


def _groupings(runs: Sequence[Run]) -> Iterator[Claim]:
    """Yield what the field, its refinement, and the field instead of centres bring."""
    claims = {
        (REFINED, "nearest"): "The projection field beats the nearest keypoint",
        (REFINED, "field_1"): "The field's refinement over levels helps",
        (REFINED, "center"): "The field beats persons' centres and offsets",
        (f"field{ALONE}", f"center{ALONE}"): "The field beats centres, each trained apart",
    }
    for crowds in CROWDS:
        for pair in pairs(runs, crowds):
            claim = claims.get((pair.ours.name, pair.baseline.name))
            if claim is not None:
                cell = pair.compared(DECIDES, "predicted")
                yield Claim(claim, crowds.pictures, DECIDES, cell, GAINS, _seeds(cell, "start"), pair.runs)


def _rotation(runs: Sequence[Run]) -> Iterator[Claim]:
    """Yield what the largest angle of rotation does to persons upside down, and to the pictures trained on."""
    for rotations, scene in ((UPRIGHT, "upright scene"), (PLAIN, "scene with persons upside down")):
        yield from _of_rotation(rotations, scene, runs)


def _of_rotation(rotations: Rotations, scene: str, runs: Iterable[Run]) -> Iterator[Claim]:
    family = rotations.angles(runs)
    if not family.runs:
        return
    largest = list(family.runs)[-1]
    trained_on = rotations.test_sets[""]
    for tested, claim, verdicts in (
        ("upside-down", "Rotation mends persons upside down", GAINS),
        (trained_on, "Rotation costs overall", COSTS),
    ):
        cell = family.compared(rotations.person_iou[tested]).get(largest)
        if cell is not None:
            both = [run for name in (largest, family.baseline) for run in family.runs[name].values()]
            yield Claim(claim, f"rendered, {scene}", "person IoU", cell, verdicts, _seeds(cell, "seed"), both)


def _seeds(cell: Comparison, unit: str) -> str:
    """Return how many seeds or starts a comparison is paired by, in words."""
    return f"{cell.difference.seeds} {unit}{'s' if cell.difference.seeds > 1 else ''}"


def _images(run: Run) -> str:
    counts = run.association("hungarian")
    return f"{0 if counts is None else len(counts)} images"
