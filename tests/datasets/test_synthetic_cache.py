import hashlib
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from mghp.config.data import SyntheticConfig
from mghp.datasets.synthetic import SCENES, render
from mghp.datasets.synthetic import cache as synthetic_cache
from mghp.datasets.synthetic.cache import RENDERER, cached_samples, with_cues
from mghp.errors import InputError

CONFIG = SyntheticConfig(scene="default", size=48)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return cached_samples(CONFIG, tmp_path_factory.mktemp("data"), seed=9, number=5)


def test_what_is_cached_is_what_is_rendered(cache):
    assert len(cache) == 5
    for index in range(5):
        ours, rendered = cache[index], render(SCENES["default"], index, seed=9, size=48)
        for name in ("image", "parts", "person_ids", "keypoints"):
            assert np.array_equal(getattr(ours, name), getattr(rendered, name)), name
            assert getattr(ours, name).dtype == getattr(rendered, name).dtype
        assert (ours.name, ours.tags, ours.original_size) == (rendered.name, rendered.tags, rendered.original_size)
        assert ours.cues.tolist() == rendered.cues.tolist()


def test_the_number_of_processes_changes_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(synthetic_cache, "_CHUNK", 2)
    folders = []
    for cores in (1, 2):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, cores=cores: set(range(cores)), raising=False)
        folders.append(cached_samples(CONFIG, tmp_path / str(cores), seed=9, number=9).folder)
    for file in sorted(folders[0].iterdir()):
        assert file.read_bytes() == (folders[1] / file.name).read_bytes(), file.name


def test_rendered_once(cache, monkeypatch):
    monkeypatch.setattr(synthetic_cache, "_write", None)
    again = cached_samples(CONFIG, cache.folder.parents[1], seed=9, number=5)
    assert again.fingerprint == cache.fingerprint


def test_a_set_of_an_earlier_version_gets_its_cues_and_stays_as_it_was(tmp_path):
    samples = cached_samples(CONFIG, tmp_path, seed=9, number=5)
    file, cues = samples.folder / "labels.json", samples.labels.pop("cues")
    file.write_text(json.dumps(samples.labels))
    before = {path.name: path.read_bytes() for path in samples.folder.glob("*.npy")}
    old = cached_samples(CONFIG, tmp_path, seed=9, number=5)
    assert old[0].cues is None
    with_cues(old, CONFIG, 9, lambda done, total: None)
    for known in (old, cached_samples(CONFIG, tmp_path, seed=9, number=5)):
        assert [known[index].cues.tolist() for index in range(5)] == cues
    assert {path.name: path.read_bytes() for path in samples.folder.glob("*.npy")} == before
    assert old.fingerprint == samples.fingerprint


def test_an_interrupted_rendering_leaves_nothing_that_looks_finished(tmp_path, monkeypatch):
    def interrupted(chunk):
        raise KeyboardInterrupt

    monkeypatch.setattr(synthetic_cache, "_render_chunk", interrupted)
    with pytest.raises(KeyboardInterrupt):
        cached_samples(CONFIG, tmp_path, seed=9, number=5)
    monkeypatch.undo()
    assert len(cached_samples(CONFIG, tmp_path, seed=9, number=5)) == 5


@pytest.mark.timeout(120)
def test_a_script_without_a_guard_is_told_and_does_not_hang(tmp_path):
    """Spawned processes run a script anew, which renders anew, and so on without end."""
    script = tmp_path / "script.py"
    script.write_text(
        "import os\n"
        "from mghp.datasets.synthetic import cache as synthetic_cache\n"
        "from mghp.config.data import SyntheticConfig\n"
        "synthetic_cache._CHUNK = 1\n"
        "os.sched_getaffinity = lambda _: {0, 1}\n"
        f"synthetic_cache.cached_samples(SyntheticConfig(size=32), {str(tmp_path)!r}, seed=9, number=4)\n"
    )
    process = subprocess.run([sys.executable, str(script)], capture_output=True, text=True)
    assert process.returncode == 1
    # Python's tracker of shared resources may have the last word.
    (told,) = (line for line in process.stderr.splitlines() if line.startswith("mghp.errors.InputError: "))
    assert "if __name__ == '__main__':" in told
    assert not list(tmp_path.glob("synthetic/.*"))


RENDERS = """
import sys
from mghp.config.data import SyntheticConfig
from mghp.datasets.synthetic.cache import cached_samples

def wait(done, total):
    print("rendered", flush=True)
    input()

cached_samples(SyntheticConfig(scene="default", size=48), sys.argv[1], seed=9, number=5, progress=wait)
"""


def test_what_a_killed_rendering_leaves_is_swept_away_and_what_runs_is_not_disturbed(tmp_path):
    def started():
        command = [sys.executable, "-c", RENDERS, str(tmp_path)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdout.readline() == b"rendered\n"
        return process

    def unfinished():
        return {path.name for path in tmp_path.glob("synthetic/.*")}

    with started() as killed:
        left = unfinished()
        assert len(left) == 1
        killed.kill()
    assert unfinished() == left
    with started() as running:
        being_rendered = unfinished()
        assert len(being_rendered) == 1
        assert being_rendered != left
        cached_samples(CONFIG, tmp_path, seed=8, number=2)  # another set
        assert unfinished() == being_rendered
        running.communicate(b"\n")
    assert running.returncode == 0
    assert unfinished() == set()
    assert len(cached_samples(CONFIG, tmp_path, seed=9, number=5)) == 5


def test_a_root_that_is_a_file_is_told(tmp_path):
    (tmp_path / "root").write_text("")
    with pytest.raises(InputError, match="root"):
        cached_samples(CONFIG, tmp_path / "root", seed=9, number=5)


PICTURES = {
    "simple": "d309627c7e8b4e8f",
    "default": "bf4341935f673650",
    "hard": "deaa9a47a950b6a5",
    "clear": "baf5855a1dfdae60",
    "upright": "bbe4408494416205",
    "upside_down": "d983535c7cfebdd5",
    "dim_human_like": "76db691ce4631b31",
    "small_dim": "98232dd43884e160",
    "crossing": "48e9fe7f3af6987e",
    "twins": "502a56f9c3eddb42",
    "cords": "70b780241b1c9057",
}
"""By scene, of four pictures and their labels, as `RENDERER` makes them."""


@pytest.mark.parametrize("scene", SCENES)
def test_the_renderer_is_named_anew_where_it_makes_other_pictures(scene):
    """Fails where any pixel or label has changed: then RENDERER needs other digits, and these digests too."""
    digest = hashlib.sha256(RENDERER.encode())
    for index in range(4):
        sample = render(SCENES[scene], index, seed=3, size=96)
        for array in (sample.image, sample.parts, sample.person_ids, np.round(sample.keypoints, 2)):
            digest.update(np.ascontiguousarray(array).tobytes())
        digest.update(repr((sample.name, sample.tags)).encode())
    assert digest.hexdigest()[:16] == PICTURES[scene]
