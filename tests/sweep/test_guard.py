import json

import pytest

from mghp.sweep.guard import _has_finished


@pytest.mark.parametrize(
    ("content", "finished"),
    [
        (json.dumps({"metrics": {}}), True),
        (json.dumps({"metrics": {}, "stopped": True}), False),
        ("[]", False),
        ('{"metrics": ', False),
        (None, False),
    ],
)
def test_a_trial_that_waited_for_another_begins_unless_that_one_has_finished(tmp_path, content, finished):
    file = tmp_path / "result.json"
    if content is not None:
        file.write_text(content)
    assert _has_finished(file) == finished
