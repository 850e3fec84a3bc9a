"""The study of training a parser through the matcher: on positive controls, and on crowds."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import isnan

from mghp.pictures.style import COLOURS, Drawings
from mghp.report.comparison import NO_EFFECT_IN_PHOTOS, NO_EFFECT_ON_PREDICTED_PAIRS, Comparison
from mghp.report.seed_figures import difference_figure
from mghp.report.seeds import OverSeeds
from mghp.report.study import Question, Study
from mghp.report.table import Column, TableOf
from mghp.runs.read import Run
from mghp.studies.matching_loss.arms import (
    AFFINITIES,
    CONTROL,
    CONTROLS,
    EXPERIMENTS,
    F1,
    JUDGED,
    NONE,
    OWNERS,
    PHOTOGRAPHS,
    RENDERED,
    SCORES,
    SHOWN,
    THROUGH,
    WEIGHTS,
    Arm,
    Pair,
    Score,
    arms,
    pairs,
    start_of,
)
from mghp.studies.variants import label_of

GAIN = 0.05
"""What the best way through the matcher must gain on the control before anything is concluded from crowds."""

_SHORT = {"paper": "paper", "fenchel_young": "Fenchel-Young", "hinge": "hinge"}
"""The ways through the matcher in an answer's words."""

_INTERVALS = (
    "Points, paired by start and seed, mean over starts, with the wider of two 95 % intervals: by Student's t over "
    "starts, and by a bootstrap over starts, seeds within them, and pictures. Better or worse if it lies on one side "
    "of 0; 'no effect' if it lies within the bound, fixed beforehand"
)
"""Sentences for captions; `_UNCORRECTED` ends them."""

_UNCORRECTED = "else undecided. Neither is corrected for the number of comparisons."


@dataclass(frozen=True)
class Outcome:
    """The best way through the matcher on the control, by F1 of limb pairs, beside the two without a matcher."""

    best: Arm
    over_none: Comparison
    over_affinities: Comparison

    @property
    def verdict(self) -> str:
        """The word: "Yes" if it beats both by `GAIN` and not by chance, "No" if it cannot, else "Undecided"."""
        both = (self.over_none, self.over_affinities)
        if all(cell.verdict == "better" and cell.difference.mean >= GAIN for cell in both):
            return "Yes"
        return "No" if any(cell.difference.high < GAIN for cell in both) else "Undecided"


def outcome(runs: Sequence[Run]) -> Outcome | None:
    """Return what the control came to; None where a side of it was not run."""
    known = arms(runs, CONTROL)
    through = [known[name] for name in THROUGH if name in known and not isnan(known[name].score(F1).mean)]
    if not through or not {NONE, AFFINITIES} <= known.keys():
        return None
    best = max(through, key=lambda arm: arm.score(F1).mean)
    over_none, over_affinities = (Pair(best, known[name]).compared(F1) for name in (NONE, AFFINITIES))
    return Outcome(best, over_none, over_affinities) if over_none and over_affinities else None


def answer_on_control(runs: Sequence[Run]) -> str:
    """Return whether the best way through the matcher wins the control."""
    found = outcome(runs)
    if found is None:
        return ""
    number = min(cell.difference.seeds for cell in (found.over_none, found.over_affinities))
    return (
        f"{found.verdict}: F1 of limb pairs by {_SHORT[found.best.name]} over no matching loss: "
        f"{found.over_none.interval()} points, over affinities alone: {found.over_affinities.interval()} "
        f"({number} seed{'s' if number > 1 else ''})."
    )


def answer(experiment: str, runs: Sequence[Run]) -> str:
    """Return what each way through the matcher brings to owner accuracy over the same truth without a matcher.

    Where no affinities were trained alone it is told over no matching loss; and whether the answer is open.

    Args:
        experiment: one of `JUDGED`.
        runs: any.
    """
    compared = pairs(arms(runs, experiment))
    for baseline, words in ((AFFINITIES, "affinities alone"), (NONE, "no matching loss")):
        told = [
            f"{_SHORT[pair.ours.name]} {cell:.1f}"
            for pair in compared
            if pair.ours.name in THROUGH and pair.baseline.name == baseline and (cell := pair.compared(OWNERS))
        ]
        if told:
            control = outcome(runs)
            is_won = control is not None and control.verdict == "Yes"
            begins = "" if is_won else f"Open (control not {'won' if control else 'run'}). "
            return f"{begins}Owner accuracy over {words}: {'; '.join(told)}."
    return ""


def drawings(runs: Sequence[Run]) -> Drawings:
    """Return a figure of the differences in the score that decides for each experiment that has some."""
    figures = {}
    for experiment, pictures in JUDGED.items():
        cells = {
            f"{pair.ours.label}, over {pair.baseline.label}": cell
            for pair in pairs(arms(runs, experiment))
            if (cell := pair.compared(OWNERS)) is not None
        }
        if cells:
            what = f"{OWNERS.label}, difference"
            figures[f"losses_{pictures.replace(' ', '_')}"] = partial(
                difference_figure, cells, [COLOURS[0]] * len(cells), what
            )
    return figures


def _score(score: Score) -> Column[Arm]:
    return Column(score.label, lambda arm: arm.score(score), ".1f")


def _difference(score: Score) -> Column[Pair]:
    return Column(score.label, lambda pair: pair.compared(score), ".1f")


def _prices(arm: Arm) -> str:
    """Return the prices of staying unmatched at which an arm is matched, in words."""
    values = [run.metric("assembly/unmatched_price") for run in arm.runs.values()]
    known = sorted(0.0 if isnan(value) else value for value in values)
    return f"{known[0]:g}" if known[0] == known[-1] else f"{known[0]:g} to {known[-1]:g}"


def _metric(label: str, metric: str) -> Column[Arm]:
    return Column(label, lambda arm: OverSeeds.of(run.metric(metric) for run in arm.runs.values()), ".1f")


_HEAD: tuple[Column[Arm], ...] = (
    Column("trained by", lambda arm: arm.label),
    Column("starts", lambda arm: arm.starts, "d"),
    Column("trainings", lambda arm: len(arm.runs), "d"),
)

_COMPARED: tuple[Column[Pair], ...] = (
    Column("trained by", lambda pair: pair.ours.label),
    Column("over", lambda pair: pair.baseline.label),
    Column("pairs", lambda pair: len(pair.places), "d"),
)

_MEANS = "Mean ± standard deviation over trainings, in percent."
_BEST_PRICE = "F1 of limb pairs is that of predicted candidates, at the price that suits each training best."

ARMS = TableOf(
    "matching_loss",
    "Ways to train the matching of a parser, from the same starts and as many steps: scores on pictures that nothing "
    f"was trained on, owners on crowds. {_MEANS} {_BEST_PRICE} Price is that of staying unmatched, tuned for each "
    "training on pictures of their own, where all are matched by the Hungarian method; at price 0 they are "
    "matched as in training.",
    Column("pictures", lambda arm: SHOWN[arm.experiment]),
    *_HEAD,
    Column("price", _prices),
    *map(_score, SCORES),
    rows=lambda runs: [arm for experiment in SHOWN for arm in arms(runs, experiment).values()],
    sources=lambda arm: arm.runs.values(),
)

DIFFERENCES = TableOf(
    "matching_loss_differences",
    f"Ways to train the matching of a parser: what each brings over another. {_INTERVALS} of {NO_EFFECT_IN_PHOTOS} "
    f"({NO_EFFECT_ON_PREDICTED_PAIRS} in F1); {_UNCORRECTED} Keypoint AP has Student's interval alone.",
    Column("pictures", lambda pair: SHOWN[pair.ours.experiment]),
    *_COMPARED,
    *map(_difference, SCORES),
    rows=lambda runs: [pair for experiment in SHOWN for pair in pairs(arms(runs, experiment))],
    sources=lambda pair: pair.runs,
)

MULTIPLES = TableOf(
    "matching_loss_weights",
    "The weights of the matching losses, as multiples of the one at which a loss pulls the network as hard as the "
    "limb fields' loss does: short trainings, scored on photographs that nothing else is trained or tested on. "
    f"{_BEST_PRICE}",
    Column("trained by", lambda run: label_of(f"parsing/{PHOTOGRAPHS}.yaml", run.variant)),
    Column("multiple", lambda run: run.config["losses"]["matching_multiple"], "g"),
    Column("start", start_of),
    Column(F1.label, lambda run: 100 * run.metric(F1.metric), ".2f"),
    rows=lambda runs: sorted(
        (run for run in runs if run.experiment == WEIGHTS),
        key=lambda run: (run.variant, start_of(run), run.config["losses"]["matching_multiple"]),
    ),
)

CONTROL_ARMS = TableOf(
    "matching_control",
    "Two positive controls. Where cords join twins, a matching can learn to trust a sign that no score of a limb alone "
    "can; it decides. Behind blinds no limb tells alone where it goes, and one-to-one matching at test time does. "
    f"Scores on rendered pictures that nothing was trained on. {_MEANS} {_BEST_PRICE} Keypoint AP at OKS 0.5 is end to "
    "end, by the matcher that is used at test time.",
    Column("pictures", lambda arm: CONTROLS[arm.experiment]),
    *_HEAD,
    _score(F1),
    _metric("keypoint AP, Hungarian", "matcher/hungarian/keypoint_ap_50"),
    _metric("keypoint AP, greedy", "matcher/greedy/keypoint_ap_50"),
    rows=lambda runs: [arm for experiment in CONTROLS for arm in arms(runs, experiment).values()],
    sources=lambda arm: arm.runs.values(),
)

CONTROL_DIFFERENCES = TableOf(
    "matching_control_differences",
    f"The positive controls: what each way to train brings over another. {_INTERVALS} of "
    f"{NO_EFFECT_ON_PREDICTED_PAIRS}; {_UNCORRECTED}",
    Column("pictures", lambda pair: CONTROLS[pair.ours.experiment]),
    *_COMPARED,
    _difference(F1),
    rows=lambda runs: [pair for experiment in CONTROLS for pair in pairs(arms(runs, experiment))],
    sources=lambda pair: pair.runs,
)

STUDY = Study(
    (
        Question(
            "Does training through the matcher win where a matching can learn what no score of a limb alone can?",
            answer_on_control,
            (CONTROL_ARMS, CONTROL_DIFFERENCES),
        ),
        Question(
            "Does training through the matcher beat training without, on rendered crowds?",
            partial(answer, RENDERED),
            (ARMS, DIFFERENCES),
            {"losses_rendered_crowds": "What each way to train the matching brings, on rendered crowds"},
        ),
        Question(
            "Does training a parser through the matcher beat training without, on photographs?",
            partial(answer, PHOTOGRAPHS),
            (MULTIPLES,),
            {"losses_photographs": "What each way to train the matching brings, on photographs"},
        ),
    ),
    drawings,
    EXPERIMENTS,
)
