"""The page's questions about maps: one by any method, how far to trust it, and whether it depends on the weights."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from itertools import count
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from torch import Tensor, nn

from explorer.explain.grading import grade as grade_by
from explorer.explain.grading import reduced
from explorer.explain.map import Target
from explorer.explain.packing import pack
from explorer.explain.registry import explain as explain_by
from explorer.explain.sanity import sanity as sanity_by
from explorer.explain.turns import Superseded, taking_turns
from explorer.model.bundle import Model
from explorer.model.threads import threads_for
from explorer.pipeline import to_tensor
from explorer.web import analysis, pictures
from explorer.web.answers import Answers
from explorer.web.crowd import network_lane
from explorer.web.questions import offered, question
from explorer.web.zero import explain_for

KEPT = 32 * 2**20  # bytes of answers
ASKERS = 10_000  # open pages whose newest question is remembered

_answers = Answers(KEPT)
_networks: WeakKeyDictionary[nn.Module, int] = WeakKeyDictionary()
_numbers = count()


def network_key(network: nn.Module) -> int:
    """A number unique in this process, even if another network is loaded later under the same name."""
    return _networks.setdefault(network, next(_numbers))


class Newest:
    """Which question each asker asked last. An asker is one place on one open page, with a random name."""

    def __init__(self, most: int = ASKERS) -> None:
        self.most = most
        self._turns: OrderedDict[str, int] = OrderedDict()
        self._lock = Lock()

    def begin(self, asker: str, turn: int) -> None:
        """Notes a question's number; questions may arrive out of order, so the highest counts."""
        with self._lock:
            self._turns[asker] = max(turn, self._turns.pop(asker, turn))
            if len(self._turns) > self.most:
                self._turns.popitem(last=False)

    def check(self, asker: str, turn: int) -> None:
        """Raises `Superseded` if the asker has asked something newer."""
        if self._turns.get(asker, turn) > turn:
            raise Superseded


newest = Newest()


@question
def explain(asked: dict[str, Any]) -> dict[str, Any]:
    """The map of a method, packed.

    `asked` has `model`, `saw` (data URI of the picture the network saw), `method`, and what the method requires:
    `exit`, `classes` (one, or those of a group), `patch`, `against` (the exit whose map is subtracted). With `asker`
    and `turn`, a newer question of the same asker ends this one: {"superseded": True}.
    """

    def make(model: Model, image: Tensor) -> dict[str, Any]:
        return {"map": pack(explain_for(model, asked["method"], image, target_of(asked)))}

    return answered("explain", asked, make)


def target_of(asked: dict[str, Any]) -> Target:
    """What a question wants explained. Raises errors that `question` turns into a sentence."""
    patch, against = asked.get("patch"), asked.get("against")
    return Target(
        int(asked.get("exit") or 0),
        tuple(int(c) for c in asked.get("classes") or ()),
        None if patch is None else int(patch),
        None if against is None else int(against),
    )


def index_of(asked: dict[str, Any]) -> dict[str, int | None]:
    """Which map of a method with axes a question is about."""
    return {axis: None if i is None else int(i) for axis, i in (asked.get("index") or {}).items()}


def answered(
    what: str, asked: dict[str, Any], make: Callable[[Model, Tensor], dict[str, Any]]
) -> dict[str, Any]:
    """What `make` returns for the question's model and picture, cached.

    The picture travels with the question, so that the server keeps no state about visitors. The network's lane is
    free between the parts of a long answer, so that an upload waits for one part at most. Raises as `target_of`.
    """
    asker, turn = str(asked.get("asker", "")), int(asked.get("turn", 0))
    newest.begin(asker, turn)
    model = analysis.open_model(offered(asked["model"]))
    image = pictures.from_data_uri(asked["saw"], model)
    seen = sha256(image.tobytes()).hexdigest()
    key = (what, seen, network_key(model.network), asked["method"], target_of(asked), str(asked.get("index")))

    def between() -> None:
        newest.check(asker, turn)
        network_lane.release()
        time.sleep(0.001)  # long enough for a waiting question to get the lane
        network_lane.acquire()

    def computed() -> dict[str, Any]:
        newest.check(asker, turn)
        with network_lane, threads_for(model.network.backbone.width), taking_turns(between):
            newest.check(asker, turn)
            return make(model, to_tensor(model, image))

    try:
        return _answers.get(key, computed)
    except Superseded:
        return {"superseded": True}


@question
def grade(asked: dict[str, Any]) -> dict[str, Any]:
    """Insertion and deletion curves of a map, beside a random one's and an edge detector's (`explain.grading.grade`).

    `asked` is as for `explain`, always with `exit` and `classes`; `index` picks one map of a method with axes:
    {"block": from 0, "head": from 0 or None for the mean}.
    """

    def make(model: Model, image: Tensor) -> dict[str, Any]:
        target = target_of(asked)
        if not target.classes:
            raise ValueError("Choose the class to explain.")
        found = explain_by(asked["method"], model.network, image, target)
        one = reduced(found, model.network, target.exit, index_of(asked))
        if one.evidence is not None:
            raise ValueError("There is no evidence in this map, so there is nothing to test.")
        return grade_by(model.network, image, target, one)

    return answered("grade", asked, make)


@question
def sanity(asked: dict[str, Any]) -> dict[str, Any]:
    """A method's maps while the weights are randomised from the top (`explain.sanity.sanity`); `asked` as `grade`'s."""

    def make(model: Model, image: Tensor) -> dict[str, Any]:
        stages = sanity_by(asked["method"], model.network, image, target_of(asked), index_of(asked))
        return {"stages": stages}

    return answered("sanity", asked, make)
