import json

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask

from mghp.errors import InputError
from mghp.inference.given_persons import (
    CenterFile,
    JsonPersons,
    MaskFolder,
    boxes_of,
    masks_of,
    picture_names,
    poses_reader,
)

SIZE = (4, 6)
MASKS = np.zeros((2, 4, 6), bool)
MASKS[0, :, :3], MASKS[1, 1:3, 2:] = True, True


def run_lengths(mask):
    code = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    return {"size": code["size"], "counts": code["counts"].decode()}


def entry(person, **more):
    return {
        "image_id": 7, "category_id": 1, "bbox": [person, 1, 2, 3], "segmentation": run_lengths(MASKS[person]),
        "keypoints": [1.5, 2.5, 0.5 + person, 0, 0, 0], **more,
    }  # fmt: skip


def annotations(**more):
    return {
        "images": [{"id": 7, "file_name": "a.jpg", "height": 4, "width": 6},
                   {"id": 8, "file_name": "nobody.jpg", "height": 4, "width": 6}],
        "categories": [{"id": 1, "name": "person"}, {"id": 2, "name": "dog"}],
        "annotations": [entry(0, **more), entry(1, **more), entry(0, category_id=2), entry(0, iscrowd=1)],
    }  # fmt: skip


READERS = {"poses": poses_reader(2), "boxes": boxes_of, "masks": masks_of}
EXPECTED = {
    "poses": [[[1.5, 2.5, 0.5], [0, 0, 0]], [[1.5, 2.5, 1.5], [0, 0, 0]]],
    "boxes": [[0, 1, 2, 4], [1, 1, 3, 4]],
    "masks": MASKS,
}


def write(file, content):
    file.write_text(json.dumps(content))
    return file


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("form", ["annotations", "results", "named results", "padded results"])
def test_every_form_of_coco_s_gives_the_persons_of_a_picture(tmp_path, kind, form):
    content = annotations() if form == "annotations" else annotations()["annotations"][:3]
    names = write(tmp_path / "names.json", {"7": "a.jpg"}) if form == "named results" else None
    persons = JsonPersons(kind, write(tmp_path / "persons.json", content), READERS[kind], names)
    given = persons.of({"results": "7", "padded results": "000007"}.get(form, "a"), SIZE)
    assert list(given) == [kind]
    np.testing.assert_array_equal(given[kind], EXPECTED[kind])


def test_a_picture_of_nobody_is_no_fault_but_an_unknown_one_is(tmp_path):
    persons = JsonPersons("boxes", write(tmp_path / "persons.json", annotations()), boxes_of)
    assert len(persons.of("nobody", SIZE)["boxes"]) == 0
    with pytest.raises(InputError, match=r"boxes .*persons\.json: no entry of picture b, which has a part map$"):
        persons.refuse_unknown("b")
    results = JsonPersons("boxes", write(tmp_path / "results.json", []), boxes_of)
    with pytest.raises(InputError, match=r"results\.json: no entry of picture b.*; who has nobody is known only from"):
        results.refuse_unknown("b")


def test_scores_are_read_and_the_unsure_left_out(tmp_path):
    content = [entry(0, score=0.9), entry(1, score=0.2)]
    file = write(tmp_path / "persons.json", content)
    given = JsonPersons("boxes", file, boxes_of).of("7", SIZE)
    assert given["scores"].tolist() == [0.9, 0.2]
    assert len(JsonPersons("boxes", file, boxes_of, least_score=0.5).of("7", SIZE)["boxes"]) == 1


def test_confidences_stand_beside_predicted_keypoints(tmp_path):
    content = [entry(0, keypoints=[1, 2, 2, 3, 4, 2], keypoint_scores=[0.75, 0.25])]
    given = JsonPersons("poses", write(tmp_path / "poses.json", content), poses_reader(2)).of("7", SIZE)
    assert given["poses"].tolist() == [[[1, 2, 0.75], [3, 4, 0.25]]]


@pytest.mark.parametrize(("change", "told"), [
    ({"keypoints": [1, 2, 2]}, "keypoints must hold 3 numbers each of 2 keypoints, got 3 values"),
    ({"keypoints": [1, float("nan"), 2, 0, 0, 0]}, "expected finite keypoints"),
    ({"keypoints": [1, "x", 2, 0, 0, 0]}, "all must be numbers"),
    ({"keypoints": "none"}, "keypoints must be of type list"),
    ({"bbox": [0, 1, 2]}, "bbox: expected 4 finite numbers each"),
    ({"bbox": [0, 1, -2, 1]}, "bbox of negative size"),
    ({"segmentation": run_lengths(MASKS[0, :2])}, "a mask of 6x2 pixels in a picture of 6x4"),
    ({"segmentation": "rle"}, "segmentation must be an object or of type list"),
    ({"score": "high"}, "score: expected 1 finite numbers"),
])  # fmt: skip
def test_a_fault_is_told_with_file_and_entry(tmp_path, change, told):
    kind = {"bbox": "boxes", "segmentation": "masks"}.get(next(iter(change)), "poses")
    file = write(tmp_path / "persons.json", [entry(0, **change)])
    with pytest.raises(InputError, match=told) as caught:
        JsonPersons(kind, file, READERS[kind]).of("7", SIZE)
    assert "persons.json: [0]" in str(caught.value)


def test_another_size_than_the_part_map_s_is_told(tmp_path):
    persons = JsonPersons("boxes", write(tmp_path / "persons.json", annotations()), boxes_of)
    with pytest.raises(InputError, match=r"persons\.json: picture a: 6x4 pixels, the part map 12x8"):
        persons.of("a", (8, 12))


@pytest.mark.parametrize(("content", "told"), [
    ("{", "broken JSON"), ("7", "expected a JSON object"), ("[7]", r"\[0\]: expected an object, got 7"),
    ("[{}]", "expected a key 'image_id'"),
])  # fmt: skip
def test_what_is_no_file_of_persons_is_told(tmp_path, content, told):
    file = tmp_path / "persons.json"
    file.write_text(content)
    with pytest.raises(InputError, match=told):
        JsonPersons("boxes", file, boxes_of)


def test_names_come_from_coco_s_images_or_from_an_object(tmp_path):
    assert picture_names(write(tmp_path / "coco.json", annotations())) == {"7": "a", "8": "nobody"}
    with pytest.raises(InputError, match=r"names\.json: expected COCO's images, or an object from ids to file names"):
        picture_names(write(tmp_path / "names.json", [1]))
    names = write(tmp_path / "names.json", {"8": "a.jpg"})
    with pytest.raises(InputError, match=r"\[0\]: image_id '7' is not among the names"):
        JsonPersons("boxes", write(tmp_path / "persons.json", [entry(0)]), boxes_of, names)


NUMBERS = MASKS[0] + 2 * (MASKS[1] & ~MASKS[0]).astype(np.uint8)


def test_masks_in_every_form_of_a_folder(tmp_path):
    Image.fromarray(NUMBERS).save(tmp_path / "numbers.png")
    Image.fromarray(NUMBERS).save(tmp_path / "ours_persons.png")
    np.save(tmp_path / "array.npy", MASKS)
    write(tmp_path / "anything.json", [{"segmentation": run_lengths(mask)} for mask in MASKS])
    (tmp_path / "each").mkdir()
    for person, mask in enumerate(MASKS):
        Image.fromarray((255 * mask).astype(np.uint8)).save(tmp_path / "each" / f"{person}.png")
    folder = MaskFolder(tmp_path)
    for name in ("array", "anything", "each"):
        np.testing.assert_array_equal(folder.of(name, SIZE)["masks"], MASKS)
    for name in ("numbers", "ours"):
        np.testing.assert_array_equal(folder.of(name, SIZE)["masks"], NUMBERS)


def test_faulty_masks_are_told_with_the_file(tmp_path):
    Image.fromarray(NUMBERS[:2]).save(tmp_path / "small.png")
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "each").mkdir()
    Image.fromarray(NUMBERS[:2]).save(tmp_path / "each" / "0.png")
    folder = MaskFolder(tmp_path)
    for name, told in (
        ("small", r"small\.png: 6x2 pixels, the part map 6x4"),
        ("text", r"text\.png: unreadable"),
        ("each", r"each.0\.png: 6x2 pixels, the part map 6x4"),
        ("none", r"expected none\.png, \.npy, \.npz, \.json or a folder none; none is"),
    ):
        with pytest.raises(InputError, match=told):
            folder.of(name, SIZE)
    with pytest.raises(InputError, match="no such folder or JSON file"):
        MaskFolder(tmp_path / "nowhere")


def test_centres_by_picture(tmp_path):
    centers = CenterFile(write(tmp_path / "centers.json", {"a": [[1, 2], [3, 4]], "nobody": [], "odd": [[1]]}))
    assert centers.of("a", SIZE)["centers"].tolist() == [[1, 2], [3, 4]]
    assert len(centers.of("nobody", SIZE)["centers"]) == 0
    with pytest.raises(InputError, match=r"centers\.json: odd: expected 2 finite numbers each"):
        centers.of("odd", SIZE)
    with pytest.raises(InputError, match=r"centers\.json: no entry of picture b"):
        centers.of("b", SIZE)
