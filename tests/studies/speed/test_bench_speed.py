import pandas as pd
import pytest
import torch

import mghp.studies.speed.speed
from mghp.config.load import load_config, variant_names
from mghp.runs.read import Run
from mghp.studies.speed.bench import Call
from mghp.studies.speed.speed import SPEED, WARM_UP, bench_speed
from mghp.training import half_precision
from mghp.training.parsing_module import ParsingModule

STEPS = 2


@pytest.fixture(scope="module")
def measured(small_config, checkout, tmp_path_factory):
    """A bench of two rounds without a compiler; which precision each pass through a network had."""
    torch.set_num_threads(1)
    names = variant_names(checkout / "experiments" / "parsing" / "bench_speed.yaml")
    settings = [
        f"runs={tmp_path_factory.mktemp('runs')}", f"bench.steps={STEPS}", "data.synthetic.num_train=8",
        "losses.weights.matching=0",
    ]  # fmt: skip
    config = small_config(*settings, experiment="bench_speed")
    call = Call(config, lambda *_: None)
    # As the property would make them of the experiment file.
    vars(call)["variants"] = {
        name: small_config(*settings, f"variant={name}", experiment="bench_speed") for name in names
    }
    passes = []
    forward = ParsingModule.forward

    def noted(self, image):
        passes.append((self.training, torch.is_autocast_enabled("cpu"), self.network.memory_format))
        return forward(self, image)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ParsingModule, "forward", noted)
        patch.setattr(mghp.studies.speed.speed, "missing_compiler", lambda: "no C++ compiler")
        patch.setattr(half_precision, "has_bfloat16", lambda: True)
        folder = bench_speed(call)
    return Run(folder), passes


def test_a_variant_is_what_its_name_says(measured):
    """In turn, forwards and backwards: each of the four that need no compiler, once a round."""
    _, passes = measured
    plain, last = torch.contiguous_format, torch.channels_last
    ways = [(False, plain), (False, last), (True, plain), (True, last)]
    rounds = [ways[:: 1 if number % 2 else -1] for number in range(WARM_UP + STEPS)]
    in_turn = [way for ways_of_round in rounds for way in ways_of_round]
    at_first = [ways[0], *ways]  # for the differences
    assert passes == [(False, *way) for way in at_first + in_turn] + [(True, *way) for way in in_turn]


def test_ratios_are_to_plain_and_answers_are_compared(measured):
    run, _ = measured
    rows = pd.read_csv(run.path / "ratios.csv").set_index(["work", "variant"])
    assert (rows["ratio"].xs("plain", level="variant") == 1).all()
    assert rows.loc[("parse", "plain"), "heatmap_difference"] == 0
    differences = rows.loc["parse", "heatmap_difference"]
    assert differences["channels_last"] < 1e-6 < differences["bf16"] < 0.1
    assert rows.loc[("parse", "plain"), "same_parts"] == 1


def test_what_cannot_compile_says_why(measured):
    run, _ = measured
    table = SPEED.filled([run])
    by_name = {(row["work"], row["variant"]): cells for row, cells in zip(table.rows, table.cells(), strict=True)}
    assert len(by_name) == 12
    for work in ("pictures to fields", "training step"):
        assert by_name[work, "compile"] == [work, "compile", "4", "", "", "", "", "no C++ compiler"]
        assert by_name[work, "bf16"][-1] == ""


def test_a_ratio_is_the_median_over_rounds():
    compared = mghp.studies.speed.speed._compared([2.0, 9.0, 3.0], [1.0, 1.0, 6.0])
    assert compared == {"ms": 3000.0, "ratio": 2.0}


def test_compiled_variants_are_compiled_and_no_other(small_config, checkout, monkeypatch):
    compiled = []
    monkeypatch.setattr(mghp.studies.speed.speed, "compile_network", compiled.append)
    for name in variant_names(checkout / "experiments" / "parsing" / "bench_speed.yaml"):
        config = small_config(f"variant={name}", "losses.weights.matching=0", experiment="bench_speed")
        network = mghp.studies.speed.speed._made(config).module.network
        assert ("compile" in name) == any(network is other for other in compiled)


def test_the_file_s_variants_are_settings_of_a_training(checkout):
    file = checkout / "experiments" / "parsing" / "bench_speed.yaml"
    config = load_config(file, ["variant=compile_bf16"])
    assert config.training.compile
    assert config.inference.bf16
    assert config.trainer["precision"] == "bf16-mixed"
