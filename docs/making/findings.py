"""The pages of findings: what the committed runs answer, with the figures and tables behind each answer."""

import functools
import re
from collections.abc import Iterator
from pathlib import Path

from tables import grouped

from mghp.report.study import Question
from mghp.studies.registry import STUDIES

RESULTS = "analysis/results"
FOLDERS = ("report", "parsing", "benches", "sweep")
"""Folders of results in which a study's tables and figures are looked for; the first that has one is taken."""

CHECKOUT = Path(__file__).parents[2]
UP = "../.."
"""The checkout, seen from a page of findings."""

LONG = 40
"""Tables of more rows than this scroll in a box of their own."""


def answers() -> dict[str, str]:
    """Return the committed answers by question."""
    text = (CHECKOUT / RESULTS / "report" / "answers.md").read_text(encoding="utf-8")
    return dict(re.findall(r"\*\*(.+?)\*\* (.+)", text))


@functools.cache
def table_places() -> dict[str, str]:
    """Return the page and anchor of each committed table by its file, e.g. `findings/solvers.md#m1` of M1.md."""
    return {
        place: f"findings/{study}.md#{anchor(table.name)}"
        for study in STUDIES
        for table in STUDIES[study].load().tables
        if (place := table_place(table.name))
    }


def anchor(name: str) -> str:
    """Return the address of a table within its page."""
    return name.lower().replace("_", "-")


def table_place(name: str) -> str:
    """Return the file of the committed table of this name, below the checkout; "" for none."""
    places = (f"{RESULTS}/{folder}/{name}.md" for folder in FOLDERS)
    return next((place for place in places if (CHECKOUT / place).is_file()), "")


def answer_list() -> str:
    """Return all answers as Markdown, with links to the pages that show what they rest on."""
    return "\n".join(line for entry in STUDIES.entries for line in _answered(entry.name, entry.label))


def sections(study: str) -> str:
    """Return a study's questions as Markdown, each with what is committed of it, then those of which nothing is."""
    told = {question.text: list(_question(question)) for question in STUDIES[study].load().questions}
    lines = [line for of_question in told.values() for line in of_question]
    return "\n".join([*lines, *_open([text for text, of_question in told.items() if not of_question])])


def _answered(study: str, title: str) -> Iterator[str]:
    texts = [question.text for question in STUDIES[study].load().questions]
    told = [text for text in texts if text in answers()]
    yield from (f"## [{title}]({study}.md)", "")
    yield from (f"**{text}** {answers()[text]}\n" for text in told)
    if not told:
        yield from ("Not answered yet: no run of it is in the repository.", "")


def _open(questions: list[str]) -> Iterator[str]:
    if questions:
        yield from ("## Not answered yet", "", "No run that answers these questions is in the repository:", "")
        yield from (f"* {text}" for text in questions)


def _question(question: Question) -> Iterator[str]:
    answer, figures = answers().get(question.text), list(_figures(question))
    tables = [table.name for table in question.tables if table_place(table.name)]
    if answer or figures or tables:
        yield from (f"## {question.text}", "")
    if answer:
        yield from ('!!! quote ""', "", f"    {answer}", "")
    for place, caption in figures:
        yield from (f"[![{caption}]({UP}/{place})]({UP}/{place})", "", f"*{caption}.*", "")
    for name in tables:
        yield from _table(name)


def _figures(question: Question) -> Iterator[tuple[str, str]]:
    """Yield the file of each committed figure, below the checkout, and its caption."""
    for begins, caption in question.figures.items():
        for folder in FOLDERS:
            for file in sorted((CHECKOUT / RESULTS / folder).glob(f"{begins}*.png")):
                data = file.stem.removeprefix(begins).replace("_", " ")
                yield f"{RESULTS}/{folder}/{file.name}", f"{caption}: {data}" if data else caption


def _table(name: str) -> Iterator[str]:
    text = (CHECKOUT / table_place(name)).read_text(encoding="utf-8")
    caption, _, rows = text.partition("\n\n")
    box = "table long" if rows.count("\n") > LONG else "table"
    heading = f'### {name} {{ #{anchor(name)} .table-name data-toc-label="Table {name}" }}'
    yield from (heading, "", caption.removeprefix(f"**{name}.** "), "")
    yield from (f'<div class="{box}" tabindex="0" markdown>', "", grouped(rows.strip()), "", "</div>", "")
