"""Sounds: WAV files of every depth against scipy's writer, and what is refused."""

import pickle
import struct
import wave

import numpy as np
import pytest
from scipy.io import wavfile

from heatlens.errors import InvalidArgument, MissingImage, UnreadableImage
from heatlens.sound import Sound

RATE = 8000
WAY = np.sin(2 * np.pi * 440 * np.arange(800) / RATE) * 0.9


def write_24(path, samples):
    whole = np.round(samples * 2**23).astype("<i4")
    data = whole.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 3, RATE, len(samples), "NONE", ""))
        file.writeframes(data)


@pytest.mark.parametrize(
    ("kind", "step"), [(np.uint8, 1 / 128), (np.int16, 2.0**-15), (np.int32, 2.0**-24)]
)
@pytest.mark.parametrize("channels", [1, 2])
def test_whole_numbers_of_every_depth(tmp_path, kind, step, channels):
    path = tmp_path / "tone.wav"
    bits = np.iinfo(kind).bits
    whole = np.round(WAY * 2.0 ** (bits - 1) + (128 if kind is np.uint8 else 0)).astype(kind)
    wavfile.write(path, RATE, np.stack([whole] * channels, 1) if channels > 1 else whole)
    sound = Sound.read(path)
    assert (sound.rate, sound.name, sound.samples.dtype) == (RATE, "tone.wav", np.float32)
    assert sound.seconds == pytest.approx(0.1)
    np.testing.assert_allclose(sound.samples, WAY, atol=step)


def test_24_bits(tmp_path):
    write_24(tmp_path / "tone.wav", WAY)
    np.testing.assert_allclose(Sound.read(tmp_path / "tone.wav").samples, WAY, atol=2.0**-23)


def test_full_scale_is_one(tmp_path):
    for kind in (np.int16, np.int32):
        ends = np.array([np.iinfo(kind).min, 0, np.iinfo(kind).max], kind)
        wavfile.write(tmp_path / "ends.wav", RATE, ends)
        assert Sound.read(tmp_path / "ends.wav").samples.tolist() == pytest.approx(
            [-1, 0, 1], abs=1e-4
        )
    write_24(tmp_path / "ends.wav", np.array([-1.0, 0.0, 1 - 2.0**-23]))
    assert Sound.read(tmp_path / "ends.wav").samples.tolist() == pytest.approx([-1, 0, 1], abs=1e-6)


def test_channels_are_averaged(tmp_path):
    left, right = np.int16([100, -200, 300]), np.int16([300, 200, -300])
    wavfile.write(tmp_path / "two.wav", RATE, np.stack([left, right], 1))
    expected = np.array([200, 0, 0]) / 2**15
    np.testing.assert_allclose(Sound.read(tmp_path / "two.wav").samples, expected, atol=1e-7)


def test_damaged_files(tmp_path):
    wavfile.write(tmp_path / "good.wav", RATE, np.int16(WAY * 30000))
    data = (tmp_path / "good.wav").read_bytes()
    path = tmp_path / "bad.wav"
    empty = data[:40] + struct.pack("<I", 0)
    for broken in (b"", b"RIFF", b"not a sound at all", data[:20], data[:44], empty):
        path.write_bytes(broken)
        with pytest.raises(UnreadableImage, match=r"no WAV file|damaged or holds no sample"):
            Sound.read(path)
    law = data[:20] + struct.pack("<H", 7) + data[22:]  # mu-law
    path.write_bytes(law)
    with pytest.raises(UnreadableImage, match=r"format 0x7.*ffmpeg"):
        Sound.read(path)
    with pytest.raises(MissingImage, match="no sound"):
        Sound.read(tmp_path / "nowhere.wav")
    with pytest.raises(MissingImage):
        Sound.read(tmp_path)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("channels", [1, 2])
def test_floats_are_read_as_they_are(tmp_path, kind, channels):
    loud = 1.5 * WAY.astype(kind)
    wavfile.write(tmp_path / "loud.wav", RATE, np.stack([loud] * channels, 1))
    sound = Sound.read(tmp_path / "loud.wav")
    np.testing.assert_allclose(sound.samples, loud, rtol=1e-6)
    assert (sound.rate, "notes" in sound.metadata) == (RATE, False)
    data = (tmp_path / "loud.wav").read_bytes()
    (tmp_path / "cut.wav").write_bytes(data[:-1])
    cut = Sound.read(tmp_path / "cut.wav")
    assert cut.metadata["notes"] == ("the file ends after 799 of 800 samples",)
    wavfile.write(tmp_path / "nan.wav", RATE, np.array([0, np.nan], kind))
    with pytest.raises(InvalidArgument, match="NaN"):
        Sound.read(tmp_path / "nan.wav")


@pytest.mark.parametrize(("code", "kind"), [(1, np.int16), (3, np.float32)])
def test_the_extensible_form_and_other_chunks(tmp_path, code, kind):
    samples = (WAY * (2**15 if code == 1 else 1)).astype(kind)
    width = samples.itemsize
    guid = struct.pack("<H", code) + bytes.fromhex("000000001000800000aa00389b71")
    form = struct.pack("<HHIIHH", 0xFFFE, 1, RATE, RATE * width, width, 8 * width)
    form += struct.pack("<HHI", 22, 8 * width, 4) + guid
    chunks = (b"LIST", b"odd"), (b"fmt ", form), (b"data", samples.tobytes())
    body = b"WAVE" + b"".join(
        name + struct.pack("<I", len(part)) + part + b"\0" * (len(part) % 2)
        for name, part in chunks
    )
    (tmp_path / "x.wav").write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    np.testing.assert_allclose(Sound.read(tmp_path / "x.wav").samples, WAY, atol=2.0**-15)


@pytest.mark.parametrize("channels", [1, 2])
def test_a_file_that_ends_too_early_loses_its_end_and_says_so(tmp_path, channels):
    wavfile.write(tmp_path / "good.wav", RATE, np.stack([np.int16(WAY * 30000)] * channels, 1))
    data = (tmp_path / "good.wav").read_bytes()
    (tmp_path / "cut.wav").write_bytes(data[:-101])
    sound, whole = (Sound.read(tmp_path / name) for name in ("cut.wav", "good.wav"))
    kept = 800 - (51 if channels == 1 else 26)
    np.testing.assert_array_equal(sound.samples, whole.samples[:kept])
    assert sound.metadata["notes"] == (f"the file ends after {kept} of 800 samples",)
    assert "notes" not in whole.metadata


def test_depths_and_rates_that_no_sound_has(tmp_path):
    wavfile.write(tmp_path / "good.wav", RATE, np.int16(WAY * 30000))
    data = (tmp_path / "good.wav").read_bytes()
    for place, wrong in ((24, struct.pack("<I", 0)), (34, struct.pack("<H", 40))):
        changed = data[:place] + wrong + data[place + len(wrong) :]
        (tmp_path / "bad.wav").write_bytes(changed)
        with pytest.raises(UnreadableImage, match=r"damaged|no WAV file"):
            Sound.read(tmp_path / "bad.wav")


@pytest.mark.parametrize(
    ("samples", "rate", "words"),
    [
        (np.zeros(0), RATE, "shape"),
        (np.zeros((2, 2, 2)), RATE, "shape"),
        (np.zeros((2, 8000)), RATE, "transpose"),
        (np.zeros(9, np.int16), RATE, "floats in -1..1"),
        (np.array([0, np.nan]), RATE, "NaN"),
        (np.zeros(9), 0, "rate is 0"),
        (np.zeros(9), 44.1, "rate is 44.1"),
        (np.zeros(9), True, "rate is True"),
    ],
)
def test_what_is_no_sound(samples, rate, words):
    with pytest.raises(InvalidArgument, match=words):
        Sound(samples, rate)


def test_copies_are_read_only():
    given = np.zeros(9, np.float32)
    sound = Sound(given, RATE, "a")
    given[:] = 1
    other = pickle.loads(pickle.dumps(sound.with_(name="b")))
    assert (other.name, other.rate, other.samples.any()) == ("b", RATE, np.False_)
    with pytest.raises(ValueError, match="read-only"):
        other.samples[0] = 1
    assert repr(sound) == "Sound('a', 0.00112 s at 8000 Hz)"
