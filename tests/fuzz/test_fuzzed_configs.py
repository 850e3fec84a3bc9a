"""Experiment files, overrides and sweep files that are damaged in every way."""

import dataclasses

from fuzzing import LONG, YAML_PIECES, damaged_text, files_below, fuzz

from mghp.config.load import load_config, load_config_text, to_yaml
from mghp.config.schema import Config
from mghp.sweep.parameters import trial_values
from mghp.sweep.study import points_of
from mghp.sweep.sweep_file import read_sweep


def keys(section, prefix=""):
    for key, value in section.items():
        yield prefix + key
        if isinstance(value, dict):
            yield from keys(value, f"{prefix}{key}.")


KEYS = tuple(keys(dataclasses.asdict(Config())))


def override(rng):
    return f"{rng.choice(KEYS)}{rng.choice(['', '', '.x'])}={rng.choice(YAML_PIECES)}"


@LONG
def test_any_experiment_file_is_read_or_refused(checkout, tmp_path):
    files = sorted(file for file in (checkout / "experiments").rglob("*.yaml") if file.parent.name != "anatomies")
    texts = [file.read_text() for file in files]
    (tmp_path / "runs").mkdir()

    def make(rng):
        text = damaged_text(rng, rng.choice(texts), YAML_PIECES) if rng.random() < 0.6 else "seed: 1"
        return text, [override(rng) for _ in range(rng.randint(0, 2))], rng.random() < 0.5

    def read(made):
        text, overrides, as_file = made
        if as_file:
            (tmp_path / "trial.yaml").write_text(text, encoding="utf-8")
            config = load_config(tmp_path / "trial.yaml", overrides)
        else:
            config = load_config_text(text, overrides)
        assert load_config_text(to_yaml(config)) == config

    before = set(files_below(tmp_path))
    outcomes = fuzz(100, make, read)
    assert set(files_below(tmp_path)) == before | {str(tmp_path / "trial.yaml")}
    assert min(outcomes.values()) > 0


SWEEP_PIECES = (
    *YAML_PIECES, "grid", "random", "bayes", "values", "value", "{min: 1, max: 3}", "{min: 0.0, max: 1.0e+300}",
    "{min: 0, max: 99999999999999999999}", "{min: -1000, max: 1.0, distribution: log_uniform}", "{values: [1, 2, a]}",
    "{min: 0.0, max: 1.0, distribution: q_uniform, q: 1.0e-300}", "{type: hyperband, max_iter: 9, s: 999999999}",
    "{parameters: {a: {parameters: {b: {value: 1}}}}}", "../../x", '["${args}"]', "run_cap: 3",
)  # fmt: skip


@LONG
def test_any_sweep_file_is_read_or_refused(checkout, tmp_path, monkeypatch):
    monkeypatch.chdir(checkout)
    texts = [file.read_text() for file in sorted((checkout / "sweeps").glob("*.yaml"))]
    file = tmp_path / "sweep.yaml"

    def read(text):
        file.write_text(text, encoding="utf-8")
        sweep = read_sweep(file)
        points = points_of(dataclasses.replace(sweep, run_cap=min(sweep.run_cap or 2, 2)), 2, 0)
        for point in points or ():
            trial_values(sweep.parameters, point)

    outcomes = fuzz(400, lambda rng: damaged_text(rng, rng.choice(texts), SWEEP_PIECES), read)
    assert list(tmp_path.iterdir()) == [file]
    assert min(outcomes.values()) > 0
