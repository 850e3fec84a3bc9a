"""The pages of docs/: their numbers stand in the rows that are named beside them, and their code and commands work."""

import importlib.util
import re
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.main import get_command
from typer.testing import CliRunner

from mghp.cli.main import app
from mghp.config.keys import schema_keys
from mghp.config.load import load_config, load_config_text, variant_names
from mghp.studies.registry import STUDIES

CHECKOUT = Path(__file__).parents[1]
DOCS = CHECKOUT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))

FENCE = re.compile(r"^```(\w+)(?: title=\"(.+?)\")?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
"""A block of code: its language, the name of the file that it is, and its text."""

NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:e[-+]\d+)?(?![\w.]*\w)")
CLAIM = re.compile(r"([^|()]*)\(\[\w+\]\(([^)]*/report/\w+\.md)\):\s([^)]*)\)")
"""What is said, and in brackets a linked table and words of its row: `gap 0.02 % ([M1](.../M1.md): hard; warm)`."""

BY_DEFINITION = {"0", "1", "10", "250", "1e-10"}
"""Numbers that are settings, and no results."""

OTHERS = {"pip", "wandb", "sbatch", "python"}
"""Programs of others that pages call."""

QUICK = (
    "mghp config own.yaml --changed", "mghp data check own.yaml", "mghp predict photos",
    "mghp group maps --centers centers.json --out grouped", "mghp config mine.yaml variant=warm --changed",
    "mghp data show own.yaml --out results",
)  # fmt: skip
"""Commands of the pages that take no time, and are run."""


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


def blocks(page, language):
    """The texts of a page's blocks, by the file that each is, or by its number."""
    found = [block for block in FENCE.findall(page.read_text()) if block[0] == language]
    return {title or number: text for number, (_, title, text) in enumerate(found)}


def commands(page):
    """The command lines of a page, those within others' too, without comments."""
    for text in blocks(page, "sh").values():
        for line in text.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            yield words
            yield from (shlex.split(word) for word in words if word.startswith("mghp "))


def of_pages(has):
    return pytest.mark.parametrize("page", [page for page in PAGES if has(page)], ids=lambda page: page.stem)


@pytest.fixture
def folder(checkout, tmp_path, monkeypatch):
    """A working folder with what the pages speak of: the checkout's files, pictures, and labels of one's own."""
    for name in ("experiments", "sweeps", "analysis"):
        (tmp_path / name).symlink_to(checkout / name)
    drawn = np.random.default_rng(0).integers(0, 255, (64, 96, 3), np.uint8)
    labels = np.arange(96, dtype=np.uint8)[None].repeat(64, 0) // 32
    pictures = {
        "photos/street.jpg": drawn,
        "own/images/a.png": drawn,
        "own/images/b.png": 255 - drawn,
        "maps/a.png": labels,
    }
    pictures |= {f"own/{kind}/{name}.png": labels for kind in ("parts", "human_ids") for name in "ab"}
    for name, pixels in pictures.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / name)
    for name, text in {"own/train.txt": "a", "own/val.txt": "b", "centers.json": '{"a": [[10, 10], [80, 20]]}'}.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def files_of(folder):
    """Writes the files that a page shows into the working folder; returns their names."""

    def write(page):
        named = {name: text for name, text in blocks(page, "yaml").items() if isinstance(name, str)}
        for name, text in named.items():
            (folder / name).write_text(text)
        return list(named)

    return write


def test_every_line_of_the_decision_table_is_backed_by_a_row():
    page = DOCS / "how-to" / "which-solver.md"
    lines = [line for line in page.read_text().splitlines() if line.startswith("| ") and "you need" not in line]
    claims = [line for line in lines if CLAIM.search(line)]
    assert len(claims) > 12
    assert [line for line in lines if line not in claims and "---" not in line] == [
        "| candidates a side | take | because |",
        "| other package | of ours | times the time of ours, real poses | larger problems |",
    ]


@pytest.mark.parametrize("page", [CHECKOUT / "README.md", *PAGES], ids=lambda page: page.stem)
def test_a_link_to_a_table_is_called_by_the_table_s_name(page):
    links = re.findall(r"\[(\w+)\]\([^)]*/report/(\w+)\.md\)", page.read_text())
    assert [label for label, _ in links] == [table for _, table in links]


@pytest.mark.parametrize("page", [CHECKOUT / "README.md", *PAGES], ids=lambda page: page.stem)
def test_numbers_of_results_stand_in_the_rows_that_are_named(page):
    assert unbacked(page) == []
    told = re.sub(r"<!--.*?-->", "", FENCE.sub("", page.read_text()), flags=re.DOTALL)
    assert set(re.findall(r"\S+ %", CLAIM.sub("", told))) <= {"95 %"}  # what intervals hold


@pytest.mark.parametrize("said", ["gap 0.03 % ", "gap 67.77 % "])
def test_a_number_of_no_row_is_found(said, tmp_path):
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "M1.md").write_text("| hard | warm | 0.02 |\n| hard | paper | 67.77 |\n")
    (tmp_path / "page.md").write_text(
        f"a gap ([M1](./report/M1.md): hard; warm), {said}([M1](./report/M1.md): hard; warm)"
    )
    assert [claim[0].strip(", ") for claim in unbacked(tmp_path / "page.md")] == [said.strip()]


@pytest.mark.parametrize(
    ("page", "words"),
    [("README.md", 900), ("docs/explanation/theory.md", 900), ("docs/explanation/protocol.md", 800)],
)
def test_a_page_is_short(page, words):
    text = re.sub(r"<!--.*?-->", "", (CHECKOUT / page).read_text(), flags=re.DOTALL)
    assert len(text.split()) <= words
    assert page != "README.md" or len(text.splitlines()) <= 120


def test_the_page_of_verdicts_is_short_but_for_the_rows_that_it_names():
    assert len(CLAIM.sub(r"\1", (DOCS / "findings" / "verdicts.md").read_text()).split()) <= 600


def test_the_readme_tells_what_was_found_in_six_lines():
    found = (CHECKOUT / "README.md").read_text().partition("## What we found")[2].partition("\n## ")[0]
    lines = re.split(r"\n\* ", found)[1:]
    assert len(lines) == 6
    assert all(CLAIM.search(line) for line in lines)


def test_the_readme_s_lines_for_another_model_s_parts_run():
    code = next(block for block in blocks(CHECKOUT / "README.md", "python").values() if "import group" in block)
    names = {}
    exec(compile(code, "README.md", "exec"), names)
    assert set(np.unique(names["owners"])) == {0, 1, 2}


@of_pages(lambda page: blocks(page, "python"))
def test_code_of_a_page_runs_from_top_to_bottom(page, folder, capsys):
    names = {}
    for code in blocks(page, "python").values():
        exec(compile(code, page.name, "exec"), names)


@of_pages(lambda page: any(isinstance(name, str) for name in blocks(page, "yaml")))
def test_files_of_a_page_are_read(page, files_of):
    from mghp.datasets.anatomy_file import read_anatomy
    from mghp.sweep.sweep_file import read_sweep

    for name in files_of(page):
        if name.endswith("anatomy.yaml"):
            assert read_anatomy(Path(name))[0].parts.names
        elif "sweep" in name:
            assert read_sweep(Path(name)).varied
        else:
            for variant in variant_names(name) or [""]:
                load_config(name, [f"variant={variant}"])


def refuse_wrong(words):
    """Parse a command line by the command line's own code, and read its experiment and its settings."""
    command, words = get_command(app), words[1:]
    while words and hasattr(command, "get_command"):
        if words[0].startswith("--"):
            assert words[0] in {name for option in command.params for name in option.opts}
            return
        name, words = words[0], words[1:]
        command = command.get_command(None, name)
        assert command is not None, name
    given = command.make_context(name, list(words)).params
    settings = [word for word in words if re.match(r"[a-z][\w.]*=", word)]
    file = next((str(given[key]) for key in ("experiment", "source", "file") if given.get(key)), "")
    if file.endswith(".yaml"):
        load_config(file, settings)
    else:
        load_config_text("{}", [setting for setting in settings if not setting.startswith("variant=")])
    for word in words:
        if word.startswith(("experiments/", "sweeps/", "analysis/")):
            assert Path(word).exists() or name == "pack", word


@of_pages(lambda page: any(commands(page)))
def test_commands_of_a_page_are_commands(page, files_of):
    files_of(page)
    for words in commands(page):
        if words and words[0] == "mghp":
            refuse_wrong(words)
        else:
            assert not words or words[0] in OTHERS


@pytest.mark.parametrize("line", [
    "mghp trian experiments/matcher/paper.yaml", "mghp match experiments/matcher/paper.yaml --ot results",
    "mghp match experiments/matcher/paper.yaml matcher.nmae=greedy", "mghp match experiments/matcher/papr.yaml",
    "mghp predict photos inference.tiel=512", "mghp --versoin", "mghp sweep sweeps/matchr.yaml",
])  # fmt: skip
def test_a_wrong_command_is_found(line, folder):
    with pytest.raises(Exception, match=r"."):
        refuse_wrong(line.split())


def test_quick_commands_of_the_pages_run(files_of):
    told = {" ".join(words) for page in PAGES for words in commands(page)}
    for page in PAGES:
        files_of(page)
    assert [line for line in QUICK if line not in told] == []
    for line in QUICK:
        result = CliRunner().invoke(app, line.split()[1:], catch_exceptions=False)
        assert result.exit_code == 0, (line, result.output)


@pytest.fixture
def making(monkeypatch):
    """Imports a module that makes pages."""

    def load(name):
        monkeypatch.syspath_prepend(DOCS / "making")
        spec = importlib.util.spec_from_file_location(f"making_{name}", DOCS / "making" / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
        return module

    return load


def test_every_key_has_a_place_in_the_reference(making):
    text = "\n".join(making("keys").key_pages().values())
    assert [path for path in schema_keys() if f"{{ #{path} " not in text] == []
    assert "T, outer gradient steps.\n\n<small>integer from 1 to 100000; default: `50`</small>" in text


def test_every_command_has_a_place_in_the_reference(making):
    text = making("commands").commands_page()
    headings = set(re.findall(r"^#+ (mghp .+?) \{", text, re.MULTILINE))
    assert {"mghp match", "mghp bench faults", "mghp data show", "mghp runs pack"} <= headings
    assert "`--resume RUN`: Resume the interrupted training" in text


def test_every_committed_answer_and_table_has_a_place_among_the_findings(making):
    findings = making("findings")
    pages = {study: findings.sections(study) for study in STUDIES}
    text = "\n".join(pages.values())
    assert len(findings.answers()) > 15
    assert [answer for answer in findings.answers().values() if answer not in text + findings.answer_list()] == []
    report = CHECKOUT / "analysis" / "results" / "report"
    tables = {file.stem for file in report.glob("*.md")} - {"answers"}
    assert {name for name in tables if f"### {name} " not in text} == set()
    assert {file.name for file in report.glob("*.png") if f"/{file.name})" not in text} == set()
    assert findings.table_places()["analysis/results/report/M1.md"] == "findings/solvers.md#m1"


def test_the_difficulty_of_each_scene_is_shown(making):
    text = making("difficulty").difficulty()
    assert "| `default` | 200 | 3.42 | 0.225 |" in text
    assert "pictures_validation_simple.png" in text


def test_guides_are_sections_of_contributing(making):
    pages = making("copied").copied_pages()
    origin, text = pages["how-to/add-a-solver.md"]
    assert origin == "CONTRIBUTING.md"
    assert text.startswith("# Add a solver\n")
    assert "## Add a matching loss\n" in text
    assert not re.search(r"\| test \||`tests/", pages["reference/faults.md"][1])


def test_every_experiment_and_sweep_is_listed(making):
    text = making("experiment_files").experiment_list()
    files = [*(CHECKOUT / "experiments").glob("[mp]*/**/*.yaml"), *(CHECKOUT / "sweeps").glob("*.yaml")]
    assert [file.name for file in files if f"`{file.name}`" not in text] == []


def test_all_of_the_library_is_documented(making):
    import mghp.matching

    pages = making("library").library_pages()
    assert {f"::: mghp.matching.{name}" for name in mghp.matching.__all__} <= set(
        pages["reference/api/mghp_matching.md"].splitlines()
    )
    assert "::: mghp.HumanParser" in pages["reference/api/mghp.md"]


@pytest.mark.parametrize(
    ("rows", "shown"),
    [
        (["| hard | a | 1 |", "| hard | b | 2 |"], ["| problems: hard {: .group } |  |", "| a | 1 |", "| b | 2 |"]),
        (["| hard | a | 1 |", "| easy | b | 2 |"], None),
        (["| 3 | a | 1 |", "| 3 | b | 2 |"], None),
        (
            ["| x | a | 1 |", "| y | a | 2 |", "| x | b | 3 |", "| y | b | 4 |", "| x | c | 5 |", "| y | c | 6 |"],
            [
                *("| problems: x {: .group } |  |", "| a | 1 |", "| b | 3 |", "| c | 5 |"),
                *("| problems: y {: .group } |  |", "| a | 2 |", "| b | 4 |", "| c | 6 |"),
            ],
        ),
    ],
)
def test_first_cells_that_repeat_are_headings_within_the_table(rows, shown, making):
    table = ["| problems | solver | gap |", "| --- | --- | ---: |", *rows]
    told = ["| solver | gap |", "| --- | ---: |", *shown] if shown else table
    assert making("tables").grouped("\n".join(table)).splitlines() == told


def test_a_heading_within_a_table_is_as_wide_as_the_table(making):
    row = '<tr>\n<td class="group">hard</td>\n<td></td>\n<td style="text-align: right;"></td>\n</tr>'
    assert '<th class="group" colspan="3"><span>hard</span></th>' in making("tables").for_phones(row)


def test_cells_below_each_other_have_their_columns_names(making):
    table = '<div class="stacked">\n<table><tr><th>you need</th><th>take</th></tr><tr><td>a</td><td>b</td></tr></table>'
    assert '<td data-name="take">b</td>' in making("tables").for_phones(table)


def test_words_of_the_report_stand_in_the_glossary(making):
    text = making("glossary").glossary_page()
    assert "\ncoupling\n:   Share of the assignment's derivatives" in text
