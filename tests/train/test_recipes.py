"""The recipes compare like with like."""

import pytest
import torch

from explorer.train.fashion import BACKBONE, new_network
from explorer.train.losses import (
    copycat,
    depth_weighted,
    exits_only,
    final_only,
    mean_of_all,
    ramped_sum,
    self_distillation,
)
from explorer.train.recipes import RECIPES, get_recipe


def test_the_recipes_and_their_stages():
    stages = {
        name: [(s.loss, s.share, s.frozen, s.alternate) for s in recipe.stages]
        for name, recipe in RECIPES.items()
    }
    assert stages == {
        "lgvit": [(depth_weighted, 0.75, False, True), (self_distillation, 0.25, True, False)],
        "lgvit-stage1": [(depth_weighted, 1.0, False, True)],
        "sdn": [(ramped_sum, 1.0, False, False)],
        "deebert": [(final_only, 0.75, False, False), (exits_only, 0.25, True, False)],
        "softmax-shared": [(mean_of_all, 1.0, False, False)],
        "sl-vit": [
            (final_only, 0.75, False, False),
            (copycat, 0.125, True, False),
            (exits_only, 0.125, True, False),
        ],
    }
    unlabelled = [(r.name, s.name) for r in RECIPES.values() for s in r.stages if s.unlabelled]
    assert unlabelled == [("sl-vit", "copycat")]


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_has_the_same_exits_and_the_same_budget(name):
    recipe = RECIPES[name]
    assert recipe.name == name
    assert [spec.block for spec in recipe.exits()] == [4, 5, 6, 7, 8, 9, 10, 11]
    assert sum(stage.share for stage in recipe.stages) == 1


@pytest.mark.parametrize("name", RECIPES)
def test_stages_rounded_to_whole_passes_add_up(name):
    recipe = RECIPES[name]
    for passes in range(1, 30):
        parts = [recipe.passes(i, passes) for i in range(len(recipe.stages))]
        assert sum(parts) == passes
        assert all(abs(p - passes * s.share) <= 1 for p, s in zip(parts, recipe.stages, strict=True))


def test_an_unknown_recipe_is_refused_with_the_names_there_are():
    with pytest.raises(
        ValueError, match="there is no recipe 'pabee'; choose one of lgvit, lgvit-stage1, sdn, deebert, soft"
    ):
        get_recipe("pabee")


def test_the_seed_decides_the_initial_weights():
    first, again, other = (new_network(get_recipe("lgvit"), seed) for seed in (0, 0, 1))
    states = [torch.cat([p.flatten() for p in n.parameters()]) for n in (first, again, other)]
    assert torch.equal(states[0], states[1])
    assert not torch.equal(states[0], states[2])
    assert first.name == "lgvit"
    assert first.backbone.grid == (7, 7)
    assert first.backbone.blocks == BACKBONE["depth"] == 12


def test_recipes_share_their_initial_backbone():
    lgvit, sdn = (new_network(get_recipe(name), 0).backbone.state_dict() for name in ("lgvit", "sdn"))
    assert all(torch.equal(lgvit[name], sdn[name]) for name in lgvit)
