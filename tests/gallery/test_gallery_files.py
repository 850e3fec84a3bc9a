import json
import re
import sys
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest

import mghp.cli.main
from mghp.errors import InputError
from mghp.gallery.cases import read_cases
from mghp.gallery.page import legends
from mghp.gallery.paired_cases import compare
from mghp.gallery.qualitative import failures_by_tag, good_pictures
from mghp.gallery.sources import check_sources, split_sources
from mghp.gallery.write import write_comparison, write_gallery
from mghp.parsing.checkpoint_places import SHIPPED_FILE


class Elements(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found, self.data, self._in_data = [], "", False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        self._in_data = dict(attributes).get("id") == "data"

    def handle_endtag(self, tag):
        self._in_data = self._in_data and tag != "script"

    def handle_data(self, data):
        self.data += data if self._in_data else ""


def test_a_page_holds_its_cases_and_copies_of_their_pictures_alone(made, tmp_path):
    run = made(50)
    page, sheets = write_gallery([run], tmp_path)
    assert page.parent == sheets.parent == tmp_path / "gallery" / "made_up-0"
    elements = Elements(page.read_text())
    entries = json.loads(elements.data)["entries"]
    assert [entry["id"] for entry in entries] == [case["id"] for case in read_cases(run).cases]
    named = [*(entry["thumbnail"] for entry in entries)]
    named += [value for _, given in elements.found for key, value in given.items() if key in ("src", "href")]
    assert all((page.parent / name).is_file() for name in named if not name.startswith("data:"))
    assert len(list((page.parent / "data").iterdir())) == 2


@pytest.mark.parametrize(
    "write", [lambda runs, out: write_gallery(runs[:1], out), lambda runs, out: write_comparison(*runs, out)]
)
def test_no_text_of_the_data_becomes_an_element(write, made, changed, hostile, tmp_path):
    kinds = ["right", "missed"]

    def with_kinds(kind):
        return lambda content: [case.update(kind=kind, cause=None, true_person=0) for case in content["cases"]]

    plain_runs = [changed(made(6, seed), with_kinds(kind)) for seed, kind in enumerate(kinds)]
    plain = write(plain_runs, tmp_path / "plain")
    spoilt = write([hostile(run)[0] for run in plain_runs], tmp_path / "hostile")
    for one, other in zip(plain, spoilt, strict=True):
        before, after = (Elements(page.read_text()).found for page in (one, other))
        assert [(tag, *given) for tag, given in before] == [(tag, *given) for tag, given in after]
        assert "onerror" in other.read_text()
    assert "\u2028" not in re.search("<script type.*", spoilt[0].read_text())[0]
    for script in spoilt[0].parent.glob("data/*.js"):
        assert not re.search("</script|\u2028", script.read_text())


def test_addresses_of_pictures_are_quoted(made, changed, tmp_path):
    run = made(1)
    folder = read_cases(run).folder
    (folder / "thumbnail_0000.png").rename(folder / "a?b#c %41.png")
    page = write_gallery(
        [changed(run, lambda content: content["cases"][0]["images"].update(thumbnail="a?b#c %41.png"))], tmp_path
    )[0]
    assert json.loads(Elements(page.read_text()).data)["entries"][0]["thumbnail"] == "pictures/a%3Fb%23c%20%2541.png"


def test_numbers_that_json_lacks_become_gaps(made, changed, tmp_path):
    def spoil(content):
        content["cases"][0]["limbs"][0]["trace"]["gap"][3] = float("nan")

    page = write_gallery([changed(made(1), spoil)], tmp_path)[0]
    text = (page.parent / "data" / "0.js").read_text()
    details = json.loads(text[text.index("[") : text.rindex("]") + 1])
    assert details[0]["sides"][0]["limbs"][0]["trace"]["gap"][3] is None


def test_an_earlier_page_leaves_nothing_behind(made, tmp_path):
    write_gallery([made(50)], tmp_path)
    page = write_gallery([made(1)], tmp_path)[0]
    assert len(list((page.parent / "data").iterdir())) == 1
    assert len(list((page.parent / "pictures").glob("thumbnail*"))) == 1


def test_runs_of_one_name_have_pages_of_their_own(made, tmp_path):
    pages = write_gallery([made(1), made(2)], tmp_path)
    assert len(set(pages)) == 4


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda content: content.update(schema=9), "schema 1"),
        (lambda content: content.pop("set"), "'set'"),
        (lambda content: content.update(parts={"head": "red"}), "parts {'head': 'red'}: expected a colour #rrggbb"),
        (lambda content: content["cases"][0].pop("tags"), "cases[0]: expected a key 'tags'"),
        (lambda content: content["cases"][1].update(kind="odd"), "cases[1]: kind 'odd'"),
        (lambda content: content["cases"][1].update(score=float("nan")), "cases[1]: score nan"),
        (lambda content: content["cases"][1].update(id=content["cases"][0]["id"]), "twice"),
        (lambda content: content["cases"][0]["images"].update(thumbnail="../cases.txt"), "below"),
        (lambda content: content["cases"][0]["images"].update(thumbnail="/etc/hostname"), "below"),
        (lambda content: content["cases"][0]["images"].update(thumbnail="none.png"), "none.png: no such file"),
    ],
)  # fmt: skip
def test_faulty_cases_are_told_in_one_line(edit, words, made, changed, tmp_path):
    with pytest.raises(InputError) as caught:
        write_gallery([changed(made(2), edit)], tmp_path)
    assert words in str(caught.value)


def test_a_legend_has_what_the_cases_tell(made, changed):
    run = made(2)
    assert [legend.layer for legend in legends(read_cases(run))] == ["parts", "skeletons"]
    changed(run, lambda content: content.pop("parts"))
    assert [legend.layer for legend in legends(read_cases(run))] == ["skeletons"]


def kinds_of(*kinds):
    def edit(content):
        for number, (case, kind) in enumerate(zip(content["cases"], kinds, strict=True)):
            case.update(id=f"{number}-t0", kind=kind, cause=None, true_person=0, score=0.5)

    return edit


def test_cases_are_joined_by_their_ids(made, changed, tmp_path):
    first = changed(made(5, 1), kinds_of("right", "right", "missed", "split", "merged"))
    second = changed(made(5, 2), kinds_of("right", "merged", "right", "right", "split"))
    changed(second, lambda content: content["cases"].reverse())
    compared = compare(read_cases(first), read_cases(second))
    assert [one["id"] for one, _ in compared.differing] == ["1-t0", "2-t0", "3-t0"]
    assert all(one["id"] == other["id"] for one, other in compared.differing)
    assert (compared.both_right, compared.both_wrong) == (1, 1)
    (page,) = write_comparison(first, second, tmp_path)
    entries = json.loads(Elements(page.read_text()).data)["entries"]
    assert [(entry["better"], entry["kind"]) for entry in entries] == [
        ("right in A", "merged"), ("right in B", "missed"), ("right in B", "split"),
    ]  # fmt: skip
    assert "1 persons are right in A alone, 2 in B alone; 1 in both, 1 in neither, of whom" in page.read_text()


def test_of_persons_whom_both_get_wrong_those_are_shown_whom_one_comes_closer_to(made, changed, tmp_path):
    def scored(*scores):
        def edit(content):
            for case, score in zip(content["cases"], scores, strict=True):
                case.update(score=score)

        return edit

    kinds = ("missed", "split", "merged", "split", "right")
    first, second = (changed(made(5, seed), kinds_of(*kinds)) for seed in (1, 2))
    changed(first, scored(0.0, 0.5, 0.3, 0.3, 0.9))
    changed(second, scored(0.25, 0.125, 0.35, 0.3, 0.6))
    compared = compare(read_cases(first), read_cases(second))
    assert (compared.differing, compared.both_wrong) == ([], 4)
    (page,) = write_comparison(first, second, tmp_path)
    entries = json.loads(Elements(page.read_text()).data)["entries"]
    assert [(entry["better"], entry["id"], entry["score"]) for entry in entries] == [
        ("closer in B", "0-t0", 0.0), ("closer in A", "1-t0", 0.125),
    ]  # fmt: skip
    assert "4 in neither, of whom A comes closer to 1 and B to 1, by at least 0.1 of" in page.read_text()


def test_spurious_and_unpaired_persons_are_counted_and_left_out(made, changed):
    first = changed(made(4, 1), kinds_of("right", "right", "right", "right"))
    second = changed(made(4, 2), kinds_of("missed", "right", "right", "spurious"))
    changed(second, lambda content: content["cases"][3].update(true_person=None))
    compared = compare(read_cases(first), read_cases(second))
    assert (len(compared.differing), compared.unpaired, compared.spurious) == (1, 1, (0, 1))


def test_runs_of_different_pictures_are_not_compared(made, tmp_path):
    with pytest.raises(InputError, match=r"different picture sets.*made up 2 and made up 3"):
        write_comparison(made(2), made(3), tmp_path)


def test_good_pictures_are_the_middle_of_the_better_quarter():
    cases = [{"picture": k // 2, "score": 1 - k / 400, "true_person": k % 2} for k in range(400)]
    assert [some[0]["picture"] for some in good_pictures(cases, 4)] == [23, 24, 25, 26]
    assert len(good_pictures(cases[:2], 4)) == 1
    assert [some[0]["picture"] for some in good_pictures(cases[:32], 4)] == [
        1,
        2,
        3,
    ]  # a quarter of 16, without the best
    assert good_pictures([], 4) == []


def test_the_failure_sheet_has_the_worst_of_each_tag_and_no_picture_twice():
    def case(picture, score, *tags, kind="missed"):
        return {"picture": picture, "score": score, "tags": tags, "kind": kind}

    cases = [
        case("a", 0.3, "dim"),
        case("b", 0.1, "dim", "small"),
        case("c", 0.2, "dim"),
        case("d", 0, "dim", kind="right"),
    ]
    assert [(tag, one["picture"]) for tag, one in failures_by_tag(cases)] == [("small", "b"), ("dim", "c")]
    assert [what for what, _ in failures_by_tag([case("a", 0.1), case("b", 0.1, kind="split")])] == ["missed", "split"]


def test_settings_are_told_from_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lr=1").mkdir()
    runs, settings = split_sources(["lr=1", "other", "seed=3"])
    assert ([str(run) for run in runs], settings) == (["lr=1", "other"], ["seed=3"])


def test_the_weights_that_ship_are_a_source_by_their_name():
    runs, settings = split_sources(["shipped", "data.truth_tags=true"])
    assert (runs, settings) == ([SHIPPED_FILE], ["data.truth_tags=true"])
    check_sources(runs, settings)


@pytest.fixture
def command(monkeypatch, capsys):
    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["mghp", "gallery", *map(str, arguments)])
        try:
            mghp.cli.main.main()
        except SystemExit as ended:
            return ended.code, capsys.readouterr()
        return 0, capsys.readouterr()

    return call


def test_the_command_writes_pages_of_all_runs_below_a_folder(command, made, tmp_path):
    runs = [made(3, seed) for seed in (1, 2)]
    code, output = command(*runs, "--out", tmp_path)
    assert code == 0
    assert len(output.out.split()) == 4
    assert all((tmp_path / "gallery" / f"made_up-{seed}" / "index.html").is_file() for seed in (1, 2))
    code, output = command("--compare", *runs, "--out", tmp_path)
    assert code == 0
    assert "compare-made_up-1-made_up-2" in output.out


def test_failures_of_a_training_are_found_with_its_settings(command, made, tmp_path, monkeypatch):
    asked = []

    def run_failures(source, overrides, progress):
        asked.append((source, overrides))
        return made(2)

    monkeypatch.setitem(sys.modules, "mghp.studies.failures.run", SimpleNamespace(run_failures=run_failures))
    training = tmp_path / "training"
    training.mkdir()
    code, _ = command(training, "seed=3", "--out", tmp_path / "out")
    assert (code, asked) == (0, [(training, ["seed=3"])])
    assert (tmp_path / "out" / "gallery" / "made_up-0" / "index.html").is_file()


def test_what_the_command_cannot_do_is_one_line(command, made, tmp_path):
    run, other = made(2), made(3)
    out = ("--out", tmp_path / "out")
    for arguments, words in (
        (["none"], "none: no such run folder"),
        (["seed=1"], "expected a run folder"),
        ([run, "seed=1"], "holds its cases already"),
        (["--compare", run], "expected two runs, got 1"),
        (["--compare", run, other], "different picture sets"),
    ):
        code, output = command(*arguments, *out)
        assert (code, output.out, len(output.err.splitlines())) == (2, "", 1), arguments
        assert words in output.err
    assert not (tmp_path / "out").exists()
