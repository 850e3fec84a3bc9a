"""`mghp config`: a resolved file with meanings and origins, and every key."""

import subprocess
import sys
from importlib.metadata import version

import pytest
import yaml

from mghp.config.keys import kind_in_words, schema_keys
from mghp.config.load import load_config, load_config_text
from mghp.config.origins import explained, keys_in_words, origins
from mghp.errors import InputError


@pytest.fixture
def file(tmp_path):
    (tmp_path / "base.yaml").write_text(
        "seed: 4\nexperiment: other\nmatcher: {name: sinkhorn, sinkhorn: {epsilon: 0.1}}\n"
        "variants:\n  wide: {network: {width: 96}, matcher: {sinkhorn: {rho: 2}}}\n"
    )
    (tmp_path / "own.yaml").write_text(
        "base: base.yaml\nmatcher: {sinkhorn: {epsilon: 0.2}}\ntrainer: {max_steps: 7}\n"
    )
    return tmp_path / "own.yaml"


def test_every_key_of_the_schema_has_a_meaning_and_a_kind():
    keys = schema_keys()
    assert len(keys) > 200
    assert [key.path for key in keys.values() if not key.meaning or not key.kind] == []


@pytest.mark.parametrize(("hint", "words"), [
    ("seed", "integer from 0"), ("matcher.sinkhorn.epsilon", "number above 0"), ("data.splits.tuning", "text, or null"),
    ("assembly.peak_threshold", "number from 0 below 1"), ("network.aspp_rates", "list of: integer from 1 to 1024"),
    ("assembly.grouping", "field, nearest, center, hybrid"), ("assembly.average_mirror", "true or false"),
])  # fmt: skip
def test_kinds_are_told_in_words(hint, words):
    assert schema_keys()[hint].kind == words


def test_a_type_without_words_goes_by_its_name():
    assert kind_in_words(int | str) == "integer or text"
    assert kind_in_words(dict[str, int]) == "mapping"
    assert kind_in_words(complex) == "complex"


def test_origins_are_the_last_of_bases_variant_and_command_line(file):
    base = str(file.with_name("base.yaml"))
    found = origins(file, ["variant=wide", "matcher.sinkhorn.rho=3"])
    assert found == {
        "seed": base, "matcher.name": base, "matcher.sinkhorn.epsilon": str(file), "trainer.max_steps": str(file),
        "network.width": f"{base}, variant wide", "matcher.sinkhorn.rho": "command line", "variant": "command line",
    }  # fmt: skip


@pytest.mark.parametrize("overrides", [[], ["variant=wide", "seed=9"]])
def test_what_is_printed_is_the_config_itself(file, overrides):
    text = explained(file, overrides)
    assert load_config_text(text) == load_config(file, overrides)
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    assert sum(line.endswith("# default") for line in lines) > 200


def test_what_is_changed_alone(file):
    text = explained(file, ["wandb.mode=disabled"], changed_alone=True)
    assert yaml.safe_load(text) == {
        "seed": 4, "matcher": {"name": "sinkhorn", "sinkhorn": {"epsilon": 0.2}}, "trainer": {"max_steps": 7},
        "wandb": {"mode": "disabled"},
    }  # fmt: skip
    assert "# Weight of the entropy, in units of affinity; smaller is harder.\n    epsilon: 0.2  # " in text


def test_keys_are_told_by_their_beginning():
    told = keys_in_words("matcher.softmax")
    assert told.splitlines() == [
        "matcher.softmax.temperature = 0.1  (number above 0)",
        "    Divisor of the scores, in units of affinity; smaller is harder.",
    ]


def test_the_command(mghp, file, tmp_path):
    process = mghp("config", file, "--changed", folder=tmp_path)
    assert process.returncode == 0, process.stderr
    assert "max_steps: 7" in process.stdout
    for arguments, told in (
        ([], "expected an experiment file, or --keys"), (["--keys", "matchr"], "no key begins with 'matchr'"),
        (["missing.yaml"], "missing.yaml"), ([file, "matchr.name=x"], "did you mean 'matcher'"),
    ):  # fmt: skip
        process = mghp("config", *arguments, folder=tmp_path)
        assert process.returncode == 2
        assert told in process.stderr
        assert len(process.stderr.splitlines()) == 1


def test_a_missing_file_is_told():
    with pytest.raises(InputError, match=r"missing\.yaml"):
        origins("missing.yaml")


def test_the_package_runs_as_a_module_and_tells_its_version(tmp_path):
    process = subprocess.run(
        [sys.executable, "-m", "mghp", "--version"], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert process.stdout == f"mghp {version('mghp')}\n"
