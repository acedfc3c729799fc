"""Teachers: any timm classifiers, their logits averaged, their batch norms folded."""

import pytest
import timm
import torch
from safetensors.torch import save_file

from explorer.train.photos.teacher import TeacherSpec, load_teacher, parse_teacher

NAMES = ("test_efficientnet", "test_byobnet")  # timm's own tiny test networks


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("teachers")
    for seed, name in enumerate(NAMES):
        torch.manual_seed(seed)
        network = timm.create_model(name)
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                torch.nn.init.uniform_(module.running_mean, -0.2, 0.2)
                torch.nn.init.uniform_(module.running_var, 0.5, 2)
        save_file(network.state_dict(), folder / f"{name}.safetensors")
    return {name: folder / f"{name}.safetensors" for name in NAMES}


def test_a_teachers_logits_are_the_mean_of_its_networks_on_their_own_scale(files):
    views = torch.rand(2, 3, 64, 64)
    expected = []
    for name in NAMES:
        network = timm.create_model(name, checkpoint_path=str(files[name])).eval()
        mean, std = (torch.tensor(network.pretrained_cfg[k]).view(3, 1, 1) for k in ("mean", "std"))
        with torch.no_grad():
            expected.append(network((views - mean) / std))
    teacher = load_teacher([TeacherSpec(name, files[name]) for name in NAMES])
    torch.testing.assert_close(teacher(views), (expected[0] + expected[1]) / 2, atol=1e-4, rtol=1e-4)


def test_a_file_alone_is_of_the_default_teacher():
    assert parse_teacher("some/file.safetensors").name == "tf_efficientnet_lite0"
    assert parse_teacher("resnet18=x.safetensors") == TeacherSpec(
        "resnet18", parse_teacher("x.safetensors").weights
    )


def test_weights_of_another_network_are_refused_in_words(files, tmp_path):
    with pytest.raises(ValueError, match="does not fit timm's resnet18; name the model it is of"):
        load_teacher([TeacherSpec("resnet18", files[NAMES[0]])])
    with pytest.raises(FileNotFoundError, match="--teacher needs"):
        load_teacher([TeacherSpec(NAMES[0], tmp_path / "nowhere")])
