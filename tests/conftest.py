from pathlib import Path

import pytest

REAL_POSES = Path(__file__).parents[2] / "shared" / "data" / "mhp_v2_poses" / "annotations_open.json"


@pytest.fixture(scope="session")
def real_poses_file():
    if not REAL_POSES.is_file():
        pytest.skip(f"the real poses are not here: {REAL_POSES}")
    return REAL_POSES
