"""The pages that are files of the checkout, as they are or a section of them."""

import re
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]

PAGES = {
    "analysis/results/photographs/sheet_credits.md": "reference/credits.md",
    "analysis/results/benches/faults.md": "reference/faults.md",
    "mghp/parsing/weights/MODEL_CARD.md": "reference/weights.md",
    "CHANGELOG.md": "reference/changelog.md",
}
"""The place below docs/ of each file that is a page."""

TEXTS = {"mghp/parsing/weights/LICENSE": "reference/weights-licence.txt"}
"""The place below docs/ of each file that pages link to."""

GUIDES = {
    "how-to/add-a-solver.md": ("Adding a solver", "Adding a matching loss"),
    "how-to/add-a-dataset.md": ("Adding a dataset",),
    "how-to/add-a-metric.md": ("Adding a metric",),
    "how-to/add-a-study.md": ("Adding a study", "Adding a table", "Adding an ablation variant"),
    "how-to/add-a-bench.md": ("Adding a bench", "Adding a peer"),
}
"""The sections of CONTRIBUTING.md on each page; its code is tested there."""


def copied_pages() -> dict[str, tuple[str, str]]:
    """Return the file each page comes from and the page's text, by the page's place below docs/."""
    whole = {page: (file, _titled(file)) for file, page in PAGES.items()}
    return whole | {page: ("CONTRIBUTING.md", _guide(sections)) for page, sections in GUIDES.items()}


def _titled(file: str) -> str:
    text = (CHECKOUT / file).read_text(encoding="utf-8")
    if file.endswith("faults.md"):  # which test each row is, users need not know
        told = re.sub(r" \| (test|---|`tests/\S+`) \|$", " |", text, flags=re.MULTILINE)
        return re.sub(r"(?:^\|.+\n)+", r'<div class="stacked" markdown>\n\n\g<0>\n</div>\n', told, flags=re.MULTILINE)
    linked = re.sub(r"https?://[^\s,]+", r"<\g<0>>", text)
    return text if text.startswith("# ") else f"# Credits of the photographs\n\n{linked}"


def _guide(sections: tuple[str, ...]) -> str:
    text = (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    first, *others = (f"{title.replace('Adding', 'Add', 1)}\n{found[title]}" for title in sections)
    return "\n".join([f"# {first}", *(f"## {other}" for other in others)])
