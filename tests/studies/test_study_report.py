import pytest
from planted_trainings import plant, plant_components, plant_rotations

from mghp.report.study import MOST_WORDS, Question, Study
from mghp.reproduce.finished import COMMITTED
from mghp.runs.read import find_runs
from mghp.studies.components.tables import BASELINE, FILE
from mghp.studies.registry import STUDIES, all_questions
from mghp.studies.report import all_tables, is_evidence, write_answers
from mghp.studies.rotation.tables import PLAIN, UPRIGHT
from mghp.studies.variants import labels_of
from mghp.studies.verdicts.claims import GAINS, claims
from mghp.studies.verdicts.study import drawings as verdict_drawings


def test_what_no_run_is_for_is_not_written(tmp_path):
    assert all_tables([]) == []
    assert write_answers([], tmp_path) == []
    assert not list(tmp_path.iterdir())


def test_evidence_takes_several_seeds(tmp_path):
    alone = plant(tmp_path, "components", "full", 0, 0.5)
    assert not is_evidence([alone])
    assert is_evidence([alone, plant(tmp_path, "components", "full", 1, 0.5)])
    assert is_evidence([])


def test_no_table_question_or_figure_stands_twice():
    questions = all_questions()
    for names in (
        [table.name for question in questions for table in question.tables],
        [question.text for question in questions],
        [begins for question in questions for begins in question.figures],
    ):
        assert len(set(names)) == len(names)


def answers_to(runs, study):
    return [question.answer(runs) for question in study.questions]


def too_long(answers):
    return [answer for answer in answers if len(answer.split()) > MOST_WORDS]


@pytest.fixture(scope="session")
def committed():
    return find_runs([COMMITTED])


@pytest.fixture(scope="session")
def planted(tmp_path_factory):
    """Trainings by whose numbers answers are as long as they get: long names, several seeds, nothing equal."""
    folder = tmp_path_factory.mktemp("runs")
    labels = labels_of(FILE)
    longest = max(labels, key=lambda name: len(labels[name].split()))
    scores = {name: 0.4 + 0.01 * place for place, name in enumerate(labels)} | {longest: 0.7}
    runs = plant_components(folder, scores)
    runs += [plant(folder, "components", name, seed, 0.5) for name in (BASELINE, longest) for seed in (3, 4)]
    for variant in (BASELINE, "without_matching_loss"):
        runs += [plant(folder, "matching_long", variant, seed, 0.8 + 0.01 * seed, steps=3700) for seed in range(3)]
    for rotations in (PLAIN, UPRIGHT):
        scores = {angle: dict.fromkeys(rotations.test_sets, 0.4 - angle / 1000) for angle in (0.0, 180.0)}
        runs += plant_rotations(folder, scores, rotations=rotations)
    steps = {f"assembly/{step}/ap_p_vol": score for step, score in (("projection", 1.0), ("field_resolution", 0.5))}
    return [*runs, plant(folder, "synthetic_10min", "", 0, 0.5, metrics={**steps, "tag/upside_down/person_iou": 0.2})]


@pytest.mark.parametrize("name", STUDIES)
def test_answers_of_planted_runs_are_short(planted, name):
    found = answers_to(planted, STUDIES[name].load())
    assert too_long(found) == []
    if name in ("parsing", "components", "rotation"):
        assert all(found)


@pytest.mark.parametrize("name", STUDIES)
def test_answers_of_the_committed_runs_are_short(committed, name):
    found = answers_to(committed, STUDIES[name].load())
    assert too_long(found) == []
    if name == "learned":
        assert all(found)


def test_verdicts_on_the_committed_runs_are_what_their_intervals_tell(committed, monkeypatch):
    found = claims(committed)
    monkeypatch.setattr("mghp.studies.verdicts.study.claims", lambda runs: found)  # which take seconds
    assert len(verdict_drawings(committed)["verdicts"]().axes[0].get_yticklabels()) == len(found)
    for claim in found:
        _, low, high = claim.comparison.difference[:3]
        if claim.verdict == "undecided":
            assert low < 0 < high
        if claim.verdicts is GAINS and claim.verdict == "yes":
            assert low > 0
        if claim.verdicts is GAINS and claim.verdict == "no":
            assert high <= claim.comparison.bound


def test_an_answer_that_is_too_long_is_found(planted):
    study = Study((Question("?", lambda runs: "word " * (MOST_WORDS + 1)),))
    assert too_long(answers_to(planted, study))
