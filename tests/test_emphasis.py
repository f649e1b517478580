"""Weights of words: read as AUTOMATIC1111 writes them, in time that grows with the text alone."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfumato.core.errors import RequestError
from sfumato.core.order import Order
from sfumato.engine.emphasis import MORE, MOST, PIECE, means_weights, weighted
from sfumato.planning import check, plan
from sfumato.testing import tiny_card

BRACKETS = st.text(st.sampled_from(list(r"()[]\:1.5+- a,")), max_size=60)


def parts(prompt: str) -> list[tuple[str, float]]:
    return [(part.text, round(part.weight, 4)) for part in weighted(prompt)]


@pytest.mark.parametrize(
    ("prompt", "wanted"),
    [
        ("a cat", [("a cat", 1)]),
        ("a (red) cat", [("a ", 1), ("red", 1.1), (" cat", 1)]),
        ("a ((red)) cat", [("a ", 1), ("red", 1.21), (" cat", 1)]),
        ("a [red] cat", [("a ", 1), ("red", 0.9091), (" cat", 1)]),
        ("a (red:1.3) cat", [("a ", 1), ("red", 1.3), (" cat", 1)]),
        ("(a [b] (c:2):0.5)", [("a ", 0.5), ("b", 0.4545), (" ", 0.5), ("c", 1.0)]),
        ("(far : 1.2 )", [("far ", 1.2)]),
        ("(a:-.5)", [("a", -0.5)]),
        ("(ratio 3:2:1.5)", [("ratio 3:2", 1.5)]),
        (r"a \(b\) \[c\] \\", [("a (b) [c] \\", 1)]),
        (r"(\(a\):1.5)", [("(a)", 1.5)]),
        ("a smile :) and :(", [("a smile :) and :(", 1)]),
        ("(a", [("(a", 1)]),
        ("a:1.3)", [("a:1.3)", 1)]),
        ("(a [b) c]", [("(a ", 1), ("b) c", 0.9091)]),
        ("(a:b)", [("a:b", 1.1)]),
        ("[a:1.3)", [("[a:1.3)", 1)]),
        ("()", []),
        ("", []),
    ],
)
def test_reads_what_it_is_written(prompt: str, wanted: list[tuple[str, float]]):
    assert parts(prompt) == wanted


@given(BRACKETS)
def test_every_text_is_read_whole_and_none_fails(prompt: str):
    assert "".join(piece[0] for piece in PIECE.finditer(prompt)) == prompt
    try:
        found = weighted(prompt)
    except RequestError as error:
        assert "\n" not in str(error)
        return
    assert all(part.text for part in found)
    assert all(a.weight != b.weight for a, b in pairwise(found))


@given(st.text(st.sampled_from(list("abc ,.:0123456789")), max_size=40))
def test_text_without_brackets_is_itself(prompt: str):
    assert "".join(part.text for part in weighted(prompt)) == prompt
    assert {part.weight for part in weighted(prompt)} <= {1.0}


@given(BRACKETS)
def test_escaped_text_is_itself(prompt: str):
    escaped = "".join("\\" + c if c in "\\()[]" else c for c in prompt)
    assert "".join(part.text for part in weighted(escaped)) == prompt
    assert not means_weights(escaped)


@pytest.mark.parametrize("piece", ["(", "[", ")", ":1", "(:", ": ", "\\", "(a:1)", "((a))"])
def test_pieces_grow_with_the_text_alone(piece: str):
    few, many = (len(list(PIECE.finditer(piece * n))) for n in (50, 500))
    assert many <= 10 * few + 10


LONG = 50_000  # times; in time that grew with its square a text would take many minutes


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "prompt",
    [
        "(" * LONG, ")" * LONG, "([" * LONG, "(]" * LONG, "(:" * LONG, "(a:" + "1" * LONG, "(a:" + "1." * LONG,
        "(a:" + " " * LONG, "(a:1" + " " * LONG + "b)", ": " * LONG,
        "\\" * LONG, "(a:1)" * LONG, "[" * LONG + "]" * LONG,
    ],
    ids=lambda prompt: prompt[:6],
)  # fmt: skip
def test_the_longest_of_texts_is_read_at_once(prompt: str):
    assert sum(len(part.text) for part in weighted(prompt)) <= len(prompt)
    means_weights(prompt)


def test_a_weight_beyond_all_measure_is_refused():
    deep = "(" * 40 + "a" + ")" * 40
    assert MORE**40 > MOST
    with pytest.raises(RequestError, match="'a' has the weight 45"):
        weighted(deep)
    with pytest.raises(RequestError, match="weight"):
        weighted("(a:" + "9" * 400 + ")")


# ---- planning


def card(weights: bool):
    return tiny_card(text={"tokens": 8, "negative": True, "weights": weights})


def test_a_model_that_knows_no_weights_says_so_only_where_they_are_meant():
    told = plan(Order(prompt="a (red:1.3) cat"), card(False)).warnings
    assert told == [
        "gaussian knows no weights of words: in 'a (red:1.3) cat', parentheses and numbers are read as they stand"
    ]
    for prompt in ("a (red) cat", "a ratio of 3:2", "a smile :)", r"\(a:1.3\)"):
        assert plan(Order(prompt=prompt), card(False)).warnings == []
    assert plan(Order(prompt="a cat", negative="(dog:1.2)"), card(False)).warnings[0].startswith("gaussian knows no")
    assert plan(Order(prompt="a (red:1.3) cat"), card(True)).warnings == []


def test_too_much_weight_is_refused_before_anything_is_painted():
    for fields in ({"prompt": "(a:11)"}, {"prompt": "a", "negative": "(b:-11)"}):
        with pytest.raises(RequestError, match="from -10 to 10"):
            plan(Order(**fields), card(True))
    (recipe,) = plan(Order(prompt="a"), card(True)).recipes
    with pytest.raises(RequestError, match="from -10 to 10"):
        check(recipe.model_copy(update={"prompt": "(a:11)"}), card(True))
