"""The authors' loop that `bench peers` runs is a fair peer: it leaves where `infer` leaves and answers the same."""

import numpy as np
import pytest
import torch

from explorer.bench.peers import one_at_a_time
from explorer.model.bundle import load_model_folder
from explorer.rules import get_rule


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9, 1.0])
def test_the_loop_leaves_where_infer_leaves(tiny_model_folder, share):
    network = load_model_folder(tiny_model_folder).network
    network.temperatures = (50.0,) * len(
        network.exits
    )  # its random logits are so large that scores would tie at 1
    images = torch.randn(24, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    sure = np.sort(network.analyse(images).scores["confidence"][:, 0])
    # Between two images' scores at the first exit, so that rounding decides nothing there.
    threshold = float(np.append(sure, 1.1)[round(share * len(sure))]) - 1e-6
    ours = network.infer(images, get_rule("confidence"), threshold)
    loop = one_at_a_time(network, images, threshold)
    assert [index for index, _ in loop] == ours.exit.tolist()
    np.testing.assert_allclose(np.stack([logits for _, logits in loop]), ours.logits, atol=1e-4)
    assert (ours.exit == 0).sum() == len(sure) - round(share * len(sure))
