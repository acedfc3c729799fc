"""Each of the corpus' uploads ends in a picture or in one plain sentence, in good time and in little memory."""

import json
import re
import subprocess
import sys

import pytest

from explorer.model.catalog import ROOT

SENTENCE = re.compile(r"[A-Z0-9][^\n]{10,300}\.")
# What is sound in spite of its looks, and must be read.
SOUND = {
    "png.jpg", "jpeg.gif", "png.zip", "archive.jpg", "png and zip.png", "html in a comment.jpg", "1 by 60000.png",
    "60000 by 1.jpg", "64 white megapixels.png", "ten thousand frames.gif", "exif in circles.jpg", "clear.png",
    "inks, broken profile.jpg", "absurd orientation.jpg", "60 kilobytes of exif.jpg", "16 bits.png", "animation.webp",
    "one pixel.webp", "<script>alert(1)</script>.png", "CON",
}  # fmt: skip


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is measured in /proc")


@pytest.fixture(scope="module")
def facts():
    command = [sys.executable, "-W", "error::ResourceWarning", "-m", "tests.hostile.run"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert "Traceback" not in ran.stderr
    return json.loads(ran.stdout)


def test_the_corpus_is_large_enough(facts):
    assert len(facts) >= 60
    assert len({fact["name"] for fact in facts}) == len(facts)
    assert {fact["name"] for fact in facts} >= SOUND


def test_each_ends_in_a_picture_or_one_plain_sentence(facts):
    for fact in facts:
        assert fact["outcomes"], fact
        for outcome in fact["outcomes"]:
            assert outcome == "picture" or SENTENCE.fullmatch(outcome), fact
            assert "/tmp" not in outcome


def test_what_is_sound_is_read(facts):
    assert {fact["name"] for fact in facts if fact["outcomes"] == ["picture"]} >= SOUND


def test_none_takes_five_seconds_or_300_megabytes(facts):
    assert max((fact["seconds"], fact["name"]) for fact in facts) < (5, "")
    assert max((fact["grown"], fact["name"]) for fact in facts) < (300, "")


def test_names_stay_text(facts):
    odd = next(fact for fact in facts if fact["name"] == "odd names.zip")
    assert "odd names.zip/<img src=x onerror=alert(1)>.png" in odd["names"]
    out = next(fact for fact in facts if fact["name"] == "leading out.zip")
    assert out["outcomes"] == ["Its name leads out of the archive; pack it again without such a path."] * 3
