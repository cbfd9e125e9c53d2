"""A picture model on a film: each frame's map, mixed along the motion."""

import numpy as np
import pytest

import heatlens as hl
from heatlens.attribution import explain_frames
from heatlens.errors import InvalidArgument
from heatlens.image import Image
from heatlens.testing.scenes import scenes


@pytest.fixture(scope="module")
def model():
    return hl.load_model("bundled:scene-cnn")


@pytest.fixture(scope="module")
def clip():
    """A scene that slides to the left by two pixels a frame."""
    wide = np.pad(scenes(1, seed=3).images[0], ((0, 0), (0, 12), (0, 0)), mode="reflect")
    return np.stack([wide[:, 2 * k : 2 * k + 96] for k in range(5)])


def test_without_steadiness_each_frame_is_explained_for_itself(model, clip):
    found = list(explain_frames(model, clip, "gradient", 3, steadiness=0))
    assert [item.index for item in found] == list(range(5))
    for item, frame in zip(found, clip):
        np.testing.assert_array_equal(item.pixels, frame)
        alone = hl.explain(model, frame, "gradient", 3, checks=False)
        np.testing.assert_array_equal(item.heat.values, alone.values)


def test_the_past_is_carried_along_the_motion(model, clip):
    """The mean along the motion: where all is still, the plain recursive mean of the maps."""
    still = np.repeat(clip[:1], 3, axis=0)
    found = [item.heat.values for item in explain_frames(model, still, "gradient", 3)]
    for values in found[1:]:
        np.testing.assert_allclose(values, found[0], atol=1e-6)
    own = [item.heat.values for item in explain_frames(model, clip, "gradcam", 3, steadiness=0)]
    steady = [item.heat.values for item in explain_frames(model, clip, "gradcam", 3)]
    np.testing.assert_array_equal(own[0], steady[0])

    def flicker(maps):  # along the true motion of two pixels
        pairs = zip(maps[1:], maps)
        return np.mean([np.abs(now[:, :-2] - before[:, 2:]).mean() for now, before in pairs])

    assert flicker(steady) < 0.8 * flicker(own)


def test_predicted_is_one_class_for_the_whole_film(model, clip):
    mean = np.mean([model_scores(model, frame) for frame in clip], axis=0)
    found = {item.heat.provenance.target for item in explain_frames(model, clip)}
    assert found == {f"digit {mean.argmax()}"}


def model_scores(model, frame):
    from heatlens.models.prepare import prepared

    return model.predict(prepared(model, Image(frame)).batch)[0].numpy()


def test_a_clip_in_memory_becomes_one_map(model, clip):
    film = hl.read_image(clip, axes="TYXC", name="sliding")
    heat = hl.explain(model, film, "gradient", [3, 5])[0]
    assert heat.axes == "TYX"
    assert heat.values.shape == (5, 96, 96)
    assert heat.provenance.image == "sliding"
    assert heat.provenance.backward_passes == 5
    assert len(heat.coordinates["T"]) == 5
    frames = [item.heat.values for item in explain_frames(model, clip, "gradient", 3)]
    np.testing.assert_array_equal(heat.values, np.stack(frames))


def test_what_can_be_seen_once_needs_a_named_class(model, clip):
    with pytest.raises(InvalidArgument, match="name the class as target="):
        next(explain_frames(model, iter(clip)))
    assert len(list(explain_frames(model, iter(clip), "gradient", "digit 3"))) == 5


@pytest.mark.parametrize("steadiness", [1, -0.1, 2])
def test_steadiness_is_a_share(model, clip, steadiness):
    with pytest.raises(InvalidArgument, match=r"steadiness is .*; it lies in 0\.\.1"):
        explain_frames(model, clip, steadiness=steadiness)
