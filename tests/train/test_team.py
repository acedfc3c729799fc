"""Two processes that accelerate starts take the same steps as one that sees the whole batch."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from explorer.train.team import Team

ROOT = Path(__file__).parents[2]
# A network without batch norm, which sees each process's share alone; then all must agree to rounding.
SCRIPT = """
import sys, numpy as np, torch
from pathlib import Path
from explorer.data.fashion import Split
from explorer.model.backbone import build_backbone
from explorer.model.exits import linear_exits
from explorer.model.multi_exit import MultiExitViT
from explorer.train.loop import Settings, train
from explorer.train.recipes import Recipe, RECIPES
from explorer.train.team import Team
team = Team.here()
torch.set_num_threads(1)
torch.manual_seed(team.rank)  # other weights, until the first hands its own out
sizes = dict(img_size=28, patch_size=14, in_chans=1, num_classes=10, embed_dim=16, depth=3, num_heads=2)
backbone = build_backbone(kind="vit", **sizes)
network = MultiExitViT(backbone, linear_exits((1, 2)))
rng = np.random.default_rng(0)
split = Split(rng.integers(0, 255, (16, 28, 28)).astype(np.uint8), rng.integers(0, 10, 16))
team.join(torch.device("cpu"))
team.hand_out(network)
out = Path(sys.argv[1])
splits = {"train": split, "validation": split}
train(network, RECIPES["sdn"], Settings(passes=2, batch=8), splits, out / "run", team=team)
torch.save(network.state_dict(), out / f"{team.world}-{team.rank}.pt")
team.leave()
"""


def start(out, *launcher):
    script = out / "script.py"
    script.write_text(SCRIPT)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *launcher, str(script), str(out)],
        cwd=out,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="torch has Muon from 2.9 on")
def test_two_processes_learn_what_one_learns(tmp_path):
    alone, both = tmp_path / "one", tmp_path / "two"
    alone.mkdir()
    both.mkdir()
    said = start(alone)
    together = start(both, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2")
    # What each pass tells and logs is told and logged once.
    assert said.count("pass=") == together.count("pass=") == 2
    assert len((both / "run" / "log.csv").read_text().splitlines()) == 3
    assert len(list((both / "run" / "tensorboard").iterdir())) == 1
    one, first, second = (
        torch.load(path, weights_only=True) for path in (alone / "1-0.pt", both / "2-0.pt", both / "2-1.pt")
    )
    for name, weight in one.items():
        assert torch.equal(first[name], second[name]), name
        # Single weights with hardly any gradient go either way: Adam's first steps follow its sign.
        assert (first[name] - weight).abs().mean() < 5e-5, name


def test_a_batch_that_cannot_be_shared_is_refused():
    with pytest.raises(
        ValueError, match=r"a batch of 9 cannot be shared by 2 processes; choose a multiple of 2\."
    ):
        Team(0, 2).check(9)
    Team(1, 2).check(8)


def test_shares_are_the_batch():
    batch = torch.arange(6)
    parts = [Team(rank, 3).share(batch) for rank in range(3)]
    assert [part.tolist() for part in parts] == [[0, 3], [1, 4], [2, 5]]
