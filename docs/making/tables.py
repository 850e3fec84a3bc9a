"""Tables as the pages show them: rows of one kind below a common heading, and on a phone a name beside each cell."""

import html
import re
from collections.abc import Iterator, Sequence
from itertools import cycle, groupby, pairwise

_NUMBER = re.compile(r"[-+]?\d[\d.,]*(e[-+]?\d+)?")
_SCROLLING = re.compile(r'<div class="table.*?</table>', re.DOTALL)
_WORDS = re.compile(r"<td>(.*?)</td>")
_GROUP = re.compile(r'<td class="group"[^>]*>(.*?)</td>((?:\s*<td[^>]*></td>)+)')
_STACKED = re.compile(r'<div class="stacked">.*?</table>', re.DOTALL)


def grouped(table: str) -> str:
    """Return a Markdown table whose first columns, where they repeat from row to row, are headings above the rows.

    The numbers of a wide table then begin after one column of names, and that column stays in sight.
    """
    head, rule, *rows = (_cells(line) for line in table.splitlines())
    rows = _together(rows)
    depth = _depth(rows)
    if depth == 0:
        return table
    lines = [head[depth:], rule[depth:]]
    for shared, of_group in groupby(rows, key=lambda row: row[:depth]):
        told = "; ".join(f"{name}: {value}" for name, value in zip(head, shared, strict=False) if value)
        lines.append([f"{told} {{: .group }}", *[""] * (len(head) - depth - 1)])
        lines += [row[depth:] for row in of_group]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def for_phones(page: str) -> str:
    """Return a page's HTML whose headings within tables are as wide as these, and whose cells suit a narrow screen.

    Words get an element of their own, whose width can be bounded; cells that are shown below each other get names.
    """
    page = _SCROLLING.sub(lambda table: _WORDS.sub(r"<td><span>\1</span></td>", table[0]), _GROUP.sub(_wide, page))
    return _STACKED.sub(_named, page)


def _together(rows: list[list[str]]) -> list[list[str]]:
    """Return rows that begin alike below each other where they alternate, e.g. problems for each matcher."""
    begins = list(dict.fromkeys(row[0] for row in rows))
    alternate = all(one[0] != other[0] for one, other in pairwise(rows)) and len(rows) >= 2.5 * len(begins)
    is_told_apart = len({(row[0], row[1]) for row in rows}) == len(rows)
    return sorted(rows, key=lambda row: begins.index(row[0])) if alternate and is_told_apart else rows


def _depth(rows: Sequence[list[str]]) -> int:
    """Return how many of the first columns are headings, at most all but the one that names the rows."""
    fitting = [depth for depth in range(1, len(rows[0]) - 1) if _fits(rows, depth)]
    return fitting[-1] if fitting and not _are_numbers(rows, 0) else 0


def _fits(rows: Sequence[list[str]], depth: int) -> bool:
    """Return True if enough rows share their first cells, each in one place or in long runs, and words name the row."""
    keys = [key for key, _ in groupby(row[:depth] for row in rows)]
    is_once = all(keys.count(key) == 1 for key in keys)
    return len(rows) >= (2 if is_once else 2.5) * len(keys) and (depth == 1 or not _are_numbers(rows, depth))


def _are_numbers(rows: Sequence[list[str]], column: int) -> bool:
    return all(_NUMBER.fullmatch(row[column]) for row in rows)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]


def _wide(found: re.Match[str]) -> str:
    return f'<th class="group" colspan="{1 + found[2].count("<td")}"><span>{found[1]}</span></th>'


def _named(found: re.Match[str]) -> str:
    names = cycle(_names(found[0]))
    return re.sub(r"<td", lambda _: f'<td data-name="{next(names)}"', found[0])


def _names(table: str) -> Iterator[str]:
    for name in re.findall(r"<th[^>]*>(.*?)</th>", table):
        yield html.escape(re.sub(r"<[^>]+>", "", name))
