"""Which run a trial is, and whose result it may take for its own."""

import json

import pytest

from mghp.sweep.identity import Identifier, Identity

DATA = [
    "data.generated_poses.num_images=12",
    "data.generated_poses.num_images=13",
    "data.seed=1",
    "data.name=random",
]


def test_trials_of_other_data_are_other_runs_though_one_identifier_tells_them_all(checkout, tmp_path):
    """What it remembers of some data must not be taken for the fingerprint of others of the same name."""
    commands = [["mghp", "match", str(checkout / "experiments" / "matcher" / "steps.yaml"), data] for data in DATA]
    shared = Identifier(tmp_path)
    together = [shared(command) for command in [*commands, *commands]]
    assert together == [Identifier(tmp_path)(command) for command in commands] * 2
    assert len({identity.key for identity in together}) == len({identity.folder for identity in together}) == len(DATA)


@pytest.mark.parametrize(("writes_key", "is_ours"), [(True, False), (False, True)])
def test_a_result_of_another_key_is_nobody_s_where_results_tell_their_key(tmp_path, writes_key, is_ours):
    (tmp_path / "result.json").write_text(json.dumps({"key": "theirs", "metrics": {"loss": 1.0}}))
    found = Identity("ours", tmp_path, writes_key).result()
    assert (found is not None) == is_ours
    theirs = Identity("theirs", tmp_path, writes_key).result()
    assert theirs is not None
    assert theirs["metrics"] == {"loss": 1.0}
