import json

import numpy as np
import pytest
from planted_candidates import KEYPOINTS, LIMBS, candidates, picture

from mghp.errors import InputError
from mghp.problems.predicted_candidates import Doubt
from mghp.problems.problems_file import read_problems, write_problems


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "p.npz"
    write_problems(candidates([picture("a", doubts=[Doubt.NEAR_NOBODY]), picture("b", persons=0), picture("c")]), path)
    return path


@pytest.fixture
def changed(file):
    """Writes the file again with other arrays or another header."""

    def change(header=None, **arrays):
        with np.load(file) as old:
            content = dict(old)
        told = json.loads(content["header"].tobytes()) | (header or {})
        content["header"] = np.frombuffer(json.dumps(told).encode(), np.uint8)
        np.savez(file, **content | arrays)
        return file

    return change


def test_what_is_written_is_read_back(file):
    content = read_problems(file).content
    assert (content.keypoints, content.limbs, content.labelled_pairs) == (KEYPOINTS, LIMBS, 99)
    assert content.about == {"checkpoint": "c", "data": "d"}
    assert [one.name for one in content.pictures] == ["a", "b", "c"]
    for one, other in zip(
        content.pictures, [picture("a", doubts=[Doubt.NEAR_NOBODY]), None, picture("c")], strict=True
    ):
        for name in ("keypoint", "position", "confidence", "person", "doubt", "affinity", "features"):
            assert len(getattr(one, name)) == 0 if other is None else (getattr(one, name) == getattr(other, name)).all()
        assert one.size == (40, 60)


def test_the_fingerprint_is_of_the_content_however_it_is_packed(file, changed):
    before = read_problems(file).fingerprint
    assert read_problems(changed()).fingerprint == before
    assert read_problems(changed(header={"about": {"checkpoint": "other"}})).fingerprint != before


def test_a_file_is_read_once_while_it_stays_as_it_is(file, changed):
    first = read_problems(file)
    assert read_problems(file) is first
    assert read_problems(changed(header={"labelled_pairs": 7})).content.labelled_pairs == 7


@pytest.mark.parametrize(
    ("header", "arrays", "words"),
    [
        ({"format": "other"}, {}, "arrays, but not of mghp data problems"),
        ({"version": 2}, {}, "version 2; expected 1: make it anew"),
        ({"limbs": [[0, 3]]}, {}, "limbs: expected pairs of keypoints 0 to 2"),
        ({"keypoints": 3}, {}, "keypoints: expected a list of names"),
        ({"pictures": ["a"]}, {}, "1 names of 3 pictures"),
        ({"about": None}, {}, "expected a mapping about"),
        ({}, {"person": np.zeros(13)}, "person: expected whole numbers from -1 up"),
        ({}, {"doubt": np.full(13, 9)}, "doubt: expected whole numbers from 0 to 3"),
        ({}, {"person": np.zeros(13, int)}, "picture 'a': a person has two candidates of one type"),
        ({}, {"keypoint": np.arange(13)[::-1] // 5}, r"affinity: 18 pairs; the candidates make \d+"),
        ({}, {"candidates": np.array([7, 0, 7])}, "candidates: expected numbers that sum to the 13 there are"),
        ({}, {"affinity": np.full(18, np.nan)}, "affinity: expected finite numbers"),
        ({}, {"position": np.zeros((13, 3))}, r"position: expected numbers \(13, 2\), got float64 \(13, 3\)"),
    ],
)
def test_a_faulty_file_is_told_in_a_line(changed, header, arrays, words):
    with pytest.raises(InputError, match=rf"p\.npz: {words}") as told:
        read_problems(changed(header, **arrays))
    assert "\n" not in str(told.value)


def test_what_is_no_such_file_is_told_in_a_line(tmp_path):
    path = tmp_path / "p.npz"
    with pytest.raises(InputError, match=r"^matching problems .*p\.npz: no such file"):
        read_problems(path)
    path.write_bytes(b"\x89PNG")
    with pytest.raises(InputError, match=r"p\.npz: unreadable"):
        read_problems(path)
    np.savez(path, affinity=np.zeros(3))
    with pytest.raises(InputError, match=r"p\.npz: arrays, but not of mghp data problems"):
        read_problems(path)
    np.savez(path, header=np.frombuffer(b'{"format": "mghp matching problems", "version": 1}', np.uint8))
    with pytest.raises(InputError, match=r"p\.npz: no array 'size'; expected a file of mghp data problems"):
        read_problems(path)
