import importlib.util

import pytest


@pytest.fixture(scope="session")
def script(checkout):
    """Loads a script of the folder analysis, which is no package."""

    def load(name):
        spec = importlib.util.spec_from_file_location(name, checkout / "analysis" / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture(scope="session")
def decoder(script):
    """The script that makes persons of an exported program's outputs."""
    pytest.importorskip("onnxruntime")
    return script("decode_exported")
