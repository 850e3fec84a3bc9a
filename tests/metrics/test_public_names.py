import subprocess
import sys

import mghp.metrics


def test_the_public_names_are_there_and_cost_nothing_until_they_are_used():
    text = "import sys, mghp.metrics; print(sorted({'torch', 'numpy', 'scipy', 'mghp.config'} & set(sys.modules)))"
    process = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert process.stdout.strip() == "[]"
    assert set(mghp.metrics.__all__) == set(mghp.metrics._MODULES)
    for name in mghp.metrics.__all__:
        assert getattr(mghp.metrics, name) is not None, name


def test_no_public_name_is_that_of_a_file():
    """A file that is imported becomes an attribute of its package, in the place of the name."""
    files = {module.rpartition(".")[2] for module in mghp.metrics._MODULES.values()}
    assert not files & set(mghp.metrics.__all__)
