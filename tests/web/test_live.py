"""One frame of the Live tab: a report of a pass that stopped, or one sentence."""

import pytest

import explorer
from explorer.model.catalog import ROOT
from explorer.web.pictures import data_uri
from explorer.web.tabs.live import live

SHIRT = ROOT / "assets" / "examples" / "fashion" / "shirt-117.png"


def asked(**parts):
    frame = data_uri(explorer.read_image(SHIRT), "PNG")
    return {
        "model": "fashion",
        "frame": frame,
        "rule": "confidence",
        "thresholds": 0.7,
        "plain": False,
    } | parts


def test_a_frame_leaves_where_infer_leaves_and_only_a_plain_pass_is_timed():
    model = explorer.load_model("fashion")
    left = explorer.infer(model, [explorer.read_image(SHIRT)], "confidence", 0.7)
    answer = live(asked())
    assert answer["exit"]["index"] == left.exit[0]
    assert answer["macs"] == {"used": int(left.macs[0]), "full": model.network.macs_full}
    assert answer["ms"]["full"] is None
    assert [e["block"] for e in answer["exits"]] == [4, 5, 6, 7, 8, 9, 10, 11, 12]
    assert live(asked(plain=True))["ms"]["full"] > 0


def test_a_frame_is_not_asked_where_exits_are_left_out():
    model = explorer.load_model("fashion")
    everywhere = [e.block for e in model.network.exits[:-1]]
    answer = live(asked(thresholds=0.0, left_out=everywhere[:3]))
    left = explorer.infer(model, [explorer.read_image(SHIRT)], "confidence", 0.0, left_out=everywhere[:3])
    assert (answer["exit"]["index"], answer["left_out"]) == (3, everywhere[:3])
    assert answer["macs"]["used"] == int(left.macs[0])
    assert live(asked(left_out="4"))["error"] == "Exits are left out by a list of their blocks, as [4, 5]."
    assert "no early exit to leave out behind block 1;" in live(asked(left_out=[1]))["error"]


@pytest.mark.parametrize("frame", ["", "data:image/png;base64,AAAA", None])
def test_a_frame_that_is_no_picture_is_refused_in_a_sentence(frame):
    assert live(asked(frame=frame))["error"].endswith(".")
