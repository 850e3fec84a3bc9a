from dataclasses import replace

import pytest
import torch

from mghp.config.assembly import AssemblyConfig
from mghp.datasets.pictures import load_tuning, load_validation
from mghp.evaluation.examination import tune
from mghp.evaluation.tuning import tuned_center_threshold, tuned_least_affinity, widened
from mghp.evaluation.widening import FARTHEST
from mghp.metrics.owners import OwnerScores
from mghp.parsing.batch import collate
from mghp.parsing.true_fields import true_fields
from mghp.training.build import build_module
from mghp.training.parsing_module import true_persons

STRIDES = {"parts": 2, "keypoints": 4, "limbs": 4, "field": 2}


def nothing(*_):
    """No progress to show."""


def test_the_best_of_the_thresholds_is_taken_and_the_settings_stay(small_config, monkeypatch):
    """On true fields a low price joins what is no limb, and a high one joins nothing."""
    config = small_config("data.synthetic.size=128", "data.synthetic.num_validation=8")
    module = build_module(config).eval()
    samples = load_tuning(config.data, nothing)
    batch = collate([samples[index] for index in range(len(samples))], 17)
    fields = true_fields(batch, module.assembler.anatomy, STRIDES)
    monkeypatch.setattr(type(module), "fields", lambda self, image: fields)
    with torch.no_grad():
        module.assembler.affinity.price.fill_(-3.0)  # whatever is a candidate finds a partner
    before = module.assembler.config
    assert tuned_least_affinity(module, samples, (-50.0, 14.0, 1000.0)) == 14.0
    assert module.assembler.config is before
    assert isinstance(before, AssemblyConfig)


def test_tuning_pictures_are_not_those_of_the_scores(small_config):
    data = small_config().data
    tuning, validation = load_tuning(data, nothing), load_validation(data, nothing)
    pictures = [{samples[index].image.tobytes() for index in range(len(samples))} for samples in (tuning, validation)]
    assert len(pictures[0]) == len(validation)
    assert not pictures[0] & pictures[1]


@pytest.fixture
def true_centers(monkeypatch):
    """Returns a module that finds true fields, and the pictures that they are of.

    False centres of a confidence lie everywhere, and pixels point half the way: up to there persons are split.
    """

    def made(config, false):
        module = build_module(config).eval()
        samples = load_tuning(config.data, nothing)
        batch = collate([samples[index] for index in range(len(samples))], 17)
        fields = true_fields(batch, module.assembler.anatomy, STRIDES, "center")
        fields.projection *= 0.5
        fields.centers[:, :, ::2, ::2].clamp_(min=false)
        monkeypatch.setattr(type(module), "fields", lambda self, image: fields)
        return module, samples

    return made


def test_the_centres_threshold_that_parses_best_is_taken(small_config, true_centers):
    config = small_config("assembly.grouping=center", "data.synthetic.num_validation=4")
    module, samples = true_centers(config, false=0.5)
    before = module.assembler.config
    assert tuned_center_threshold(module, samples, (0.1, 0.7, 0.999)) == 0.7
    assert module.assembler.config is before


@pytest.fixture
def planted(monkeypatch):
    """Plants what the assembly reaches: the more, the nearer each of its thresholds lies to the best that are given."""

    def plant(**best):
        def scores(module, samples, settings, score):
            assert all(setting.keys() == best.keys() for setting in settings)
            return [1 / (1 + sum(abs(setting[key] - best[key]) for key in best)) for setting in settings]

        monkeypatch.setattr("mghp.evaluation.tuning._scores", scores)

    return plant


@pytest.mark.parametrize(
    ("grouping", "confidence"),
    [("field", "peak_threshold"), ("nearest", "peak_threshold"), ("center", "center_threshold")],
)
def test_each_way_of_grouping_has_two_thresholds_over_grids_that_widen(small_config, planted, grouping, confidence):
    """Both best ones lie outside the first grid, and one of them outside the fixed one."""
    config = small_config(f"assembly.grouping={grouping}", "evaluation.tuning=widened")
    module = build_module(config).eval()
    planted(min_affinity=5.2, **{confidence: 0.64})
    assert tune(module, config, nothing) == {
        "assembly/min_affinity": 5.0,
        "tuning/min_affinity/at_limit": 0,
        f"assembly/{confidence}": pytest.approx(0.64),
        f"tuning/{confidence}/at_limit": 0,
    }
    assembly = module.assembler.config
    assert (assembly.min_affinity, getattr(assembly, confidence)) == (5.0, pytest.approx(0.64))


@pytest.mark.parametrize("tuning", ["fixed", "widened"])
def test_the_price_of_staying_unmatched_has_a_grid_that_widens_either_way(small_config, planted, tuning):
    settings = ("assembly.unmatched_price=null", "assembly.min_affinity=0", f"evaluation.tuning={tuning}")
    config = small_config(*settings)
    module = build_module(config).eval()
    confidence = {"peak_threshold": 0.1} if tuning == "widened" else {}
    planted(unmatched_price=-3.4, **confidence)
    metrics = tune(module, config, nothing)
    assert (metrics["assembly/unmatched_price"], metrics["tuning/unmatched_price/at_limit"]) == (-3.5, 0)
    assert module.assembler.config.unmatched_price == -3.5


def test_a_price_mends_affinities_at_another_offset(small_config, monkeypatch):
    """Where most true limbs have an affinity below 0, staying unmatched must cost something."""
    settings = ("assembly.unmatched_price=null", "assembly.min_affinity=0", "evaluation.tuned_for=owner_accuracy")
    config = small_config(*settings, "data.synthetic.size=128", "data.synthetic.num_validation=8")
    module = build_module(config).eval()
    samples = load_tuning(config.data, nothing)
    batch = collate([samples[index] for index in range(len(samples))], 17)
    fields = true_fields(batch, module.assembler.anatomy, STRIDES)
    monkeypatch.setattr(type(module), "fields", lambda self, image: fields)
    assembler = module.assembler

    def owners():
        scores = OwnerScores()
        for found, true in zip(assembler(fields), true_persons(batch), strict=True):
            scores.update(found, true)
        return float(scores.compute()["owner_accuracy"])

    with torch.no_grad():
        scored = assembler.affinity(fields, assembler.candidates(fields))
        median = scored.affinity[assembler.assign(scored)].median()
        assembler.affinity.price += median / assembler.affinity.log_scale.exp()
    before = owners()
    assert tune(module, config, nothing)["assembly/unmatched_price"] < 0
    assert owners() > before + 0.05


def test_a_threshold_whose_best_lies_beyond_the_widest_grid_says_so(small_config, planted):
    config = small_config("evaluation.tuning=widened")
    module = build_module(config).eval()
    planted(min_affinity=-100, peak_threshold=0.1)
    metrics = tune(module, config, nothing)
    assert metrics["assembly/min_affinity"] == -FARTHEST
    assert (metrics["tuning/min_affinity/at_limit"], metrics["tuning/peak_threshold/at_limit"]) == (1, 0)


def test_grids_are_fixed_unless_asked_for(small_config, planted):
    """Then a peak's confidence is not tuned, and the result tells nothing new."""
    config = small_config()
    module = build_module(config).eval()
    planted(min_affinity=5.2)
    assert tune(module, config, nothing) == {}
    assert module.assembler.config == replace(config.assembly, min_affinity=4.0)


def test_thresholds_are_tuned_on_what_the_assembly_makes_of_the_pictures(small_config, true_centers):
    """False centres of confidence 0.25 split the persons."""
    config = small_config("assembly.grouping=center", "data.synthetic.num_validation=2")
    module, samples = true_centers(config, false=0.25)
    found = widened(module, samples, ["center_threshold"])
    assert (found["center_threshold"].value, found["center_threshold"].at_limit) == (pytest.approx(4 / 13), False)


def test_what_the_config_gives_is_not_tuned(small_config):
    given = ("assembly.min_affinity=0.5", "assembly.center_threshold=0.2", "evaluation.tuning=widened")
    config = small_config(*given, "assembly.grouping=center")
    module = build_module(config).eval()
    before = module.assembler.config
    assert tune(module, config, nothing) == {}
    assert module.assembler.config is before
