"""The authors' random LGViT of tests/data as a folder in the layout they publish: transformers' files."""

import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file

DATA = Path(__file__).parent
NAMES = ("plane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def published(folder: Path, pickled: bool = False) -> Path:
    """Write config.json, preprocessor_config.json and the weights, as safetensors or pickled."""
    folder.mkdir(parents=True)
    config = json.loads((DATA / "vit_lgvit.config.json").read_text())
    del config["num_labels"]  # transformers stores the names alone
    config["id2label"] = {str(i): name for i, name in enumerate(NAMES)}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "preprocessor_config.json").write_text(
        json.dumps(
            {"image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.3, 0.4], "size": {"height": 96, "width": 96}}
        )
    )
    weights = DATA / "vit_lgvit.weights.safetensors"
    if pickled:
        torch.save(load_file(weights), folder / "pytorch_model.bin")
    else:
        shutil.copy(weights, folder / "model.safetensors")
    return folder
