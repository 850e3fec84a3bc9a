"""The scores of a set's predictions: of all pictures, of each, and of groups of pictures and persons."""

from typing import Any

import pandas as pd
from torchmetrics import MetricCollection

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.persons import PredictedPersons
from mghp.config.metric_names import METRICS
from mghp.config.metrics import MetricsConfig
from mghp.datasets.sample import Sample
from mghp.metrics.breakdown import Breakdown
from mghp.metrics.parsing import parsing_metrics, scores_of_picture
from mghp.parsing.batch import collate
from mghp.runs.csv_cells import write_frame
from mghp.runs.folder import RunFolder
from mghp.training.parsing_module import true_persons


class Tally:
    """The scores of predictions, which are added picture by picture, at the pictures' own size.

    Args:
        anatomy: parts and skeleton of the dataset.
        config: whose definitions.
    """

    def __init__(self, anatomy: Anatomy, config: MetricsConfig) -> None:
        self.anatomy = anatomy
        self._scores = parsing_metrics(anatomy, config)
        self._breakdown = Breakdown(anatomy, config)
        self._rows: list[dict[str, Any]] = []

    def add(self, sample: Sample, predicted: PredictedPersons) -> None:
        """Add one picture."""
        true = true_persons(collate([sample], self.anatomy.num_keypoints))[0]
        self._scores.update(predicted, true)
        self._breakdown.update(predicted, true)
        tags = {"name": sample.name, "tags": " ".join(sample.tags)}
        self._rows.append(tags | scores_of_picture(predicted, true, self.anatomy))

    @property
    def pictures(self) -> pd.DataFrame:
        """A row per picture."""
        return pd.DataFrame(self._rows)

    def metrics(self) -> dict[str, float]:
        """Return `val/<score>` and `tag/<tag>/<score>`."""
        return named_scores("val", self._scores) | _by_tag(self.pictures)

    def write(self, folder: RunFolder) -> None:
        """Write media/breakdown.csv, a row per group, and media/per_picture.csv."""
        groups = pd.DataFrame.from_dict(self._breakdown.compute(), orient="index").rename_axis("group")
        write_frame(groups.reset_index(), folder.media / "breakdown.csv")
        write_frame(self.pictures, folder.media / "per_picture.csv")


def named_scores(prefix: str, collection: MetricCollection) -> dict[str, float]:
    """Return scores as `prefix/<score>`."""
    return {f"{prefix}/{name}": float(value) for name, value in collection.compute().items()}


def _by_tag(pictures: pd.DataFrame) -> dict[str, float]:
    """Return the mean of each score that every picture has over those with a tag, and over those without any."""
    tags = pictures["tags"].replace("", "untagged").str.split()
    groups = pictures.assign(tag=tags).explode("tag").groupby("tag")
    names = METRICS.where(lambda entry: entry.scope == "picture")
    return {f"tag/{tag}/{name}": float(mean) for name in names for tag, mean in groups[name].mean().items()} | {
        f"tag/{tag}/pictures": int(number) for tag, number in groups.size().items()
    }
