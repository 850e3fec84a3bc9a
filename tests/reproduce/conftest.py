import json

import pytest

from mghp.config.identity import config_key
from mghp.config.schema import Config
from mghp.reproduce.kinds import Kind
from mghp.reproduce.trials import Trial
from mghp.runs.folder import run_path

ABOUT = {"metrics": {}, "experiment": "some", "variant": "", "commit": "c"}


@pytest.fixture
def finish():
    """Makes a folder a finished run of a key."""

    def finish(folder, key, **others):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "result.json").write_text(json.dumps({"key": key, **ABOUT, **others}))
        return folder

    return finish


@pytest.fixture
def trial(tmp_path, finish):
    """Makes a trial whose run is a folder of its name; it notes that it ran."""

    def planted(name, ran, seconds=60.0, make=None, fingerprint="data", **result):
        def run(config, progress):
            ran.append(name)
            progress(1, 4, "half-way")
            return finish(run_path(config, "data"), config_key(config, "data"), **result)

        config = Config(experiment=name, runs=str(tmp_path))
        kind = Kind("planted", lambda config: fingerprint, make or run)
        return Trial(config, kind, seconds, adopts_committed=True)

    return planted
