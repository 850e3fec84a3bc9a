import ast
import hashlib
import re
import subprocess
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

import mghp

CHECKOUT = Path(__file__).parents[1]
SOURCES = sorted((CHECKOUT / "mghp").rglob("*.py"))
TESTS = sorted((CHECKOUT / "tests").rglob("*.py"))
README = CHECKOUT / "README.md"
GATE = CHECKOUT / ".ci" / "run"
COMMANDS = ["pip install -e . && mghp reproduce", "pip install -e '.[test]' && pytest"]


def readme_commands():
    lines = [line.strip() for line in README.read_text().splitlines() if line.startswith("    pip install -e")]
    return [line.partition("#")[0].strip() for line in lines]


@pytest.mark.skipif(not README.is_file(), reason="there is no README yet")
def test_the_readme_has_the_two_commands():
    assert readme_commands() == COMMANDS


@pytest.mark.skipif(not (GATE.is_file() and README.is_file()), reason="there is no gate yet")
def test_the_gate_reads_its_commands_out_of_the_readme(tmp_path):
    """Its first lines, run on this README, find the two commands; on one that lost a command they fail."""
    head = GATE.read_text().partition("environment=$(mktemp")[0]
    for command in COMMANDS:
        assert command not in GATE.read_text()
    program = tmp_path / ".ci" / "run"
    program.parent.mkdir()
    program.write_text(head + "printf '%s\\n' \"${commands[@]}\"\n")
    for text, code in ((README.read_text(), 0), (README.read_text().replace(f"    {COMMANDS[1]}", "    "), 1)):
        (tmp_path / "README.md").write_text(text)
        process = subprocess.run(["bash", str(program)], capture_output=True, text=True)
        assert process.returncode == code, process.stderr
        if code == 0:
            assert process.stdout.splitlines() == COMMANDS


@pytest.mark.skipif(not GATE.is_file(), reason="there is no gate yet")
def test_the_gate_is_a_program_that_bash_can_read():
    assert GATE.stat().st_mode & 0o111
    assert subprocess.run(["bash", "-n", str(GATE)]).returncode == 0


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_a_module_says_what_it_is_for(path):
    docstring = ast.get_docstring(ast.parse(path.read_text()))
    assert (docstring and docstring.strip()) or (path.name == "__init__.py" and path.parent == CHECKOUT / "mghp")


def test_no_file_is_a_drawer_for_everything():
    names = {path.name for path in [*SOURCES, *TESTS]}
    assert not names & {"utils.py", "util.py", "helpers.py", "helper.py", "misc.py", "common.py"}


def test_names_of_test_files_are_unique():
    names = [path.name for path in TESTS if path.name != "conftest.py"]
    assert len(set(names)) == len(names)
    assert "__init__.py" not in names


@pytest.mark.parametrize("folder", ["mghp", "tests", "experiments", "sweeps", "analysis", "docs", "README.md", ".ci"])
def test_no_path_of_one_machine_is_written_down(folder):
    homes = tuple("/" + name + "/" for name in ("work", "home", "root", "Users"))
    files = [CHECKOUT / folder] if (CHECKOUT / folder).is_file() else (CHECKOUT / folder).rglob("*")
    for file in files:
        if file.suffix in (".py", ".yaml", ".md", ".ipynb", "") and file.is_file():
            text = file.read_text(errors="replace")
            assert not [home for home in homes if home in text], file


def test_the_version_is_one():
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    assert project["version"] == mghp.__version__ == version("mghp")


def test_both_forms_of_the_citation_cite_the_same():
    cff = yaml.safe_load((CHECKOUT / "CITATION.cff").read_text())
    (paper,) = cff["references"]
    bib = (CHECKOUT / "CITATION.bib").read_text().replace("{mghp}", "mghp")
    software_entry, paper_entry = re.split(r"\n(?=@)", bib)
    for entry, cited in ((software_entry, cff), (paper_entry, paper)):
        fields = dict(re.findall(r"(\w+) *= \{(.*?)\},?$", entry, re.MULTILINE))
        assert fields["title"] == cited["title"]
    assert cff["version"] in software_entry
    assert cff["version"] == mghp.__version__
    names = [f"{author['family-names']}, {author['given-names']}" for author in paper["authors"]]
    assert fields["author"] == " and ".join(names)
    assert [fields[key] for key in ("booktitle", "year", "url")] == [
        paper["collection-title"], str(paper["year"]), paper["url"],
    ]  # fmt: skip


@pytest.mark.parametrize("file", sorted((CHECKOUT / ".github" / "ISSUE_TEMPLATE").glob("*.yml")), ids=lambda f: f.stem)
def test_a_form_of_issues_is_one(file):
    """GitHub shows no form that lacks a name, a description or a question with a label."""
    form = yaml.safe_load(file.read_text())
    if file.stem == "config":
        assert form == {"blank_issues_enabled": True}
        return
    assert {"name", "description", "body"} <= form.keys()
    for question in form["body"]:
        assert question["type"] in ("input", "textarea")
        assert question["attributes"]["label"]


def test_the_readme_names_every_extra():
    extras = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    text = README.read_text()
    assert [name for name in extras if f"`{name}`" not in text] == []


def test_the_package_ships_its_types():
    assert (CHECKOUT / "mghp" / "py.typed").is_file()
    content = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    assert "py.typed" in content["tool"]["setuptools"]["package-data"]["mghp"]


def tracked_files():
    process = subprocess.run(["git", "-C", str(CHECKOUT), "ls-files", "-z"], capture_output=True)
    if process.returncode:
        pytest.skip("this is no checkout")
    names = process.stdout.decode().split("\0")
    return [CHECKOUT / name for name in names if name and (CHECKOUT / name).is_file()]


def test_the_checkout_s_results_are_few_files():
    """Runs lie in archives, and of a report there is what is looked at without a program."""
    results = CHECKOUT / "analysis" / "results"
    files = [path for path in tracked_files() if results in path.parents]
    assert len(files) < 150
    assert not [path for path in files if path.suffix in (".csv", ".tex", ".svg", ".html")]
    assert {path.suffix for path in files if results / "runs" in path.parents} == {".zip"}


@pytest.mark.parametrize(
    "page", ["README.md", "analysis/results/README.md", "docs/how-to/which-solver.md", "docs/explanation/theory.md"]
)
def test_what_a_page_links_to_is_tracked(page):
    file = CHECKOUT / page
    links = re.findall(r"\]\(([^)#:]+)\)", file.read_text(encoding="utf-8"))
    tracked = set(tracked_files())
    there = {*tracked, *(parent for path in tracked for parent in path.parents)}
    assert links
    assert not [link for link in links if (file.parent / link).resolve() not in there]


def test_the_top_level_is_the_design_s():
    allowed = {
        "pyproject.toml", "experiments", "mghp", "analysis", "tests", "sweeps", "README.md", "LICENSE", "CHANGELOG.md",
        "CONTRIBUTING.md", "CITATION.cff", "CITATION.bib", "docs", "mkdocs.yml",
    }  # fmt: skip
    top = {path.relative_to(CHECKOUT).parts[0] for path in tracked_files()}
    assert {name for name in top if not name.startswith(".")} <= allowed


def is_credited(picture):
    """Whether a file beside the picture names it, its owner and a licence that lets it be shared."""
    credit = picture.with_name(f"{picture.stem}_credit.md")
    return credit.is_file() and {picture.name, "by", "CC"} <= set(re.findall(r"[\w.]+", credit.read_text()))


def test_no_shared_data_is_copied_into_the_checkout(real_poses_file):
    """By content: no tracked file has the bytes of a file of data, but for pictures whose credit stands beside them."""
    shared = [path for path in real_poses_file.parents[1].rglob("*") if path.is_file() and path.stat().st_size > 1000]
    sizes = {path.stat().st_size for path in shared}
    suspects = [path for path in tracked_files() if path.stat().st_size in sizes and not is_credited(path)]
    digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in shared if path.stat().st_size in sizes}
    assert not [path for path in suspects if hashlib.sha256(path.read_bytes()).hexdigest() in digests]


def test_every_fault_of_the_table_is_a_test():
    text = (CHECKOUT / "analysis" / "results" / "benches" / "faults.md").read_text()
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if "`tests/" in line]
    assert len(rows) >= 25
    assert all(len(row) == 4 for row in rows)
    for row in rows:
        file, name = row[3].strip("`").split("::")
        defined = {node.name for node in ast.parse((CHECKOUT / file).read_text()).body if hasattr(node, "name")}
        assert name in defined, row[3]
