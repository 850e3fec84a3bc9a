"""Runs of learned limb scores with made-up counts: just what tables, figures and answers take from one."""

from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from mghp.config.training import LearnedMatchingConfig
from mghp.metrics.matching import f1
from mghp.runs.read import predicted_in_words
from mghp.studies.learned.variants import LIMBS, PERSONS

POSITIVE_CONTROL = {"problems": "positive_control", "layers": 1}
"""Settings of the condition under which competition must help."""


@dataclass(frozen=True)
class PlantedRun:
    """A run, made up: of 600 images each seed tests on some."""

    variant: str
    seed: int
    right: float
    grouped: float
    coupling: float = 0.5
    cosine: float = 0.5
    learned: dict = field(default_factory=dict)
    first_image: int = 0
    source: str = "poses"
    files: tuple[str, str] | None = None
    experiment = "learned"
    path = Path("planted")
    example = True

    @property
    def data(self):
        if self.files:
            return predicted_in_words(self.config["data"], self.files[1:])
        return {"poses": "planted poses", "mhp_poses": "real poses"}[self.source]

    @property
    def config(self):
        return {
            "learned": {**asdict(LearnedMatchingConfig()), **self.learned},
            "data": {"name": self.source} if self.files is None else predicted_data(*self.files),
            "matcher": {"name": {"fenchel_young": "projection"}.get(self.variant, self.variant)},
        }

    def tested(self, name):
        right = {"limbs": self.right, "persons": self.grouped}[name]
        rng = np.random.default_rng([self.seed, int(1000 * right), len(name)])
        found = rng.binomial(10, right, 100)
        return np.arange(100) + 50 * self.seed + self.first_image, np.stack([found, 10 - found, 10 - found], 1)

    def metric(self, name):
        if name == "matching/coupling":
            return self.coupling
        if name == "gradient/cosine":
            return self.cosine
        array = {LIMBS: "limbs", PERSONS: "persons"}.get(name)
        return float("nan") if array is None else float(f1(self.tested(array)[1].sum(0)))


def predicted_data(train, validation):
    """The section of a config that learns on candidates of one file and is tested on those of another."""
    splits = {"train": train, "validation": validation}
    return {
        "name": "predicted_problems", "annotations": None, "splits": splits,
        "predicted_problems": {"near_nobody": "left_out"},
    }  # fmt: skip


class EvenRun(PlantedRun):
    """The same of every image, so that the smallest difference is told."""

    def tested(self, name):
        _, counts = super().tested(name)
        right = round(10_000 * {"limbs": self.right, "persons": self.grouped}[name])
        return np.arange(100), np.broadcast_to([right, 10_000 - right, 10_000 - right], counts.shape)


def planted(name, right, grouped, seeds=6, kind=PlantedRun, **settings):
    """Runs of one variant, a run per seed."""
    return [kind(name, seed, right, grouped, **settings) for seed in range(seeds)]


BASELINE = planted("binary_cross_entropy", 0.8, 0.7, coupling=float("nan"))
