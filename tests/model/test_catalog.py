"""Models by name: shipped, yours, by path, and from the hub's cache."""

import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import huggingface_hub.constants
import pytest

from explorer.model import hub as hub_module
from explorer.model.bundle import ModelError, load_model_folder
from explorer.model.catalog import find_model, is_here, list_models, load_model
from explorer.model.convert import convert_lgvit
from explorer.model.hub import PUBLISHED, fetch, reachable
from tests.data.published import published


@pytest.fixture
def homes(tmp_path, tiny_model_folder):
    """shipped/{fashion, other} and yours/{mine, broken}."""
    shipped, yours = tmp_path / "shipped", tmp_path / "yours"
    for folder in (shipped / "other", shipped / "fashion", yours / "mine"):
        shutil.copytree(tiny_model_folder, folder)
    (yours / "broken").mkdir()
    (yours / "broken" / "config.json").write_text("{")
    (yours / "run").mkdir()
    return shipped, yours


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """An empty hub cache, and no network."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_ASSETS_CACHE", str(tmp_path / "derived"))
    monkeypatch.setattr("huggingface_hub.utils._cache_assets.HF_ASSETS_CACHE", str(tmp_path / "derived"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr("explorer.model.hub._answered", {})
    return tmp_path / "hub"


def in_cache(hub, owner, name, model_folder):
    """A snapshot as the hub's client lays it out."""
    repo, sha = hub / f"models--{owner}--{name}", "0123456789abcdef0123456789abcdef01234567"
    (repo / "refs").mkdir(parents=True)
    (repo / "refs" / "main").write_text(sha)
    return shutil.copytree(model_folder, repo / "snapshots" / sha)


def test_the_list_has_the_default_first_and_leaves_out_what_cannot_be_read(homes):
    entries = list_models(*homes)
    assert [(e.name, e.source) for e in entries] == [
        ("fashion", "shipped"), ("other", "shipped"), ("mine", "yours"),
    ]  # fmt: skip
    assert {e.title for e in entries} == {"Tiny"}
    assert entries[2].folder == homes[1] / "mine"


def test_a_name_is_here_just_where_it_is_on_the_list(homes):
    folders = {path.name for home in homes for path in home.iterdir()}
    listed = {entry.name for entry in list_models(*homes)}
    odd = {
        "",
        ".",
        "..",
        "none",
        "../mine",
        str(homes[1] / "mine"),
        "mine/",
        "owner/name",
        "x" * 999,
        "\0",
        None,
    }
    assert {name for name in folders | odd if is_here(name, *homes)} == listed
    assert len(folders) > len(listed)  # one cannot be read


def test_no_folders_is_no_models(tmp_path):
    assert list_models(tmp_path / "none", tmp_path / "neither") == []


def test_a_model_is_found_by_name_shipped_first(homes):
    shipped, yours = homes
    assert find_model("fashion", shipped, yours) == shipped / "fashion"
    assert find_model("mine", shipped, yours) == yours / "mine"
    shutil.copytree(yours / "mine", yours / "fashion")
    assert find_model("fashion", shipped, yours) == shipped / "fashion"


def test_a_model_is_found_by_path(homes, tmp_path, monkeypatch):
    shipped, yours = homes
    assert find_model(str(shipped / "other"), tmp_path / "a", tmp_path / "b") == shipped / "other"
    monkeypatch.chdir(yours)
    assert find_model("./mine", tmp_path / "a", tmp_path / "b").resolve() == yours / "mine"


@pytest.mark.parametrize("name", ["nonsense", "run", "", "/a/b", "./a", "a/b/c", "~/model"])
def test_an_unknown_name_is_answered_with_the_names_there_are(homes, name):
    with pytest.raises(ModelError, match=r"There is no model '.*'; there are: fashion, other, mine"):
        find_model(name, *homes)


def test_a_hub_id_is_found_in_the_hubs_cache(homes, hub, tiny_model_folder):
    snapshot = in_cache(hub, "someone", "tiny-vit", tiny_model_folder)
    assert find_model("someone/tiny-vit", *homes) == snapshot
    assert load_model("someone/tiny-vit").name == "tiny"


def test_a_hub_id_in_the_cache_asks_no_network(homes, hub, tiny_model_folder, monkeypatch):
    snapshot = in_cache(hub, "someone", "tiny-vit", tiny_model_folder)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    asked = []
    monkeypatch.setattr(
        "huggingface_hub._snapshot_download.HfApi.repo_info", lambda *_, **question: asked.append(question)
    )
    assert find_model("someone/tiny-vit", *homes) == snapshot
    assert asked == []


@pytest.mark.parametrize("offline", [True, False])
def test_a_hub_that_cannot_be_reached_is_said_at_once_and_plainly(homes, hub, offline, monkeypatch, capfd):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", offline)
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")  # nobody listens there
    start = time.process_time()
    with pytest.raises(
        ModelError, match="'someone/missing' is not on this machine and the hub did not give it"
    ):
        find_model("someone/missing", *homes)
    assert time.process_time() - start < 2
    assert capfd.readouterr() == ("", "")


def test_a_name_the_hub_does_not_allow_is_refused_plainly(homes, hub):
    with pytest.raises(ModelError, match="check its name and the network"):
        find_model("some one/what?", *homes)


def test_one_of_the_authors_own_is_converted_once_and_kept(homes, hub, tmp_path):
    in_cache(hub, "FALcon6", "LGViT-ViT-Cifar100", published(tmp_path / "theirs"))
    folder = find_model("FALcon6/LGViT-ViT-Cifar100", *homes)
    assert folder.is_relative_to(tmp_path / "derived")
    assert load_model_folder(folder).title == "LGViT on ViT-B/16 for CIFAR-100, by the authors of LGViT"
    shutil.rmtree(hub)  # from now on the hub's copy is not needed
    assert find_model("FALcon6/LGViT-ViT-Cifar100", *homes) == folder
    assert reachable() == ["FALcon6/LGViT-ViT-Cifar100"]


def test_two_visitors_who_choose_the_same_get_one_conversion(homes, hub, tmp_path, monkeypatch):
    in_cache(hub, "FALcon6", "LGViT-ViT-Cifar100", published(tmp_path / "theirs"))
    converted = []

    def slowly(folder, target, title):
        time.sleep(0.2)
        converted.append(target)
        return convert_lgvit(folder, target, title)

    monkeypatch.setattr("explorer.model.hub.convert_lgvit", slowly)
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(fetch, ["FALcon6/LGViT-ViT-Cifar100"] * 4))
    assert len(found) == len(converted) == 1


@pytest.mark.parametrize(
    "lost", ["labels.txt", "exits.safetensors", "grains.json", "addons/gates.safetensors"]
)
def test_a_download_that_was_cut_off_is_not_taken_for_whole(
    hub, tiny_model_folder, lost, tmp_path, monkeypatch
):
    folder = shutil.copytree(tiny_model_folder, tmp_path / "tiny")
    (folder / "addons").mkdir()
    for name in ("grains.json", "addons/gates.safetensors"):
        (folder / name).touch()
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(
        json.dumps(config | {"grains": {"kinds": {}}, "addons": {"gates": ""}})
    )
    there = in_cache(hub, "someone", "tiny-vit", folder)
    asked = []
    real = hub_module.snapshot_download
    monkeypatch.setattr(
        hub_module, "snapshot_download", lambda *a, **k: asked.append(k["local_files_only"]) or real(*a, **k)
    )
    assert hub_module.snapshot("someone/tiny-vit") == there
    assert asked == [True]
    (there / lost).unlink()
    hub_module.snapshot("someone/tiny-vit")
    assert asked == [True, True, False]  # what is here was not enough: the hub is asked


def test_no_model_of_the_hub_is_offered_where_there_is_none_and_nobody_waits(hub):
    start = time.monotonic()
    assert reachable() == []
    assert time.monotonic() - start < 1


def test_the_hub_is_asked_once_in_ten_minutes(hub, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "explorer.model.hub.HfApi.model_info", lambda _, repo, timeout: asked.append((repo, timeout))
    )
    assert reachable() == reachable() == list(PUBLISHED)
    assert asked == [(repo, 3) for repo in PUBLISHED]


def test_a_loaded_model_is_ready_to_use(tiny_model_folder):
    model = load_model(str(tiny_model_folder))
    assert model.labels[9] == "Ankle boot"
    assert not model.network.training
    assert [e.block for e in model.network.exits] == [2, 3, 4, 5, 6]


def test_a_cache_that_cannot_be_written_to_is_said_and_offers_nothing(homes, hub, monkeypatch):
    def closed(*_, **__):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("explorer.model.hub.cached_assets_path", closed)
    monkeypatch.setattr("explorer.model.hub._hub_has", lambda _: False)
    assert reachable() == []
    with pytest.raises(ModelError, match="cannot be written to; name another by the variable HF_HOME"):
        find_model("owner/name", *homes)
