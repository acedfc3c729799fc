"""How many threads a network runs on when serving a page: a narrow one on a single thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from explorer.model.precision import WIDE

MOST = torch.get_num_threads()  # what torch, or OMP_NUM_THREADS, gives every thread of this process


@contextmanager
def threads_for(width: int) -> Iterator[None]:
    """Within, this thread runs a narrow network (`width` channels a token) on one core, any other on all.

    The parts of a narrow network's pass are so short that a second thread hardly helps, and each part waits until both
    are done: if something else needs the processor, such as the visitor's own browser, a pass of 10 ms then takes
    seconds. Afterwards it is back to all cores; torch keeps the number per thread.
    """
    torch.set_num_threads(1 if width < WIDE else MOST)
    try:
        yield
    finally:
        torch.set_num_threads(MOST)
