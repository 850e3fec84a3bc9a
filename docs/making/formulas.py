"""Formulas as MathML, which browsers show without a script."""

import html
import re

from latex2mathml.converter import convert

_FORMULA = re.compile(r'<(?:span|div) class="arithmatex">\\([(\[])(.+?)\\[)\]]</(?:span|div)>', re.DOTALL)


def with_formulas(page: str) -> str:
    """Return a page's HTML with the formulas that arithmatex has marked in LaTeX as MathML."""
    return _FORMULA.sub(_formula, page)


def _formula(found: re.Match[str]) -> str:
    is_own_line = found[1] == "["
    formula: str = convert(html.unescape(found[2].strip()), display="block" if is_own_line else "inline")
    return f'<div class="formula">{formula}</div>' if is_own_line else formula
