"""Which data there are, by the names that `data.name` takes. Without torch.

The names stand with the config, below the datasets themselves, because a misspelt one is told before anything else is
imported. A path is text: `load` imports what it names.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal

from mghp.errors import InputError
from mghp.registry import Entry, Registry

DataKind = Literal["pictures", "poses", "problems"]


@dataclass(frozen=True)
class DatasetEntry(Entry):
    """Data by name.

    Attributes:
        kind: what `path` names. "pictures": a `mghp.datasets.dataset.PictureDataset`, to train a parser on. "poses": a
            function from the `data` section to a `PoseSet`, to match and to train limb scores on. "problems": a
            function from the `data` section to its `ProblemSet`, to match, and to train limb scores on if `featured`.
        annotations: whether `data.annotations` names a file: "needed", "taken", or "" for neither.
        featured: of kind "problems", the path of a function from the `data` section to the `ProblemSet` with features
            that limb scores are learned from; "" without.
        has_submission: whether `inference.submission` may ask for this dataset's form.
        available_at: where one applies for a dataset that lies in `data.root`; "" for one's own and for made-up data.
    """

    kind: DataKind = "pictures"
    annotations: Literal["", "taken", "needed"] = ""
    has_submission: bool = False
    available_at: str = ""
    featured: str = ""

    @property
    def teaches_scores(self) -> bool:
        """True if limb scores can be learned from it: `mghp train` then trains no parser."""
        return self.kind == "poses" or bool(self.featured)

    def load_featured(self) -> Any:  # noqa: ANN401 (as `load`)
        """Import and return the function that `featured` names."""
        return replace(self, path=self.featured).load()


DATASETS: Registry[DatasetEntry] = Registry("dataset", "mghp.datasets")

for _entry in (
    DatasetEntry(
        "generated_poses", "mghp.problems.generated_poses:load_generated_poses", "generated poses", kind="poses"
    ),
    DatasetEntry(
        "mhp_poses", "mghp.problems.coco_keypoints:load_coco_poses", "real poses", kind="poses", annotations="needed"
    ),
    DatasetEntry(
        "random", "mghp.problems.random_problems:load_random_problems", "random matrices", kind="problems"
    ),
    DatasetEntry(
        "predicted_problems", "mghp.problems.predicted_problems:load_predicted_problems", "predicted candidates",
        kind="problems", annotations="taken", featured="mghp.problems.predicted_problems:load_to_learn_from",
    ),
    DatasetEntry("synthetic", "mghp.datasets.synthetic.dataset:RenderedPersons", "rendered persons"),
    DatasetEntry(
        "mhp_v2", "mghp.datasets.mhp_v2:MHPv2", "LV-MHP v2", has_submission=True,
        available_at="https://lv-mhp.github.io",
    ),
    DatasetEntry(
        "densepose_coco", "mghp.datasets.densepose_coco:DensePoseCOCO", "DensePose-COCO",
        available_at="http://densepose.org and https://cocodataset.org",
    ),
    DatasetEntry(
        "pascal_person_part", "mghp.datasets.pascal_person_part:PascalPersonPart", "PASCAL-Person-Part",
        annotations="taken", available_at="https://roozbehm.info/pascal-parts/pascal-parts.html",
    ),
    DatasetEntry(
        "cihp", "mghp.datasets.cihp:CIHPSamples", "CIHP", has_submission=True, available_at="http://sysu-hcp.net/lip",
    ),
    DatasetEntry("folder", "mghp.datasets.folder:FolderSamples", "own pictures", annotations="taken"),
):  # fmt: skip
    DATASETS.add(_entry)


def dataset_label(name: str) -> str:
    """Return a dataset's words for tables and pages; its name where its package is not installed any more."""
    try:
        return DATASETS[name].label
    except InputError:
        return name
