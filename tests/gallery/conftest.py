import json

import pytest

from mghp.config.schema import Config
from mghp.gallery.cases import read_cases
from mghp.studies.speed.made_cases import made_run

HOSTILE = "</script><img src=x onerror=alert(1)>\u2028'\"&#{{7*7}}"


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """A run of made-up cases: number, seed, and what cases.json says otherwise."""

    def make(number, seed=0, variant="", **about):
        runs = str(tmp_path_factory.mktemp("made"))
        return made_run(Config(experiment="made_up", variant=variant, seed=seed, runs=runs), number, **about)

    return make


@pytest.fixture(scope="session")
def changed():
    """Rewrites the cases of a run."""

    def change(run, edit):
        file = read_cases(run).folder / "cases.json"
        content = json.loads(file.read_text())
        edit(content)
        file.write_text(json.dumps(content))
        return run

    return change


@pytest.fixture(scope="session")
def hostile(changed):
    """Rewrites all text of a run's cases to what breaks out of careless pages; returns run and text."""

    def edit(content):
        content["variant"] = content["score"] = HOSTILE
        content["parts"] = {HOSTILE: "#000000", "__proto__": "#ffffff"}
        for case in content["cases"]:
            case["picture"] = f"{HOSTILE}{case['picture']}"
            case["tags"] = [HOSTILE, "__proto__"]
            for limb in case["limbs"]:
                limb["name"] = HOSTILE

    return lambda run: (changed(run, edit), HOSTILE)
