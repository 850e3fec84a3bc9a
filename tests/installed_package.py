"""An installed mghp in an environment of its own, without network: what else is installed there are links."""

import os
import shutil
import subprocess
import sys
import venv
from importlib.metadata import distribution

from packaging.requirements import Requirement

OFFLINE = ("--no-index", "--disable-pip-version-check")


def with_requirements(names):
    """The distributions of these names and, down to the last, those that they require."""
    found, missing = {}, list(names)
    while missing:
        name = missing.pop()
        if name not in found:
            found[name] = distribution(name)
            needed = map(Requirement, found[name].requires or [])
            missing += [need.name for need in needed if not need.marker or need.marker.evaluate({"extra": ""})]
    return found


def linked_python(folder, distributions):
    """A Python in a folder that has these distributions, and nothing else."""
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    places = {found.locate_file(file.parts[0]) for found in distributions for file in found.files}
    for place in places:
        if place.name not in ("..", "__pycache__"):  # "..": programs and manual pages
            (site_packages(python) / place.name).symlink_to(place)
    return python


def site_packages(python):
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return python.parents[1] / "lib" / version / "site-packages"


def copied_source(checkout, folder):
    """What a wheel is built from; building leaves files beside it."""
    for name in ("mghp", "experiments", "sweeps"):
        shutil.copytree(checkout / name, folder / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(checkout / file, folder)
    return folder


def pip(*arguments):
    run(sys.executable, "-m", "pip", *arguments, *OFFLINE)


def run(*command, cwd=None, **environment):
    """What a program says that knows nothing of the checkout."""
    apart = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    process = subprocess.run(
        [*map(str, command)], cwd=cwd, env={**apart, **environment}, capture_output=True, text=True
    )
    assert process.returncode == 0, process.stderr
    return process.stdout


def installed_wheel(checkout, folder):
    """A Python with the wheel of the checkout, built and installed in a folder, and what mghp requires."""
    required = with_requirements(["mghp"])
    del required["mghp"]
    python = linked_python(folder / "environment", required.values())
    (folder / "source").mkdir()
    source = copied_source(checkout, folder / "source")
    pip("wheel", "--no-deps", "--no-build-isolation", "-w", folder, source)
    (wheel,) = folder.glob("mghp-*.whl")
    pip("--python", python, "install", "--no-deps", "--no-compile", wheel)
    take_compiled_loops(checkout / "mghp", site_packages(python) / "mghp")
    return python


def take_compiled_loops(source, installed):
    """Copies what Numba has compiled in a checkout, which it takes for that of any file of the same content."""
    for file in source.rglob("*.nb[ic]"):
        copy = installed / file.relative_to(source)
        copy.parent.mkdir(exist_ok=True)
        shutil.copy(file, copy)
