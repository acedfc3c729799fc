"""LGViT's published layouts."""

import pytest

from explorer.model.exits import ExitSpec, lgvit_exits, linear_exits


def layout(*blocks):
    return [f"{s.head}-{s.options['stride']}" if s.options else s.head for s in lgvit_exits(blocks)]


def test_eight_exits_stand_behind_blocks_4_to_11():
    exits = lgvit_exits()
    assert [s.block for s in exits] == [4, 5, 6, 7, 8, 9, 10, 11]
    assert layout(4, 5, 6, 7, 8, 9, 10, 11) == [
        "lph-dw", "lph-dw", "lph-pw", "lph-pw", "gah-2", "gah-2", "gah-3", "gah-3",
    ]  # fmt: skip


def test_fewer_exits_have_their_own_layouts():
    assert layout(1, 2, 3, 4, 5, 6) == ["lph-dw", "lph-pw", "gah-2", "gah-2", "gah-3", "gah-3"]
    assert layout(1, 2, 3, 4) == ["lph-dw", "lph-pw", "gah-2", "gah-3"]
    assert layout(6, 9) == ["lph-dw", "gah-2"]


@pytest.mark.parametrize("count", [0, 1, 3, 5, 7, 9])
def test_other_numbers_of_exits_are_refused(count):
    with pytest.raises(ValueError, match=f"LGViT defines 8, 6, 4, 2 exits, not {count}"):
        lgvit_exits(tuple(range(1, count + 1)))


def test_linear_exits_stand_where_lgvits_do():
    assert linear_exits() == [ExitSpec(b, "linear") for b in range(4, 12)]
