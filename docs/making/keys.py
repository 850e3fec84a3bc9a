"""The reference pages of config keys, a page per section, read from the dataclasses."""

import dataclasses
import inspect
from collections.abc import Iterator
from typing import Any

from mghp.config.data import DataConfig
from mghp.config.dataset_names import DATASETS
from mghp.config.keys import Key, schema_keys
from mghp.config.schema import Config

_INTRODUCTION = """# Config keys

Every experiment file sets keys of one typed schema, and `key=value` on a command line sets them over the file. Two
commands tell the same in a terminal:

```sh
mghp config experiments/matcher/paper.yaml --changed
mghp config --keys matcher.pgd_dykstra
```

`trainer` is an open section: what stands there goes to Lightning's `Trainer`, and Lightning checks it. So is
`network.backbone.kwargs`, which goes to timm. A misspelt key is refused with the nearest key that there is.

## Keys outside the sections
"""


def key_pages() -> dict[str, str]:
    """Return the pages of keys by their place below docs/."""
    pages = {"reference/config/index.md": _introduction()}
    for field in dataclasses.fields(Config):
        section = getattr(Config(), field.name)
        if dataclasses.is_dataclass(section):
            pages[f"reference/config/{field.name}.md"] = "\n".join(_page(field.name, section))
    return pages


def _introduction() -> str:
    alone = [key for path, key in schema_keys().items() if "." not in path]
    return "\n".join([_INTRODUCTION, *(line for key in alone for line in _entry(key, "###"))])


def _page(name: str, section: Any) -> Iterator[str]:  # noqa: ANN401 (any dataclass)
    yield from (f"# {name}", "", *_about(section))
    yield from _content(name, section)


def _content(path: str, section: Any) -> Iterator[str]:  # noqa: ANN401
    fields = dataclasses.fields(section)
    inner = [field.name for field in fields if dataclasses.is_dataclass(getattr(section, field.name))]
    for field in fields:
        if field.name not in inner:
            yield from _entry(schema_keys()[f"{path}.{field.name}"], "###")
    for name in inner:
        yield from (f"## {path}.{name}", "", *_about(getattr(section, name)))
        yield from _content(f"{path}.{name}", getattr(section, name))


def _about(section: Any) -> list[str]:  # noqa: ANN401
    known = DATASETS.entries if isinstance(section, DataConfig) else ()
    names = [f"* `{entry.name}`: {entry.label}" for entry in known]
    return [inspect.cleandoc(type(section).__doc__ or ""), "", *names, ""]


def _entry(key: Key, level: str) -> Iterator[str]:
    """Yield a heading that can be linked to, then what the key may be, its default and its meaning."""
    name = key.path.rpartition(".")[2]
    yield from (f'{level} `{key.path}` {{ #{key.path} data-toc-label="{name}" }}', "")
    yield from (key.meaning, "")
    yield from (f"<small>{key.kind}; default: {_shown(key.default)}</small>", "")


def _shown(value: Any) -> str:  # noqa: ANN401 (a default)
    words = {None: "null", True: "true", False: "false"}
    text = words[value] if value is None or isinstance(value, bool) else str(value)
    return f"`{text}`" if text else "empty"
