"""What counts as a word, and what words have in common."""

import subprocess
import sys

import pytest

from gansmith.networks.text.parts import buckets_of, unspaced_parts, word_parts

BUCKETS = 10**9


def words(caption: str) -> tuple[tuple[int, ...], ...]:
    return buckets_of(caption, BUCKETS)


def test_parts_are_the_word_and_its_grams_between_boundaries():
    assert word_parts("red") == ("<red>", "<re", "red", "ed>", "<red", "red>")
    assert word_parts("a") == ("<a>",)
    assert word_parts("") == ("<>",)


def test_characters_without_spaces_know_their_neighbours():
    assert unspaced_parts("红色圆") == [("红", "红色"), ("色", "红色", "色圆"), ("圆", "色圆")]
    assert unspaced_parts("红") == [("红",)]


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ("A Red Circle", "a red circle"),
        ("a red circle.", "a red circle"),
        ("red, blue", "red blue"),
        ("t-shirt", "t shirt"),
        ("ｒｅｄ", "red"),
        ("ﬁre", "fire"),
        ("e\u0301toile", "étoile"),
        ("红色，圆形", "红色 圆形"),
        ("  red\n\tblue ", "red blue"),
        ("", "..."),
        ("", " "),
    ],
)
def test_case_width_punctuation_and_spaces_do_not_matter(one, same):
    assert words(one) == words(same)


@pytest.mark.parametrize(("one", "other"), [("red", "green"), ("keycap: #", "keycap: *"), ("😀", "😁"), ("", "a")])
def test_words_and_symbols_differ(one, other):
    assert words(one) != words(other)


@pytest.mark.parametrize(
    ("caption", "count"),
    [
        ("", 1),
        ("a red circle", 3),
        ("一个红色的圆形", 7),
        ("红色 circle", 3),
        ("😀😀", 2),
        ("हिन्दी", 1),
        ("слово", 1),
        ("단어 둘", 2),
    ],
)
def test_number_of_words(caption, count):
    assert len(words(caption)) == count


def test_words_that_look_alike_share_parts():
    (circle,), (circles,), (square,) = words("circle"), words("circles"), words("square")
    assert set(circle) & set(circles)
    assert not set(circle) & set(square)


def test_numbers_are_below_the_number_of_buckets_and_those_of_any_other_process():
    caption = "a red circle 红色的圆形 \udcff"
    numbers = buckets_of(caption, 64)
    assert all(0 <= part < 64 for word in numbers for part in word)
    program = f"from gansmith.networks.text.parts import buckets_of; print(buckets_of({caption!r}, 64))"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == str(numbers)
