"""What a picture is called: every caption it may be trained with, and how likely each is."""

from training.data import Picture

THINGS = {"animals-nature", "food-drink", "travel-places", "activities", "objects"}  # groups of things with a shape

# Short names that people type, for what CLDR names at length.
EVERYDAY = {
    "automobile": "car",
    "oncoming automobile": "car",
    "sport utility vehicle": "car",
    "racing car": "race car",
    "deciduous tree": "tree",
    "hot beverage": "cup of coffee",
    "wrapped gift": "gift",
    "crescent moon": "moon",
    "full moon": "moon",
    "first quarter moon": "half moon",
    "cherry blossom": "flower",
    "hibiscus": "flower",
    "blossom": "flower",
    "tulip": "flower",
    "smiling face with sunglasses": "face with sunglasses",
    "slightly smiling face": "smiling face",
    "grinning face": "smiling face",
    "smiling face with smiling eyes": "smiling face",
    "passenger ship": "ship",
    "mantelpiece clock": "clock",
    "alarm clock": "clock",
    "three o'clock": "clock",
    "ten o'clock": "clock",
    "spouting whale": "whale",
    "ewe": "sheep",
    "pine decoration": "bamboo",
    "sailboat": "boat",
    "teddy bear": "teddy",
    "glass of milk": "milk",
    "light bulb": "lamp",
    "clinking beer mugs": "beer",
    "beer mug": "beer",
    "wine glass": "wine",
    "poultry leg": "chicken leg",
    "shortcake": "cake",
    "french fries": "fries",
    "high-heeled shoe": "shoe",
    "running shoe": "sneaker",
    "t-shirt": "shirt",
    "water wave": "wave",
    "evergreen tree": "fir tree",
    "house with garden": "house",
    "sunflower": "sunflower",
    "ear of corn": "corn",
    "honeybee": "bee",
    "lady beetle": "ladybug",
    "cat face": "cat",
    "dog face": "dog",
    "rabbit face": "rabbit",
    "glowing star": "star",
    "white medium star": "star",
    "delivery truck": "truck",
    "locomotive": "train",
    "bullet train": "train",
    "old key": "key",
}


def captions(picture: Picture) -> list[tuple[str, float]]:
    """(caption, probability) of all the ways to call a picture; the probabilities sum to 1."""
    if picture.made == "pair":
        left, right = picture.title.split(" and ")
        left, right = EVERYDAY.get(left, left), EVERYDAY.get(right, right)
        return [
            (f"{left} and {right}, {picture.style} style", 0.4),
            (f"{left} and {right}", 0.3),
            (f"a {left} and a {right}", 0.3),
        ]
    thing, ground = picture.title, ""
    if picture.made == "ground":
        thing, _, colour = picture.title.rpartition(" on a ")
        ground = f" on a {colour}"
    names = [(picture.title, 1.0)]
    for long, short in EVERYDAY.items():
        if thing == long or thing.endswith(f" {long}"):
            names.append((thing.removesuffix(long) + short + ground, 1.5))
    said: dict[str, float] = {}
    for name, share in names:
        for caption, odds in [
            (f"{name}, {picture.style} style", 0.55),
            (name, 0.3),
            (f"a {name}", 0.15),
        ]:
            said[caption] = said.get(caption, 0) + share * odds
    total = sum(said.values())
    keywords = picture.keywords[:6]
    for word in keywords:
        caption = f"{word}, {picture.style} style"
        said[caption] = said.get(caption, 0) + 0.12 * total / len(keywords)
    total = sum(said.values())
    return [(caption, odds / total) for caption, odds in said.items()]


def article(thing: str) -> str:
    return f"{'an' if thing[0] in 'aeiou' else 'a'} {thing}"


def plural(thing: str) -> str:
    """Good enough for the names of drawings."""
    if thing.endswith(("s", "x", "ch", "sh")):
        return f"{thing}es" if not thing.endswith("ss") and thing.endswith(("x", "ch", "sh")) else thing
    return f"{thing[:-1]}ies" if thing.endswith("y") and thing[-2:-1] not in "aeiou" else f"{thing}s"
