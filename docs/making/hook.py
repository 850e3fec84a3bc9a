"""What mkdocs calls while it builds the site: it adds the pages and pictures that are made of other files."""

import functools
import posixpath
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from commands import commands_page
from copied import PAGES, TEXTS, copied_pages
from difficulty import difficulty
from experiment_files import experiment_list
from findings import answer_list, sections, table_places
from formulas import with_formulas
from glossary import glossary_page
from keys import key_pages
from library import library_pages
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from tables import for_phones

from mghp.studies.registry import STUDIES

CHECKOUT = Path(__file__).parents[2]
PICTURES = ("analysis/results/", (".png", ".jpg"))
"""The beginning and the endings of pictures that are copied to where they are shown."""

MADE: dict[str, Callable[[], str]] = {
    **{f"findings/{study}.md": functools.partial(sections, study) for study in STUDIES},
    "findings/index.md": answer_list,
    "findings/parsing.md": lambda: f"{difficulty()}\n{sections('parsing')}",
    "reference/experiments.md": experiment_list,
}
"""What is added to a page, by its place below docs/."""

LINK = re.compile(r"(?<=\]\()[^)#:\s]+(?=\))")
ROW = re.compile(r"\(\[\w+\]\([^)]*/report/\w+\.md\):\s(?:[^()]|\([^()]*\))*\)")
"""The table and row behind a number, which are shown small."""


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the generated pages, and the pictures and texts that pages refer to."""
    for uri, text in _pages().items():
        files.append(File.generated(config, uri, content=text))
    for file, uri in {**TEXTS, **_pictures(files)}.items():
        files.append(File.generated(config, uri, abs_src_path=str(CHECKOUT / file)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Add what is made of runs to a page of findings; lead links out of docs/ to the site's own pages."""
    uri = page.file.src_uri
    return _led(ROW.sub(r'<small class="row">\g<0></small>', markdown) + _made(uri), uri)


def on_page_content(html: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Show formulas, and tables as they suit a narrow screen."""
    return for_phones(with_formulas(html))


def on_serve(server: Any, *, config: MkDocsConfig, builder: Any) -> Any:  # noqa: ANN401 (mkdocs' server)
    """Build anew when one of the texts changes that pages are made of."""
    for name in ("analysis/results", "CONTRIBUTING.md", "CHANGELOG.md"):
        server.watch(str(CHECKOUT / name))
    return server


def _pages() -> dict[str, str]:
    copied = {uri: _led(text, uri, file) for uri, (file, text) in copied_pages().items()}
    own = {"reference/commands.md": commands_page(), "explanation/glossary.md": glossary_page()}
    return {**copied, **own, **key_pages(), **library_pages()}


def _made(uri: str) -> str:
    """Return what is added below the hand-written beginning of a page."""
    return f"\n\n{MADE[uri]()}" if uri in MADE else ""


def _pictures(files: Files) -> dict[str, str]:
    pages = [(file.src_uri, file.content_string + _made(file.src_uri)) for file in files.documentation_pages()]
    found = {_target(link[0], f"docs/{uri}") for uri, text in pages for link in LINK.finditer(text)}
    return {file: place for file in sorted(found) if (place := _picture(file))}


def _picture(file: str) -> str:
    begins, endings = PICTURES
    return f"pictures/{Path(file).name}" if file.startswith(begins) and file.endswith(endings) else ""


def _page_place(file: str) -> str:
    """Return the place of a page that is linked to from the checkout's top, e.g. by the changelog; "" for others."""
    return file.removeprefix("docs/") if file.startswith("docs/") and file.endswith(".md") else ""


def _led(text: str, uri: str, origin: str = "") -> str:
    """Return a text whose links to files of the checkout lead to the site's pages of them."""
    places = {**PAGES, **TEXTS, **table_places()}

    def led(link: re.Match[str]) -> str:
        file = _target(link[0], origin or f"docs/{uri}")
        place = places.get(file) or _picture(file) or _page_place(file)
        return posixpath.relpath(place, posixpath.dirname(uri)) if place else link[0]

    return LINK.sub(led, text)


def _target(link: str, origin: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(origin), link))
