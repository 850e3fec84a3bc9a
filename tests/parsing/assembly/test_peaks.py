import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mghp.parsing.assembly.peaks import find_peaks, top_peaks


def blobs(centres, size=(12, 16), stride=4, sigma=5.0, types=1):
    """A heatmap of Gaussians, each (x, y, height)."""
    y, x = torch.meshgrid(*(stride * (torch.arange(n) + 0.5) for n in size), indexing="ij")
    heat = torch.zeros(1, types, *size)
    for kind, (cx, cy, height) in centres:
        gaussian = height * torch.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * sigma**2))
        heat[0, kind] = torch.maximum(heat[0, kind], gaussian)
    return heat


def found(candidates, kind=0):
    real = candidates.is_candidate[0, kind]
    return candidates.positions_input[0, kind][real].tolist()


@pytest.mark.parametrize("position", [(22.0, 18.0), (23.3, 16.9), (24.0, 20.0), (20.01, 17.2)])
def test_the_parabola_finds_a_gaussian_between_cells(position):
    (x, y), *others = found(find_peaks(blobs([(0, (*position, 0.9))]), None, 4))
    assert not others
    assert (x, y) == pytest.approx(position, abs=0.05)


def test_offsets_say_where_in_its_cell_a_peak_lies():
    heat = blobs([(0, (22.0, 18.0, 0.9))])
    offsets = torch.zeros(1, 1, 2, 12, 16)
    offsets[0, 0, :, 4, 5] = torch.tensor([1.5, -0.75])
    assert found(find_peaks(heat, offsets, 4)) == [[23.5, 17.25]]


def test_strongest_first_and_at_most_as_many_as_asked():
    heat = blobs([(0, (10.0, 10.0, 0.5)), (0, (50.0, 10.0, 0.9)), (0, (10.0, 38.0, 0.7))], sigma=2.0)
    candidates = find_peaks(heat, None, 4, max_peaks=2)
    assert candidates.scores[0, 0].tolist() == sorted(candidates.scores[0, 0].tolist(), reverse=True)
    positions = found(candidates)
    assert [round(x) for x, _ in positions] == [50, 10]
    assert round(positions[1][1]) == 38


def test_types_are_padded_to_the_fullest_one():
    heat = blobs([(0, (10.0, 10.0, 0.5)), (0, (50.0, 10.0, 0.9)), (1, (30.0, 30.0, 0.9))], types=3, sigma=2.0)
    candidates = find_peaks(heat, None, 4)
    assert candidates.is_candidate.sum(-1).tolist() == [[2, 1, 0]]
    assert candidates.positions_input[~candidates.is_candidate].abs().sum() == 0


def test_a_plateau_is_one_peak():
    heat = torch.zeros(1, 1, 6, 6)
    heat[0, 0, 2:4, 2:4] = 0.8
    assert found(find_peaks(heat, None, 4)) == [[12.0, 12.0]]  # its middle


@pytest.mark.parametrize("threshold", [0.1, 0.6])
def test_nothing_below_the_threshold(threshold):
    candidates = find_peaks(torch.full((2, 3, 4, 4), 0.05), None, 4, threshold)
    assert candidates.scores.shape[-1] == 1
    assert not candidates.is_candidate.any()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_peaks_are_the_local_maxima(seed):
    heat = torch.rand(1, 1, 7, 8, generator=torch.Generator().manual_seed(seed))
    expected = {
        (4 * (x + 0.5), 4 * (y + 0.5))
        for y in range(7)
        for x in range(8)
        if heat[0, 0, y, x] >= 0.3
        and heat[0, 0, y, x] == heat[0, 0, max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2].max()
    }
    offsets = torch.zeros(1, 1, 2, 7, 8)
    assert set(map(tuple, found(find_peaks(heat, offsets, 4, 0.3)))) == expected


@pytest.mark.parametrize("with_offsets", [False, True])
def test_a_fixed_number_of_peaks_is_the_same_peaks_and_padding(with_offsets):
    generator = torch.Generator().manual_seed(0)
    heat = torch.rand(2, 3, 8, 9, generator=generator)
    heat[1, 2] = 0
    offsets = torch.rand(2, 3, 2, 8, 9, generator=generator) if with_offsets else None
    found, fixed = find_peaks(heat, offsets, 4, threshold=0.5), top_peaks(heat, offsets, 4, threshold=0.5, num_peaks=40)
    number = found.scores.shape[-1]
    assert 1 < number < 40
    for name, value in vars(fixed).items():
        assert value.shape[:3] == (2, 3, 40)
        assert torch.equal(value[:, :, :number], getattr(found, name))
        assert not value[:, :, number:].any()
    few = top_peaks(heat, offsets, 4, threshold=0.5, num_peaks=2)
    assert torch.equal(few.positions_input, found.positions_input[:, :, :2])
