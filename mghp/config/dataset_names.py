"""Which data there are, by the names that `data.name` takes. Without torch.

The names stand with the config, below the datasets themselves, because a misspelt one is told before anything else is
imported. A path is text: `load` imports what it names.
"""

from dataclasses import dataclass
from typing import Literal

from mghp.errors import InputError
from mghp.registry import Entry, Registry

DataKind = Literal["pictures", "poses", "problems"]


@dataclass(frozen=True)
class DatasetEntry(Entry):
    """Data by name.

    Attributes:
        kind: what `path` names. "pictures": a `mghp.datasets.dataset.PictureDataset`, to train a parser on. "poses": a
            function from the `data` section to a `PoseSet`, to match and to train limb scores on. "problems": a
            function from the `data` section to its `ProblemSet`, to match alone.
        annotations: whether `data.annotations` names a file of poses: "needed", "taken", or "" for neither.
        has_submission: whether `inference.submission` may ask for this dataset's form.
        available_at: where one applies for a dataset that lies in `data.root`; "" for one's own and for made-up data.
    """

    kind: DataKind = "pictures"
    annotations: Literal["", "taken", "needed"] = ""
    has_submission: bool = False
    available_at: str = ""


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
