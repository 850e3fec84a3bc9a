"""The pages of docs/: every number stands in the row that is named beside it, and their code runs."""

import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
DOCS = CHECKOUT / "docs"
PAGES = sorted(DOCS.glob("*.md"))

NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:e[-+]\d+)?(?![\w.]*\w)")
CLAIM = re.compile(r"([^|()]*)\(\[\w+\]\(([^)]*/report/\w+\.md)\): ([^)]*)\)")
"""What is said, and in brackets a linked table and words of its row: `gap 0.02 % ([M1](.../M1.md): hard; warm)`."""

BY_DEFINITION = {"1", "10", "250", "1e-10"}
"""Numbers that are settings, and no results."""


def unbacked(page):
    """The claims of a page with a number that no row with these words has; settings aside."""
    found = []
    for said, link, words in CLAIM.findall(page.read_text()):
        table = (page.parent / link).read_text().splitlines()
        rows = [set(NUMBER.findall(row)) for row in table if all(word in row for word in words.split("; "))]
        numbers = set(NUMBER.findall(said)) - BY_DEFINITION
        if not any(numbers <= row for row in rows):
            found.append((said, words))
    return found


def code_of(page):
    return re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)


def test_every_line_of_the_decision_table_is_backed_by_a_row():
    page = DOCS / "which-solver.md"
    lines = [line for line in page.read_text().splitlines() if line.startswith("| ") and "you need" not in line]
    claims = [line for line in lines if CLAIM.search(line)]
    assert len(claims) > 12
    assert [line for line in lines if line not in claims and "---" not in line] == [
        "| candidates a side | take | because |"
    ]
    assert unbacked(page) == []


@pytest.mark.parametrize("said", ["gap 0.03 % ", "gap 67.77 % "])
def test_a_number_of_no_row_is_found(said, tmp_path):
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "M1.md").write_text("| hard | warm | 0.02 |\n| hard | paper | 67.77 |\n")
    (tmp_path / "page.md").write_text(
        f"a gap ([M1](./report/M1.md): hard; warm), {said}([M1](./report/M1.md): hard; warm)"
    )
    assert [claim[0].strip(", ") for claim in unbacked(tmp_path / "page.md")] == [said.strip()]


@pytest.mark.parametrize(("page", "words"), [("theory", 900), ("protocol", 600)])
def test_a_page_is_short(page, words):
    text = re.sub(r"<!--.*?-->", "", (DOCS / f"{page}.md").read_text(), flags=re.DOTALL)
    assert len(text.split()) <= words


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_code_of_a_page_runs(page, capsys):
    for code in code_of(page):
        exec(compile(code, page.name, "exec"), {})
