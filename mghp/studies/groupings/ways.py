"""Ways to tell whose a pixel is, read from heads on one trunk or from heads apart, and how two of them are compared."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

import pandas as pd

from mghp.errors import InputError
from mghp.metrics.owners import OWNER_SHARES
from mghp.report.comparison import NO_EFFECT_IN_PHOTOS, Comparison, compare
from mghp.report.seeds import OverSeeds
from mghp.report.statistics import ratios_over_starts
from mghp.runs.read import Run
from mghp.studies.photographs.pooled import paired_counts
from mghp.studies.variants import labels_of


@dataclass(frozen=True)
class Crowds:
    """The crowds that ways to group pixels are scored on.

    Attributes:
        pictures: in words.
        together: experiment that reads the starts, whose heads share a trunk, in every way.
        apart: experiment of the trainings of one head alone, from the trunks of the starts.
    """

    pictures: str
    together: str
    apart: str

    @property
    def figure(self) -> str:
        """The name of the figure of their differences."""
        return f"groupings_{self.pictures.replace(' ', '_')}"


PHOTOGRAPHS = Crowds("photographs", "photographs_readings", "photographs_groupings")
RENDERED = Crowds("rendered crowds", "clear_readings", "clear_groupings")

CROWDS = (PHOTOGRAPHS, RENDERED)
"""All crowds, in the order of the report."""

EXPERIMENTS = tuple(name for crowds in CROWDS for name in (crowds.together, crowds.apart))

ALONE = " alone"
"""What is added to the name of a variant where its head is trained apart."""

ORACLES = {"predicted": "end to end", "true_poses": "true persons", "true_projection": "true field"}
"""What is true in the place of what is predicted, in the tables' words."""

SHARES = {name.replace("_", " "): share for name, share in OWNER_SHARES.items()}
"""The columns of an evaluation's oracles.csv that each score is pooled from."""

DECIDES = "contested owner accuracy"
"""The score that decides."""

REFINED = "field_3"

PAIRS = (
    (REFINED, "nearest"),
    (REFINED, "field_1"),
    (REFINED, "field_2"),
    (REFINED, "center"),
    (REFINED, "hybrid"),
    (f"field{ALONE}", f"center{ALONE}"),
)
"""The ways that are compared, each with its baseline."""

ROWS = "media/oracles.csv"


@dataclass(frozen=True)
class Way:
    """One way to group pixels with its runs.

    Attributes:
        crowds: that it is scored on.
        name: of the way.
        runs: by the start that they read or begin from.
    """

    crowds: Crowds
    name: str
    runs: Mapping[str, Run]

    @property
    def label(self) -> str:
        """The way in words."""
        return _labels(self.crowds)[self.name]

    def score(self, score: str, oracle: str) -> OverSeeds:
        """Return mean and deviation over starts of a score that is pooled over each start's crowds."""
        name = f"oracle/{oracle}/{score.replace(' ', '_')}"
        return OverSeeds.of(run.metric(name) for run in self.runs.values())


@dataclass(frozen=True)
class Pair:
    """A way to group pixels beside the one that it is compared with, over the starts that both have."""

    ours: Way
    baseline: Way

    @property
    def starts(self) -> list[str]:
        """The starts that both have."""
        return sorted(self.ours.runs.keys() & self.baseline.runs.keys())

    @property
    def runs(self) -> list[Run]:
        """The runs of both."""
        return [way.runs[start] for way in (self.ours, self.baseline) for start in self.starts]

    @property
    def label(self) -> str:
        """The two ways in words."""
        return f"{self.ours.label}, against {self.baseline.label}"

    def compared(self, score: str, oracle: str) -> Comparison:
        """Return the comparison in a score under an oracle."""
        counts = partial(_counts, score=score, oracle=oracle)
        both = [paired_counts(self.ours.runs[start], self.baseline.runs[start], counts) for start in self.starts]
        baseline = self.baseline.score(score, oracle).mean
        return compare({"": ratios_over_starts(both)}, NO_EFFECT_IN_PHOTOS, baseline)[""]


def _counts(run: Run, score: str, oracle: str) -> pd.DataFrame:
    """Return the numerator and the denominator of a score on each crowd under an oracle, by the picture's name."""
    rows = run.rows(ROWS, {"name", *SHARES[score]}, {"name", "oracle", "group", "tags"})
    rows = rows[(rows["oracle"] == oracle) & (rows["group"] == "crowds")]
    return rows.set_index("name")[list(SHARES[score])]


def ways(runs: Iterable[Run], crowds: Crowds) -> dict[str, Way]:
    """Return the ways to group pixels that runs on some crowds have, in the order of the experiment files.

    Raises:
        InputError: if two runs are of one way and one start.
    """
    found: dict[str, dict[str, Run]] = defaultdict(dict)
    for run in runs:
        if run.experiment in (crowds.together, crowds.apart) and run.has(ROWS):
            name, begins = run.variant, run.config["training"]["continue_from"]
            if run.experiment == crowds.apart:
                name, begins = f"{name}{ALONE}", run.config["network"]["weights"]
            start = f"{begins}, seed {run.seed}"
            other = found[name].setdefault(start, run)
            if other is not run:
                raise InputError(f"{other.path} and {run.path}: both of {name} from {start}; expected one of them")
    return {name: Way(crowds, name, found[name]) for name in _labels(crowds) if name in found}


def _labels(crowds: Crowds) -> dict[str, str]:
    together, apart = (labels_of(f"parsing/{name}.yaml") for name in (crowds.together, crowds.apart))
    return together | {f"{name}{ALONE}": label for name, label in apart.items()}


def pairs(runs: Iterable[Run], crowds: Crowds) -> list[Pair]:
    """Return the comparisons that runs on some crowds allow, those of heads on one trunk first."""
    found = ways(runs, crowds)
    known = [Pair(found[ours], found[other]) for ours, other in PAIRS if ours in found and other in found]
    return [pair for pair in known if pair.starts]
