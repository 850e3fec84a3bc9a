import subprocess
import sys

import pytest

from mghp.config.data import DataConfig
from mghp.config.dataset_names import DATASETS, dataset_label
from mghp.config.load import load_config
from mghp.errors import InputError

LISTED = """
import sys
from mghp.config.dataset_names import DATASETS
print(*(f"{entry.name}: {entry.label}" for entry in DATASETS.entries), sep="\\n")
print(*(name for name in ("torch", "numpy", "PIL", "mghp.datasets", "mghp.problems") if name in sys.modules))
"""


def test_listing_the_datasets_imports_none_of_them():
    process = subprocess.run([sys.executable, "-c", LISTED], capture_output=True, text=True, check=True)
    *listed, imported = process.stdout.split("\n")[:-1]
    assert "mhp_v2: LV-MHP v2" in listed
    assert imported == ""


@pytest.mark.parametrize("name", DATASETS.names)
def test_every_entry_names_something_that_can_be_loaded(name):
    loaded = DATASETS[name].load()
    assert hasattr(loaded, "anatomy_of") == (DATASETS[name].kind == "pictures")
    assert hasattr(loaded, "submission") == DATASETS[name].has_submission


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (
            "data.name=mhp_v3",
            r"^data\.name: no dataset 'mhp_v3'; did you mean 'mhp_v2'\? there are .*",
        ),
        ("data.name=zzz", r"^data\.name: no dataset 'zzz'; there are generated_poses, .*, folder$"),
        ("data.name=mhp_poses", r"^data\.annotations: mhp_poses needs a COCO-keypoint JSON file, got null$"),
        ("inference.submission=cihb", r"^inference\.submission: no form 'cihb'; did you mean 'cihp'\?$"),
        ("inference.submission=random", r"^inference\.submission: no form 'random'; valid are none, mhp_v2, cihp$"),
    ],
)
def test_a_wrong_name_is_one_line(setting, message, tmp_path):
    file = tmp_path / "any.yaml"
    file.touch()
    with pytest.raises(InputError, match=message):
        load_config(file, [setting])


def test_a_label_outlives_its_package():
    assert dataset_label("cihp") == "CIHP"
    assert dataset_label("no longer installed") == "no longer installed"


def test_pictures_are_not_read_as_poses():
    from mghp.problems.load import load_poses

    config = DataConfig(name="pascal_person_part", annotations="poses.json")
    with pytest.raises(InputError, match=r"are pictures, not poses; expected one of generated_poses, "):
        load_poses(config)
