import importlib.util

import pytest
import yaml

from mghp.config import yaml_text
from mghp.config.yaml_text import PlainLoader, read_plain, read_text
from mghp.errors import InputError


def read(text, module=yaml_text):
    return module.read_plain(text, module.PlainLoader, "any.yaml")


@pytest.fixture
def without_libyaml(monkeypatch):
    """The module as it is where PyYAML was built without libyaml."""
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    spec = importlib.util.spec_from_file_location("without_libyaml", yaml_text.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert issubclass(module.PlainLoader, yaml.SafeLoader)
    return module


@pytest.mark.skipif(not yaml.__with_libyaml__, reason="PyYAML was built without libyaml")
def test_libyaml_reads():
    assert issubclass(PlainLoader, yaml.CSafeLoader)


@pytest.mark.parametrize("name", ["matcher/solvers", "matcher/learned", "parsing/synthetic_10min"])
def test_what_is_read_is_the_same_without_it(name, without_libyaml, checkout):
    text = read_text(checkout / "experiments" / f"{name}.yaml")
    assert repr(read(text)) == repr(read(text, without_libyaml))


@pytest.mark.parametrize(
    "text", ["&a {x: [1, 2]}", "{base: &a {x: 1}, more: {<<: *a, y: 2.0}}", "", "é: [\U0001f600, ~]"]
)
def test_anchors_and_signs_are_the_same_without_it(text, without_libyaml):
    assert repr(read(text)) == repr(read(text, without_libyaml))


@pytest.mark.parametrize("text", ["[" * 900_000, "- " * 400_000, "{a: " * 200_000])
def test_a_text_of_levels_alone_is_one_line(text):
    with pytest.raises(InputError, match=r"any\.yaml: not readable as YAML"):
        read(text)


def test_an_alias_of_nothing_is_one_line():
    with pytest.raises(InputError, match=r"any\.yaml: not readable as YAML: found undefined alias 'a'"):
        read_plain("x: *a", PlainLoader, "any.yaml")
