import pytest
import torch


@pytest.fixture(autouse=True)
def one_thread():
    """The problems are tiny: threads would only wait for each other. A test that is about threads sets its own."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
