import torch

from mghp.config.assembly import AssemblyConfig
from mghp.datasets.pictures import load_tuning, load_validation
from mghp.evaluation.tuning import tuned_center_threshold, tuned_least_affinity
from mghp.parsing.batch import collate
from mghp.parsing.true_fields import true_fields
from mghp.training.build import build_module

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


def test_the_centres_threshold_that_parses_best_is_taken(small_config, monkeypatch):
    """False centres of confidence 0.5 lie everywhere, and pixels point half the way: up to there persons are split."""
    config = small_config("assembly.grouping=center", "data.synthetic.num_validation=4")
    module = build_module(config).eval()
    samples = load_tuning(config.data, nothing)
    batch = collate([samples[index] for index in range(len(samples))], 17)
    fields = true_fields(batch, module.assembler.anatomy, STRIDES, "center")
    fields.projection *= 0.5
    fields.centers[:, :, ::2, ::2].clamp_(min=0.5)
    monkeypatch.setattr(type(module), "fields", lambda self, image: fields)
    before = module.assembler.config
    assert tuned_center_threshold(module, samples, (0.1, 0.7, 0.999)) == 0.7
    assert module.assembler.config is before
