import pytest

from mghp.config import Config
from mghp.experiments.reproduction.jobs import Job, Part, Remaining, run_part


def job(tmp_path, name, ran, seconds=60.0):
    folder = tmp_path / name

    def run(progress):
        ran.append(name)
        progress(1, 4, "half-way")
        folder.mkdir()
        return folder

    return Job(Config(experiment=name), seconds, lambda: folder if folder.exists() else None, run)


def nothing(*_):
    """No progress to show."""


def test_what_is_finished_is_adopted_and_the_rest_is_run_in_order(tmp_path):
    ran = []
    part = Part("some", [job(tmp_path, name, ran) for name in "abc"])
    (tmp_path / "b").mkdir()
    done = run_part(part, Remaining([part]), nothing)
    assert ran == ["a", "c"]
    assert done.adopted == 1
    assert [folder.name for folder in done.folders] == ["a", "b", "c"]
    assert run_part(part, Remaining([part]), nothing).adopted == 3
    assert ran == ["a", "c"]


def test_an_interrupted_part_goes_on_where_it_stopped(tmp_path):
    ran = []
    jobs = [job(tmp_path, name, ran) for name in "abc"]

    def interrupt(progress):
        raise KeyboardInterrupt

    broken = [jobs[0], Job(jobs[1].config, 1, jobs[1].finished, interrupt), jobs[2]]
    with pytest.raises(KeyboardInterrupt):
        run_part(Part("some", broken), Remaining([]), nothing)
    run_part(Part("some", jobs), Remaining([]), nothing)
    assert ran == ["a", "b", "c"]


def test_progress_names_the_part_the_run_and_what_it_says_itself(tmp_path):
    told = []
    part = Part("some", [job(tmp_path, name, [], seconds=120) for name in "ab"])
    run_part(part, Remaining([part]), lambda *state: told.append(state))
    assert told[0] == (0, 2, "some 1/2: a, about 4 min left")
    assert told[1] == (1, 4, "a: half-way, about 4 min left")
    assert told[2][:2] == (1, 2)
    assert told[2][2].startswith("some 2/2: b, about ")


def test_the_time_left_follows_how_fast_this_machine_is(tmp_path):
    jobs = [job(tmp_path, name, [], seconds=100) for name in "abcd"]
    remaining = Remaining([Part("some", jobs)])
    assert remaining.seconds == 400
    remaining.adopt(jobs[0])
    assert remaining.seconds == 300
    remaining.finish(jobs[1], 250)  # two and a half times as long as expected
    assert remaining.seconds == pytest.approx(500)
    assert str(remaining) == "about 8 min left"
