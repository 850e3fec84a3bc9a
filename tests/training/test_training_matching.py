"""Made-up candidates: every batch of a step has its own, and the first of them those of a training without others."""

from types import SimpleNamespace

import pytest
import torch

from mghp.parsing.assembly.training_candidates import made_up
from mghp.parsing.matching_in_training import matching_details
from mghp.training.parsing_module import ParsingModule

STEP = 7


@pytest.fixture
def candidates_of(small_module, batch):
    """The candidates of a share of a step, all made up."""
    module = small_module("training.candidates.true_share_start=1", "training.candidates.true_share_end=1", "seed=3")
    fields, targets = module(batch.image).fields(), module.targets(batch)
    return lambda share: module.matching.candidates(fields, batch, targets, STEP, share)


def test_the_first_share_draws_what_a_training_of_one_batch_a_step_draws(candidates_of, batch, small_module):
    module = small_module()
    generator = torch.Generator().manual_seed((3 + 1) * 1_000_003 + STEP)
    torch.rand(len(batch), generator=generator)  # whose candidates are made up
    size, amounts = module.targets(batch).person_size, module.training_config.candidates
    expected = made_up(
        batch.keypoints, size, (64, 64), amounts.max_per_type, amounts.jitter, amounts.spurious, generator
    )
    assert torch.equal(candidates_of(0).positions_input, expected.positions_input)


def test_each_share_draws_its_own(candidates_of):
    drawn = [candidates_of(share).positions_input for share in range(4)]
    assert not any(torch.equal(one, other) for place, one in enumerate(drawn) for other in drawn[:place])


def test_accumulated_batches_and_processes_are_shares(small_module, monkeypatch):
    module = small_module()

    def shares(accumulated, processes):
        found = []
        for rank in range(processes):
            trainer = SimpleNamespace(accumulate_grad_batches=accumulated, world_size=processes, global_rank=rank)
            monkeypatch.setattr(ParsingModule, "trainer", trainer)
            found += [module._share_of_step(batch) for batch in range(2 * accumulated)]
        return sorted(found)

    assert shares(1, 1) == [0, 0]
    assert shares(2, 1) == [0, 0, 1, 1]
    assert shares(1, 2) == [0, 0, 1, 1]
    assert shares(2, 2) == [0, 0, 1, 1, 2, 2, 3, 3]


def loss_and_problems(module, batch):
    prediction = module(batch.image)
    return module.matching(prediction, batch, module.targets(batch), STEP)


@pytest.mark.parametrize("loss", ["affinity_cross_entropy", "structured_hinge"])
def test_a_loss_of_the_affinity_alone_asks_no_matcher(small_module, batch, loss):
    # a matcher that cannot be trained through
    module = small_module("matcher.name=hungarian", f"losses.matching={loss}")
    found, problems = loss_and_problems(module, batch)
    found.backward()
    assert problems.assignment is None
    assert set(matching_details(problems)) == {"matching/largest_affinity"}
    assert module.assembler.affinity.price.grad.abs() > 0
    assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in module.network.backbone.parameters())


def test_shuffled_truth_changes_the_pairs_and_not_the_candidates(small_module, batch):
    made_up = ("training.candidates.true_share_start=1", "training.candidates.true_share_end=1")
    (loss, true), (other, drawn) = (
        loss_and_problems(small_module(*made_up, f"losses.shuffled_truth={value}"), batch) for value in (False, True)
    )
    assert torch.equal(true.affinity, drawn.affinity)
    assert torch.equal(true.truth.sum((-2, -1)), drawn.truth.sum((-2, -1)))
    assert not torch.equal(true.truth, drawn.truth)
    assert float(loss) != float(other)


def test_a_multiple_of_the_matching_s_weight_weighs_the_matching_alone(small_module):
    module = small_module("losses.weights.matching=0.2", "losses.matching_multiple=3")
    plain = small_module("losses.weights.matching=0.2")
    assert module.weighting.weights == {**plain.weighting.weights, "matching": pytest.approx(0.6)}
