"""ImageNet-1k's class names to read, and the classes of the natural photos whose content we know."""

from __future__ import annotations

from timm.data import ImageNetInfo

# WordNet gives two different cranes no other name.
_TOLD_APART = {134: "crane (bird)", 517: "crane (machine)"}


def imagenet_labels() -> tuple[str, ...]:
    """1000 different readable names: WordNet's first for each class, its last where the first is taken."""
    info = ImageNetInfo("imagenet-1k")
    labels: list[str] = []
    for index in range(info.num_classes()):
        names = info.index_to_description(index).split(", ")
        label = _TOLD_APART.get(index, names[0])
        labels.append(names[-1] if label in labels else label)
    return tuple(labels)


# By file name, without its ending: any of these would be right. Photos of nothing ImageNet-1k has a class for (a
# moose, a giraffe, a flower, the Eiffel tower) are not listed, nor are textures.
KNOWN: dict[str, tuple[str, ...]] = {
    # scikit-image's, scikit-learn's and ultralytics' packages
    "bus": ("minibus", "trolleybus", "passenger car", "school bus"),
    "camera": ("tripod", "reflex camera"),
    "chelsea": ("tabby", "tiger cat", "Egyptian cat"),
    "china": ("palace", "stupa", "bell cote"),
    "coffee": ("espresso", "cup", "coffee mug"),
    "motorcycle_left": ("moped", "motor scooter"),
    "rocket": ("missile", "space shuttle", "projectile"),
    "zidane": ("suit", "Windsor tie"),
    # gradio's
    "cheetah": ("cheetah", "leopard"),
    "cheetah1": ("cheetah", "leopard"),
    "lion": ("lion",),
    # Foolbox's, of ImageNet's validation set
    "imagenet_00_243": ("bull mastiff",),
    "imagenet_01_559": ("folding chair",),
    "imagenet_02_438": ("beaker",),
    "imagenet_03_990": ("buckeye",),
    "imagenet_04_949": ("strawberry",),
    "imagenet_05_853": ("thatch",),
    "imagenet_06_609": ("jeep",),
    "imagenet_07_609": ("jeep",),
    "imagenet_08_915": ("yurt",),
    "imagenet_09_455": ("bottlecap",),
    "imagenet_10_541": ("drum",),
    "imagenet_11_630": ("Loafer",),
    "imagenet_12_741": ("prayer rug",),
    "imagenet_13_471": ("cannon",),
    "imagenet_14_129": ("spoonbill",),
    "imagenet_15_99": ("goose",),
    "imagenet_16_251": ("dalmatian",),
    "imagenet_17_22": ("bald eagle",),
    "imagenet_18_317": ("leafhopper",),
    "imagenet_19_305": ("dung beetle",),
    # GCompris'
    "explore_farm_animals-cat": ("tabby", "Egyptian cat", "tiger cat"),
    "explore_farm_animals-chicken": ("hen", "cock"),
    "explore_farm_animals-cow": ("ox",),
    "explore_farm_animals-dog": ("German shepherd",),
    "explore_farm_animals-duck": ("drake", "goose"),
    "explore_farm_animals-horse": ("sorrel",),
    "explore_farm_animals-owl": ("great grey owl",),
    "explore_farm_animals-pig": ("hog", "wild boar"),
    "explore_farm_animals-sheep": ("ram",),
    "explore_world_animals-bison": ("bison",),
    "explore_world_animals-chameleon": ("African chameleon", "American chameleon"),
    "explore_world_animals-crocodile": ("African crocodile", "American alligator"),
    "explore_world_animals-dragon": ("Komodo dragon",),
    "explore_world_animals-hedgehog": ("porcupine", "echidna"),
    "explore_world_animals-jaguar": ("jaguar", "leopard"),
    "explore_world_animals-kangaroo": ("wallaby",),
    "explore_world_animals-koala": ("koala",),
    "explore_world_animals-lemur": ("Madagascar cat",),
    "explore_world_animals-narwhal": ("grey whale", "killer whale"),
    "explore_world_animals-panda": ("giant panda",),
    "explore_world_animals-polar_bear": ("ice bear",),
    "explore_world_animals-scarlet_macaw": ("macaw",),
}
