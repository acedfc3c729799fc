"""What several rooms test with."""

import os

import pytest

# The tests' expectations are of the small garment model, whichever the page opens with. Before anything is imported.
os.environ.setdefault("EXIT_EXPLORER_MODEL", "fashion")


@pytest.fixture(autouse=True)
def threads_as_they_were():
    """A command that says how many threads torch has says so for its own test only: sums differ in the last bit."""
    import torch

    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tiny_model_folder(tmp_path_factory):
    """A model folder like the shipped one (grey 28 x 28, ten garments, LGViT's heads), tiny and untrained.

    Six blocks, exits behind 2, 3, 4 and 5. Its weights are large enough that exits disagree and images leave
    at different ones. Read-only: copy it before changing it.
    """
    import torch

    from explorer.data.fashion import LABELS
    from explorer.model.backbone import build_backbone
    from explorer.model.bundle import InputSpec, Model, save_model
    from explorer.model.exits import lgvit_exits
    from explorer.model.multi_exit import MultiExitViT

    backbone = {
        "kind": "vit", "img_size": 28, "in_chans": 1, "num_classes": 10,
        "embed_dim": 16, "depth": 6, "num_heads": 2, "mlp_ratio": 2,
        "stem": {"channels": [8, 16], "kernel_size": 3, "stride": [2, 2]},
    }  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = MultiExitViT(build_backbone(**backbone), lgvit_exits((2, 3, 4, 5)), "tiny").eval()
        with torch.no_grad():
            for name, weight in network.named_parameters():
                if weight.ndim > 1:
                    weight.normal_(std=1.0 if "head" in name and "linear" in name else 0.3)
            network.backbone.vit.head.weight.normal_(std=0.5)
    model = Model(
        name="tiny",
        title="Tiny",
        network=network,
        labels=LABELS,
        input=InputSpec("garment", (0.286,), (0.353,)),
        thresholds={"confidence": 0.7},
    )
    folder = tmp_path_factory.mktemp("models") / "tiny"
    save_model(model, backbone, folder)
    return folder
