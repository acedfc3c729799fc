"""Many visitors: a bounded number waits, a full house says when to come back, and nobody gets another's answer."""

import threading
import time
from threading import Lock

import anyio
import numpy as np
import pytest
import torch

from explorer.explain.methods.attention import attentions
from explorer.model.bundle import load_model_folder
from explorer.web.answers import Answers, forget_old
from explorer.web.crowd import Busy, Crowd, Pool
from explorer.web.guard import BURST, Rate, Refused, _client
from tests.web.serving import in_a_loop_of_its_own


@pytest.fixture(scope="module")
def model(tiny_model_folder):
    return load_model_folder(tiny_model_folder)


def test_those_who_wait_for_one_network_share_a_pass_and_each_gets_its_own_answer(model):
    lane = Lock()
    pool, passes = Pool(lane, most=4), []
    pictures = torch.randn(11, 1, 28, 28)
    alone = [model.network.analyse(picture[None])[0].logits for picture in pictures]
    found, seen = {}, {}
    analyse = model.network.analyse

    class Counting:
        def __getattr__(self, name):
            return getattr(model.network, name)

        def analyse(self, batch, watch):
            passes.append(len(batch))
            return analyse(batch, watch)

    class Counted:
        network = Counting()

    counted = Counted()

    def ask(place):
        looked = pool.look(counted, pictures[place][None])
        found[place], seen[place] = looked.trace, looked.attentions()

    with lane:  # all are there before the first pass
        threads = [threading.Thread(target=ask, args=(place,)) for place in range(11)]
        for thread in threads:
            thread.start()
        while len(pool._waiting) < 11:
            time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert sum(passes) == 11
    assert sorted(passes)[-2:] == [4, 4]
    for place in range(11):
        np.testing.assert_allclose(found[place].logits, alone[place], atol=1e-4, rtol=1e-4)
        own = attentions(model.network, pictures[place][None], None)
        np.testing.assert_allclose(seen[place].attention, own.attention, atol=1e-5)


def test_a_pass_that_fails_fails_for_those_in_it_alone(model):
    pool = Pool(Lock())
    with pytest.raises(RuntimeError):
        pool.analyse(model, torch.randn(1, 3, 5, 5))
    assert pool.analyse(model, torch.randn(1, 1, 28, 28)).logits.shape[0] == 5
    assert pool._waiting == []


def test_a_full_house_says_when_to_come_back_and_takes_questions_again_afterwards():
    crowd, go = Crowd(most=3, at_work=2), threading.Event()
    crowd.seconds = 4

    async def visit():
        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(crowd.run, go.wait)
            while crowd.inside < 3:
                await anyio.sleep(0.001)
            with pytest.raises(Busy, match=r"^The server is busy; try again in about 12 seconds\.$"):
                await crowd.run(str)
            go.set()
        return await crowd.run(str, 7)

    assert in_a_loop_of_its_own(visit) == "7"
    assert crowd.inside == 0


def test_a_server_about_to_stop_takes_no_question():
    crowd = Crowd()
    crowd.closing = True
    with pytest.raises(Busy, match="about to stop"):
        in_a_loop_of_its_own(crowd.run, str)


def test_answers_are_kept_within_their_bytes_and_time():
    made = []

    def make(name):
        made.append(name)
        return {"x": "-" * 91 + name}  # 100 bytes as JSON

    answers = Answers(budget=250, seconds=60)
    for name in ("aa", "bb", "aa"):
        answers.get(name, lambda name=name: make(name))
    assert made == ["aa", "bb"]
    answers.get("cc", lambda: make("cc"))  # bb was asked for longest ago
    answers.get("aa", lambda: make("aa"))
    answers.get("bb", lambda: make("bb"))
    assert made == ["aa", "bb", "cc", "bb"]
    assert answers.bytes <= 250
    forgetful = Answers(seconds=-1)
    for _ in range(2):
        forgetful.get("aa", lambda: make("again"))
    assert made[-2:] == ["again", "again"]
    assert forgetful.bytes > 0
    forget_old()  # nobody asks any more
    assert forgetful.bytes == 0
    assert answers.bytes > 0


def test_one_address_cannot_ask_without_end_and_another_still_can(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("explorer.web.guard.time.monotonic", lambda: now[0])
    rate = Rate()
    for _ in range(BURST):
        rate.take("a")
    with pytest.raises(Refused) as refused:
        rate.take("a")
    assert (refused.value.status, refused.value.headers) == (429, {"Retry-After": "5"})
    rate.take("b")
    now[0] += 1
    rate.take("a")


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("127.0.0.1", "198.51.100.7, 5.6.7.8", "5.6.7.8"),  # its own word, not what it was told
        ("10.0.0.2", "", "10.0.0.2"),
        ("100.64.3.4", "5.6.7.8", "5.6.7.8"),  # a provider's proxy, in the space that such share
        ("5.6.7.8", "198.51.100.7", "5.6.7.8"),  # a stranger's claim
    ],
)
def test_only_a_near_proxy_is_believed_whom_it_speaks_for(peer, forwarded, address):
    headers = {b"x-forwarded-for": forwarded.encode()}
    assert _client({"client": (peer, 1)}, headers) == address
