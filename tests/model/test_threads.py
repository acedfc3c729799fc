"""A narrow network runs on one core where a page is served, and every thread gets its own number back."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from explorer.model import threads
from explorer.model.precision import WIDE
from explorer.model.threads import threads_for


@pytest.fixture(autouse=True)
def three(monkeypatch):
    """As if torch had three threads."""
    before = torch.get_num_threads()
    monkeypatch.setattr(threads, "MOST", 3)
    yield
    torch.set_num_threads(before)


def test_a_narrow_network_has_one_thread_and_a_wide_one_all():
    with threads_for(WIDE - 1):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 3
    with threads_for(WIDE):
        assert torch.get_num_threads() == 3


def test_a_failure_within_leaves_the_number_as_it_was_for_this_thread_and_for_new_ones():
    with pytest.raises(ValueError, match="within"), threads_for(1):
        raise ValueError("within")
    assert torch.get_num_threads() == 3
    with ThreadPoolExecutor(1) as other:
        assert other.submit(torch.get_num_threads).result() == 3
