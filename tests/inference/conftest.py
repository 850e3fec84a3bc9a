import importlib.util

import pytest


@pytest.fixture(scope="session")
def decoder(checkout):
    """The script that makes persons of an exported program's outputs."""
    pytest.importorskip("onnxruntime")
    spec = importlib.util.spec_from_file_location("decode_exported", checkout / "analysis" / "decode_exported.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
