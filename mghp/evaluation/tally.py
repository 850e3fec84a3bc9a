"""The scores of a set's predictions: of all pictures, of each, and of groups of pictures and persons."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pandas as pd
from torchmetrics import MetricCollection

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.config.metric_names import METRICS
from mghp.config.metrics import MetricsConfig
from mghp.datasets.sample import Sample
from mghp.metrics.baselines import baseline_persons
from mghp.metrics.breakdown import Breakdown
from mghp.metrics.owners import owner_counts
from mghp.metrics.parsing import parsing_metrics, scores_of_picture
from mghp.metrics.pose_groups import PoseGroups
from mghp.metrics.subsets import CROWDS, pose_group
from mghp.parsing.batch import collate
from mghp.runs.csv_cells import write_frame
from mghp.runs.folder import RunFolder
from mghp.training.parsing_module import true_persons

_OF_BASELINES = MetricsConfig(scores=["owner_accuracy", "mask_ap_50"])
"""The scores that a baseline of owners is told by."""


WITHOUT_CUE = "persons_without_cue"
"""The column that tells how many persons of a picture have sides that it does not show."""


class Tally:
    """The scores of predictions, which are added picture by picture, at the pictures' own size.

    Args:
        anatomy: parts and skeleton of the dataset.
        config: whose definitions.
        baselines: ways of giving pixels to persons without learning, whose scores are groups of their own.
    """

    def __init__(self, anatomy: Anatomy, config: MetricsConfig, baselines: Sequence[str] = ()) -> None:
        self.anatomy = anatomy
        self._baselines = {name: PoseGroups(anatomy, _OF_BASELINES) for name in baselines}
        self._scores = parsing_metrics(anatomy, config)
        self._breakdown = Breakdown(anatomy, config)
        self._rows: list[dict[str, Any]] = []

    def add(
        self, sample: Sample, predicted: PredictedPersons, seconds: Mapping[str, float] = MappingProxyType({})
    ) -> None:
        """Add one picture, with what `parsing_seconds` tells of it where that was measured."""
        true = true_persons(collate([sample], self.anatomy.num_keypoints))[0]
        self._scores.update(predicted, true)
        self._breakdown.update(predicted, true)
        for name, groups in self._baselines.items():
            groups.update(baseline_persons(name, true, self.anatomy), true)
        about: dict[str, Any] = {"name": sample.name, "tags": " ".join(sample.tags)}
        if sample.cues is not None:
            about[WITHOUT_CUE] = int((~sample.cues).sum())
        scores = scores_of_picture(predicted, true, self.anatomy)
        self._rows.append(about | scores | _owners(predicted, true) | dict(seconds))

    @property
    def pictures(self) -> pd.DataFrame:
        """A row per picture."""
        return pd.DataFrame(self._rows)

    def metrics(self) -> dict[str, float]:
        """Return `val/<score>` and `tag/<tag>/<score>`."""
        return named_scores("val", self._scores) | _by_tag(self.pictures)

    def write(self, folder: RunFolder) -> None:
        """Write media/breakdown.csv, a row per group, and media/per_picture.csv."""
        of_groups = self._breakdown.compute()
        for name, of_poses in self._baselines.items():
            of_groups |= {f"baseline/{name}/{group}": scores for group, scores in of_poses.compute().items()}
        groups = pd.DataFrame.from_dict(of_groups, orient="index").rename_axis("group")
        write_frame(groups.reset_index(), folder.media / "breakdown.csv")
        write_frame(self.pictures, folder.media / "per_picture.csv")


def _owners(predicted: PredictedPersons, true: TruePersons) -> dict[str, int]:
    """Return the counts of pixels that owner accuracy is pooled from over crowds, and 1 as `crowd` where it is one."""
    return {"crowd": int(pose_group(true) == CROWDS), **owner_counts(predicted, true)._asdict()}


def named_scores(prefix: str, collection: MetricCollection) -> dict[str, float]:
    """Return scores as `prefix/<score>`."""
    return {f"{prefix}/{name}": float(value) for name, value in collection.compute().items()}


def _by_tag(pictures: pd.DataFrame) -> dict[str, float]:
    """Return the mean of each score that every picture has over those with a tag, and over those without any.

    Pictures whose persons' cues are known have one tag more: `cue` where everybody has one, else `no_cue`.
    """
    tags = pictures["tags"].replace("", "untagged").str.split()
    if WITHOUT_CUE in pictures:
        known = pictures[WITHOUT_CUE].map(lambda persons: ["no_cue" if persons else "cue"])
        tags = tags + known
    groups = pictures.assign(tag=tags).explode("tag").groupby("tag")
    names = METRICS.where(lambda entry: entry.scope == "picture")
    return {f"tag/{tag}/{name}": float(mean) for name in names for tag, mean in groups[name].mean().items()} | {
        f"tag/{tag}/pictures": int(number) for tag, number in groups.size().items()
    }
