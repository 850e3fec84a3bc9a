"""`mghp export`: the program answers what the parser's own pieces answer, whichever runtime it is loaded into."""

import copy
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

import mghp.inference.export_files
from mghp.cli.main import app
from mghp.errors import InputError
from mghp.inference.export import DESCRIPTION_FILE, describe, export_program, least_side
from mghp.inference.export_files import check_export_files, picture_size
from mghp.inference.program import NUM_PEAKS, OUTPUTS, PictureProgram, exported_matcher
from mghp.matching import make_matcher
from mghp.matching.solvers import PGDDykstraConfig
from mghp.out_folder import LIST
from mghp.parsing.network.backbone import Normalised
from mghp.training.build import build_module, load_module

SIZES = [(32, 48), (64, 64), (80, 112)]
"""(height, width): the smallest there is, a square, and one of other multiples."""

TINY = (
    "network.backbone.kwargs.channels=[4,6,8,8]", "network.backbone.kwargs.blocks=[0,0,0,0]", "network.width=8",
    "network.levels=2", "network.decoder_blocks=0", "network.aspp_rates=[1]", "assembly.peak_threshold=0.7",
)  # fmt: skip


@pytest.fixture(scope="module")
def run(small_config, tmp_path_factory):
    """A run folder with a checkpoint whose heatmaps have peaks, far from equal, and whose fields are not flat."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    module = build_module(small_config(*TINY))
    with torch.no_grad():
        module.network.keypoints.output.weight *= 100
        module.network.keypoints.output.bias.zero_()
        module.network.limbs.output.weight *= 100
    module.label_balance.observe(torch.randint(0, 4, (1000,), dtype=torch.uint8))
    folder = tmp_path_factory.mktemp("run")
    (folder / "checkpoints").mkdir()
    content = {"mghp_config": module.config_text, "state_dict": module.state_dict()}
    torch.save(content, folder / "checkpoints" / "last.ckpt")
    return folder


@pytest.fixture(scope="module")
def eager(run):
    module, config = load_module(run / "checkpoints" / "last.ckpt")
    return PictureProgram(module, config.matcher.pgd_dykstra)


@pytest.fixture(scope="module")
def files(run, tmp_path_factory):
    """Both files, as the command writes them."""
    folder = tmp_path_factory.mktemp("exported")
    both = [folder / "parser.onnx", folder / "parser.pt2"]
    outs = [argument for file in both for argument in ("--out", str(file))]
    result = CliRunner().invoke(app, ["export", str(run), *outs], catch_exceptions=False)
    assert result.stdout.split() == list(map(str, both))
    assert sorted(file for file in folder.iterdir() if file.name != LIST) == both
    return both


def test_no_file_of_others_is_replaced(run, files, tmp_path):
    check_export_files(files)  # its own
    for _ in range(2):  # the weights alone, which take the least time
        again = CliRunner().invoke(app, ["export", str(run), "--out", str(tmp_path / "w.ckpt")], catch_exceptions=False)
        assert again.exit_code == 0
    mine = tmp_path / "parser.onnx"
    mine.write_text("mine")
    with pytest.raises(InputError, match=r"parser\.onnx: would be replaced, but mghp did not write it"):
        CliRunner().invoke(app, ["export", str(run), "--out", str(mine)], catch_exceptions=False)
    assert mine.read_text() == "mine"


def picture(height, width):
    generator = torch.Generator().manual_seed(height + width)
    return torch.randint(0, 256, (1, 3, height, width), dtype=torch.uint8, generator=generator)


def assert_same(found, expected):
    assert list(found) == list(expected)
    for name, value in expected.items():
        torch.testing.assert_close(
            torch.as_tensor(found[name]), value, atol=1e-4, rtol=1e-4, msg=lambda m, n=name: f"{n}: {m}"
        )


@torch.no_grad()
def answer(eager, image):
    """Eager's outputs: some but not all candidates are there, and the matcher decides between them."""
    expected = eager(image)
    assert 0 < expected["is_candidate"].float().mean() < 1
    assert expected["assignment"].max() > 0.1
    return expected


def test_onnxruntime_answers_as_eager_does(files, eager):
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(files[0])
    names = [output.name for output in session.get_outputs()]
    for size in SIZES:
        image = picture(*size)
        found = dict(zip(names, session.run(None, {"image": image.numpy()}), strict=True))
        assert_same(found, answer(eager, image))
    described = session.get_modelmeta().custom_metadata_map
    assert list(json.loads(described["outputs"])) == names
    assert len(json.loads(described["keypoints"])) == 17


def test_the_script_decodes_an_onnx_file_as_the_assembly_does(files, eager, decoder):
    onnxruntime = pytest.importorskip("onnxruntime")
    image = picture(64, 64)
    session = onnxruntime.InferenceSession(files[0])
    pixels = Image.fromarray(image[0].permute(1, 2, 0).numpy())
    (parts, person_ids, keypoints), about = decoder.run(session, pixels)
    assembler = copy.deepcopy(eager.module.assembler)
    assembler.config = replace(assembler.config, max_peaks=NUM_PEAKS, read_missing_keypoints=False)
    assembler.matcher = eager.matcher
    with torch.no_grad():
        expected = assembler(eager.module.fields(image))[0]
    assert about["size"]["longest_side"] == 64
    assert (parts == expected.parts).mean() > 0.99
    assert keypoints.shape == expected.keypoints.shape
    np.testing.assert_allclose(keypoints, expected.keypoints, atol=1e-2)
    assert (person_ids == expected.person_ids).mean() > 0.99


def test_a_pt2_file_answers_as_eager_does(files, eager):
    extra = {DESCRIPTION_FILE: ""}
    program = torch.export.load(files[1], extra_files=extra).module()
    for size in SIZES:
        image = picture(*size)
        assert_same(program(image), answer(eager, image))
    with pytest.raises(AssertionError, match="16"):
        program(picture(40, 48))  # no multiple
    assert list(json.loads(extra[DESCRIPTION_FILE])["outputs"]) == [
        name for name in OUTPUTS if name not in ("centers", "limb_offsets", "pose_offsets")
    ]


def test_what_the_program_answers_is_what_the_parser_s_pieces_answer(eager):
    """Its fields are the module's; its candidates and affinities those of the assembly that keeps as many peaks."""
    module = eager.module
    module.assembler.config = replace(module.assembler.config, max_peaks=NUM_PEAKS)
    image = picture(64, 64)
    found = answer(eager, image)
    with torch.no_grad():
        fields = module.fields(image)
        candidates = module.assembler.candidates(fields)
        scored = module.assembler.affinity(fields, candidates)
        matcher = make_matcher("pgd_dykstra", num_steps=10, num_cycles=3, step_size=0.05)
        assignment = matcher(scored.affinity, scored.source_mask, scored.destination_mask)
    number = candidates.scores.shape[-1]
    assert torch.equal(found["part_logits"], fields.part_logits)
    assert torch.equal(found["projection"], fields.projection)
    assert torch.equal(found["positions"][:, :, :number], candidates.positions_input)
    torch.testing.assert_close(found["affinity"][..., :number, :number], scored.affinity)
    torch.testing.assert_close(found["assignment"][..., :number, :number], assignment)


def test_a_program_normalises_as_its_network_does(run):
    module, config = load_module(run / "checkpoints" / "last.ckpt")
    image = picture(32, 48)
    as_trained = module.fields(image).part_logits
    module.network.normalised = Normalised((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    expected = module.fields(image).part_logits
    assert not torch.allclose(expected, as_trained)
    found = export_program(module, config, (32, 48)).module()(image)
    torch.testing.assert_close(found["part_logits"], expected)
    assert describe(module, config, None)["image"].endswith("by grey (128, 128, 128).")


def test_the_matcher_keeps_its_reach():
    """T alpha, by which it acts; the other options stay."""
    matcher = exported_matcher(PGDDykstraConfig(num_steps=50, num_cycles=5, step_size=0.02, warm_start=True))
    assert matcher.config == PGDDykstraConfig(10, 3, 0.1, warm_start=True, backend="torch")


def test_one_size_only(eager, small_config, monkeypatch):
    asked = []
    monkeypatch.setattr(
        torch.export, "export", lambda _, example, dynamic_shapes: asked.append((example, dynamic_shapes))
    )
    export_program(eager.module, small_config(*TINY), (32, 48))
    (((image,), dynamic),) = asked
    assert image.shape == (1, 3, 32, 48)
    assert dynamic is None


@pytest.mark.parametrize("size", [(40, 48), (16, 64), (64, 0)])
def test_sizes_that_do_not_fit_are_refused(eager, small_config, size):
    with pytest.raises(InputError, match="multiples of 16 from 32"):
        export_program(eager.module, small_config(*TINY), size)


def test_the_smallest_picture_has_a_cell_for_every_peak(eager, monkeypatch):
    assert least_side(eager.module) == 32
    monkeypatch.setitem(eager.module.network.strides, "keypoints", 16)
    assert least_side(eager.module) == 64


@pytest.mark.parametrize("text", ["", "64", "64x", "0x64", "64x-32", "64x64x64", "1e2x64", "999999x64"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(InputError, match="--size: expected HEIGHTxWIDTH"):
        picture_size(text)


def test_a_size_that_no_machine_could_meet_is_refused():
    with pytest.raises(InputError, match="--size must be 1 to 16384, got 99999"):
        picture_size("64x99999")


def test_a_size_may_stay_open():
    assert picture_size(None) is None
    assert picture_size("384x512") == (384, 512)


def test_files_that_cannot_be_written_are_refused(tmp_path, monkeypatch):
    check_export_files([tmp_path / "new" / "a.pt2"])
    (tmp_path / "b.pt2").mkdir()
    (tmp_path / "file").touch()
    for name, expected in (("a.pt", r"\.onnx or \.pt2"), ("b.pt2", "a folder"), ("file/c.pt2", "no writable folder")):
        with pytest.raises(InputError, match=expected):
            check_export_files([tmp_path / name])
    monkeypatch.setattr(mghp.inference.export_files, "find_spec", lambda name: None)
    check_export_files([tmp_path / "a.pt2"])
    with pytest.raises(InputError, match=r"onnx and onnxscript missing; pip install 'mghp\[export\]'"):
        check_export_files([tmp_path / "a.onnx"])
