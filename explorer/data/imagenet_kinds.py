"""Kinds and groups of ImageNet's 1000 classes, by words of WordNet. Our own choice.

Group -> kind -> words. A class is in the first kind, from top to bottom, one of whose words names it or an ancestor of
it in WordNet; a word means the synset that lists it first, and among several the one with the most classes below
it. What fits nowhere goes to the last kind, "something else". A kind is what a person would say, and belongs to one
group, so the groups are coarser readings of the kinds.
"""

REST = "something else"

KINDS: dict[str, dict[str, str]] = {
    "dog or wild dog": {
        "spaniel, retriever or other gun dog": "sporting dog",
        "terrier": "terrier",
        "hound": "hunting dog",
        "shepherd dog": "shepherd dog",
        "husky, spitz or sled dog": "sled dog, spitz",
        "small dog": "toy dog, pug, poodle, corgi, affenpinscher, miniature pinscher, schipperke",
        "working dog": "working dog",
        "other dog": "dog",
        "wolf, fox or wild dog": "canine",
    },
    "cat or wild cat": {"house cat": "domestic cat", "lion, tiger or other wild cat": "feline"},
    "other mammal": {
        "monkey": "monkey, lemur",
        "ape": "ape",
        "bear or panda": "bear, procyonid",
        "weasel, otter or mongoose": "musteline mammal, viverrine",
        "cow, sheep or antelope": "bovid",
        "horse, pig or other hoofed animal": "ungulate",
        "mouse, squirrel or rabbit": "rodent, lagomorph",
        "whale, seal or dugong": "aquatic mammal",
        "elephant, kangaroo or other mammal": "mammal",
    },
    "bird": {
        "songbird": "passerine",
        "bird of prey": "bird of prey",
        "parrot": "parrot",
        "chicken, grouse or peacock": "gallinaceous bird, cock, hen",
        "duck, goose or swan": "anseriform bird, black swan",
        "heron, stork or other wading bird": "wading bird",
        "penguin, pelican or other seabird": "aquatic bird",
        "other bird": "bird",
    },
    "reptile or amphibian": {
        "snake": "snake",
        "lizard": "lizard",
        "turtle": "turtle",
        "crocodile or dinosaur": "reptile",
        "frog or salamander": "amphibian",
    },
    "fish": {"shark or ray": "cartilaginous fish", "other fish": "fish"},
    "insect, spider or other small animal": {
        "butterfly or moth": "lepidopterous insect, lacewing",
        "beetle": "beetle",
        "grasshopper, bee or other insect": "insect",
        "spider": "spider, spider web",
        "crab, lobster or other crustacean": "crustacean",
        "snail, slug or shell": "mollusk",
        "coral, jellyfish, starfish or worm": "invertebrate, coral reef",
    },
    "food": {
        "bread": "bread, pretzel, bagel",
        "fruit": "edible fruit",
        "mushroom": "fungus, mushroom",
        "vegetable": "vegetable, corn, ear",
        "drink": "beverage, espresso",
        "dish or dessert": "food, nutriment, foodstuff",
    },
    "plant or landscape": {
        "flower, seed or nut": "plant, fruit",
        "mountain, coast or other landscape": "geological formation",
    },
    "vehicle": {
        "truck or van": "truck, van",
        "car": "car, limousine, golfcart, go-kart",
        "bus or tram": "bus, streetcar",
        "train": "locomotive, bullet train, freight car, passenger car",
        "bicycle or motorcycle": "bicycle, motorcycle, tricycle, unicycle, motor scooter, moped",
        "boat or ship": "watercraft, paddlewheel",
        "aircraft or spacecraft": "aircraft, space shuttle, missile, parachute, wing",
        "tank or tractor": "tracked vehicle, tractor, military vehicle, farm machine, snowplow",
        "cart or sled": "wheeled vehicle, vehicle, stretcher",
    },
    "clothing": {
        "hat or helmet": "headdress, ski mask, wig",
        "shoe, boot or sock": "footwear, clog, running shoe, sandal, Loafer",
        "swimwear or underwear": "swimsuit, brassiere, diaper",
        "tie, scarf or necklace": "neckwear, scarf, necklace",
        "skirt, dress or robe": "skirt, robe, gown, woman's clothing, sarong",
        "shirt, sweater or coat": "garment, clothing, cloak",
        "armor or mask": "armor, mask, armor plate, bulletproof vest, holster, scabbard",
    },
    "furniture or furnishing": {
        "bed": "bed, baby bed, four-poster, quilt, pillow",
        "chair or sofa": "seat",
        "table or desk": "table, desk, dining table, pool table",
        "cupboard or shelf": "furniture",
        "curtain, rug or cloth": "furnishing, blind, floor cover, piece of cloth, fabric, screen, shoji, "
        "mosquito net, lampshade, prayer rug",
        "lamp or candle": "source of illumination",
    },
    "building or structure": {
        "shop or restaurant": "place of business, restaurant, library",
        "church, temple or monument": "place of worship, memorial, monastery, altar, totem pole, "
        "obelisk, dome, bell cote",
        "house or other building": "building, housing, castle, palace, planetarium, roof",
        "bridge or dam": "bridge, dam, breakwater, dock, pier",
        "fence, wall or door": "barrier",
        "street furniture or other structure": "structure, street sign, traffic light, parking meter, mailbox, "
        "gas pump, birdhouse, flagpole, pole, bannister, manhole cover, solar dish, drilling platform, "
        "scoreboard, stage",
    },
    "musical instrument": {
        "wind instrument": "wind instrument, whistle",
        "piano or string instrument": "stringed instrument",
        "drum or other instrument": "musical instrument, drumstick, pick",
    },
    "electronics or appliance": {
        "computer or its part": "computer, data input device, peripheral, hard disc, modem, CRT screen, mouse, "
        "photocopier, web site, space bar, typewriter keyboard",
        "phone, camera or player": "electronic equipment, camera, television, microphone, loudspeaker, "
        "radio telescope, tape player, projector, remote control, cassette",
        "household appliance": "home appliance, electric fan, space heater, stove, hand blower, radiator, "
        "sewing machine, slot machine, cash machine",
    },
    "kitchenware, bottle or box": {
        "bottle or jug": "bottle, cocktail shaker",
        "cup, bowl or plate": "glass, coffee mug, bowl, dish, pitcher, ladle, mixing bowl, Petri dish, tray, "
        "wooden spoon, strainer, saltshaker, measuring cup, beaker, mortar",
        "pot or pan": "cooking utensil, caldron, kitchen utensil, pot",
        "bag or basket": "bag, basket, purse, wallet, packet, mailbag",
        "bathroom thing": "bathtub, tub, washbasin, toiletry, soap dispenser, plunger, toilet tissue",
        "box, barrel or other container": "container, safe",
    },
    "sports or game equipment": {
        "ball": "ball",
        "other sports equipment or game": "sports equipment, game equipment, ski, racket, "
        "plaything, carousel, paddle, puck, scuba diver, ballplayer, maypole, snorkel",
    },
    "tool, clock or hardware": {
        "clock or watch": "timepiece",
        "measuring or optical instrument": "measuring instrument, optical instrument, medical instrument, sunglass, "
        "loupe, magnetic compass, abacus",
        "pen or paper thing": "writing implement, pencil box, pencil sharpener, rubber eraser, envelope, "
        "book jacket, comic book, crossword puzzle, binder, menu",
        "weapon": "weapon, projectile",
        "hand tool": "tool, cleaning implement, lighter, matchstick",
        "lock, buckle or other fastener": "restraint, fastener",
        "machine or its part": "machine, mechanism, device, implement, equipment, instrumentality",
    },
}
