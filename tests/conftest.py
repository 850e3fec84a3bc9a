import os
import socket
import subprocess
import sys
from pathlib import Path

if "PYTEST_XDIST_WORKER" in os.environ:  # several processes share the cores: set before torch is imported
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from filelock import FileLock
from hypothesis import settings
from installed_package import installed_wheel, run

# The same examples in every run: who sees a test fail is to see it fail again. Others: see CONTRIBUTING.md.
settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")

CHECKOUT = Path(__file__).parents[1]
REAL_POSES = CHECKOUT.parent / "shared" / "data" / "mhp_v2_poses" / "annotations_open.json"

ONE_THREAD = {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}

LONG_FILES = (
    "reproduce/test_reproduce.py", "sweep/test_survival.py", "sweep/test_wandb_agent.py", "sweep/test_sweep.py",
    "analysis/test_committed_runs.py", "analysis/test_notebooks.py", "inference/test_export.py",
    "studies/speed/test_bench_faults.py", "studies/speed/test_bench_sweep.py", "evaluation/test_train.py",
    "evaluation/test_train_processes.py", "matching/test_planted_solver.py",
)  # fmt: skip
"""Files with fixtures or tests of a quarter of a minute and more, the longest first."""

PHOTOGRAPHS = CHECKOUT.parent / "shared" / "data" / "coco_persons" / "images"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Begin with the long files, so that no process is left with one of them while the other has nothing to do."""
    places = {CHECKOUT / "tests" / name: place for place, name in enumerate(LONG_FILES)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


@pytest.fixture(scope="session", autouse=True)
def no_settings_from_outside():
    """What the environment may say about runs and W&B is for users, not for tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("WANDB_", "MGHP_"))]:
            patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def real_poses_file():
    if not REAL_POSES.is_file():
        pytest.skip(f"the real poses are not here: {REAL_POSES}")
    return REAL_POSES


@pytest.fixture(scope="session")
def photographs():
    if not PHOTOGRAPHS.is_dir():
        pytest.skip(f"the photographs are not here: {PHOTOGRAPHS}")
    return PHOTOGRAPHS


@pytest.fixture(scope="session")
def checkout():
    return CHECKOUT


@pytest.fixture(scope="session")
def chromium():
    """One browser for all pages."""
    from mghp.errors import InputError
    from mghp.studies.speed.browser import find_browser, open_browser

    try:
        find_browser()
    except InputError as error:
        pytest.skip(str(error))
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def snippet_of(checkout):
    """Returns the first code in a language that a section of CONTRIBUTING.md shows."""

    def snippet(section, language="python"):
        text = (checkout / "CONTRIBUTING.md").read_text().partition(f"## {section}\n")[2].partition("\n## ")[0]
        return text.partition(f"```{language}\n")[2].partition("```")[0]

    return snippet


@pytest.fixture
def left_as_it_was(monkeypatch):
    """Makes what is added to a registry, or found in it by entry points, last no longer than the test."""
    registries = []

    def remember(registry):
        monkeypatch.setattr(registry, "_added", dict(registry._added))
        vars(registry).pop("_points", None)
        registries.append(registry)

    yield remember
    for registry in registries:
        vars(registry).pop("_points", None)


@pytest.fixture
def install(tmp_path, monkeypatch, left_as_it_was):
    """Puts a module of another package and its entry point on the path, as pip would leave them; returns the folder."""
    modules = []

    def put(registry, name, module, text):
        left_as_it_was(registry)
        (tmp_path / f"{module}.py").write_text(text)
        info = tmp_path / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[{registry.group}]\n{name} = {module}\n")
        monkeypatch.syspath_prepend(tmp_path)
        modules.append(module)
        return tmp_path

    yield put
    for module in modules:
        sys.modules.pop(module, None)


@pytest.fixture
def free_port():
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def mghp():
    """Runs a command in a Python of its own, one thread, in a folder."""

    def run(*arguments, folder, **environment):
        return subprocess.run(
            [sys.executable, "-c", "from mghp.cli.main import main; main()", *map(str, arguments)],
            cwd=folder,
            env={**os.environ, **ONE_THREAD, **environment},
            capture_output=True,
            text=True,
        )

    return run


@pytest.fixture(scope="session")
def smoke_results(tmp_path_factory, checkout):
    """The folder in which `mghp reproduce --profile smoke` of an installed wheel ran: results/ and runs/. Read only.

    Whichever of the testing processes needs it first makes it for all of them. It was empty: experiments and sweeps
    are those that come with the wheel.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "smoke"
    with FileLock(f"{folder}.lock"):
        if not (folder / "stdout.txt").exists():
            python = installed_wheel(checkout, tmp_path_factory.mktemp("wheel"))
            folder.mkdir()
            told = run(python.with_name("mghp"), "reproduce", "--profile", "smoke", cwd=folder, **ONE_THREAD)
            (folder / "stdout.txt").write_text(told)
    return folder


TINY = (
    "data.generated_poses.num_images=12", "data.validation_share=0.3", "match.trace_problems=4",
    "match.coupling_problems=2", "match.timing_repeats=1", "wandb.mode=disabled", "matcher.pgd_dykstra.num_steps=12",
)  # fmt: skip
"""A run of a second: a dozen images and a dozen steps."""


@pytest.fixture(scope="session")
def tiny_config(checkout):
    """The config of a solver's run on a dozen images, below a folder."""
    from mghp.config.load import load_config

    def load(variant, runs, *overrides, experiment="solvers"):
        file = checkout / "experiments" / "matcher" / f"{experiment}.yaml"
        return load_config(file, [f"variant={variant}", f"runs={runs}", *TINY, *overrides])

    return load


SMALL = (
    "data.name=synthetic", "data.synthetic.size=64", "data.synthetic.num_train=24", "data.synthetic.num_validation=5",
    "data.loader.workers=0", "data.loader.batch_size=4", "network.width=16",
    "network.backbone.kwargs.channels=[8,12,16,24]", "network.backbone.kwargs.blocks=[0,1,0,1]",
    "losses.weights.matching=0.5", "training.candidates.true_share_start=0.5", "training.candidates.true_share_end=0.5",
    "training.optimizer.warmup_steps=2", "training.pictures=0", "trainer.max_steps=10", "trainer.log_every_n_steps=1",
    "wandb.mode=disabled", "training.matching_every=1", "assembly.average_mirror=false",
)  # fmt: skip
"""A training of seconds: a network of a few thousand weights, a few small pictures."""


@pytest.fixture(scope="session")
def small_settings():
    """The settings of `small_config`, for command lines."""
    return SMALL


@pytest.fixture(scope="session")
def small_config(checkout, tmp_path_factory):
    """The config of a parsing experiment, small; rendered pictures are shared."""
    from mghp.config.load import load_config

    root = tmp_path_factory.mktemp("datasets")

    def load(*overrides, experiment="synthetic_10min"):
        file = checkout / "experiments" / "parsing" / f"{experiment}.yaml"
        return load_config(file, [f"data.root={root}", *SMALL, *overrides])

    return load


@pytest.fixture(scope="session")
def tiny_problem_set(tiny_config):
    from mghp.problems.load import load_problems

    return load_problems(tiny_config("identity", "runs").data)


@pytest.fixture(scope="session")
def tiny_runs(tiny_config, tiny_problem_set, tmp_path_factory, checkout):
    """A finished run of every variant of solvers.yaml. Read only."""
    import torch

    from mghp.config.load import variant_names
    from mghp.runs.read import Run
    from mghp.studies.solvers.run import run_match

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("tiny_runs")
    variants = variant_names(checkout / "experiments" / "matcher" / "solvers.yaml")
    return {name: Run(run_match(tiny_config(name, folder), tiny_problem_set)) for name in variants}
