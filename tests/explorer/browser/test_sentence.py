"""The sentence: typed, picked, swapped for its twin, made by the grammar, and read word by word."""

from __future__ import annotations

from pathlib import Path

import pytest

from glassgate.grammar import Grammar
from tests.explorer.browser.conftest import Open, Opened


def text(page: Opened) -> str:
    return page.page.locator("#text").input_value()


def words(page: Opened) -> list[str]:
    return page.page.locator("#reader .word").all_inner_texts()


def chosen(page: Opened) -> str:
    return str(page.page.locator("#reader [aria-current=true]").get_attribute("data-word"))


def test_a_typed_sentence_is_read_to_its_end_and_unknown_words_are_marked(
    open_page: Open, four: Path
):
    page = open_page(four)
    page.page.locator("#text").fill("The zebra fell down, and")
    page.settle()
    assert words(page) == ["●", "The", "zebra", "fell", "down", ",", "and"]
    assert chosen(page) == "6"
    assert page.page.locator("#reader [data-unknown]").all_inner_texts() == ["zebra", ","]
    remark = page.page.locator("#sentence .remark").inner_text()
    assert remark == "“zebra”, “,” are not in the vocabulary of gru: it reads <unk>."
    page.page.locator("#text").fill("the boy")
    page.settle()
    assert page.page.locator("#sentence .remark").is_hidden()


def test_the_seeds_sentences_can_be_picked_and_the_unknown_ones_are_not_offered(
    open_page: Open, four: Path
):
    page = open_page(four)
    offered = page.page.locator("#sentence option").all_inner_texts()
    assert "the boy fell down and hurt his knee" in offered
    assert not any("book" in sentence for sentence in offered)
    page.page.get_by_label("Pick a sentence").select_option("the girl fell down and hurt her knee")
    page.settle()
    assert text(page) == "the girl fell down and hurt her knee"


def test_a_sentence_is_swapped_for_its_twin_and_back(open_page: Open, four: Path):
    page = open_page(four)
    page.go(text="the boy who the queens saw hurt his knee")
    swap = page.page.get_by_role("button", name="Swap boy and girl")
    swap.click()
    page.settle()
    assert text(page) == "the girl who the kings saw hurt her knee"
    swap.click()
    page.settle()
    assert text(page) == "the boy who the queens saw hurt his knee"
    page.go(text="the dog fell down")
    assert swap.is_hidden()


def test_the_grammar_makes_sentences_in_the_page(open_page: Open, four: Path):
    page, grammar = open_page(four), Grammar.load()
    made = set()
    for _ in range(5):
        page.page.get_by_role("button", name="Let the grammar make one").click()
        page.settle()
        grammar.surprisal(text(page).split())  # which refuses what is no sentence
        made.add(text(page))
    assert len(made) > 1


def test_keys_buttons_and_the_slider_go_along_the_words(open_page: Open, four: Path):
    page = open_page(four)
    page.go(text="the boy fell down", word=2)
    page.page.locator("#reader [data-word='2']").focus()
    for key, expected in (
        ("ArrowRight", "3"), ("ArrowLeft", "2"), ("Home", "0"), ("ArrowLeft", "0"), ("End", "4"),
        ("ArrowRight", "4"),
    ):  # fmt: skip
        page.page.keyboard.press(key)
        page.settle()
        assert chosen(page) == expected
        focused = page.page.evaluate("document.activeElement.dataset.word")
        assert focused == expected
    page.page.get_by_role("button", name="Previous word").click()
    page.settle()
    assert chosen(page) == "3"
    page.page.get_by_label("Word of the sentence").fill("1")
    page.settle()
    assert chosen(page) == "1"
    page.page.locator("#reader [data-word='4']").click()
    page.settle()
    assert chosen(page) == "4"


def test_play_reads_the_sentence_from_its_start_and_stops_at_its_end(open_page: Open, four: Path):
    page = open_page(four)
    page.go(text="the boy", word=2)
    page.page.locator("#reader").get_by_role("button", name="Play").click()
    page.page.wait_for_selector("#reader [data-word='0'][aria-current]")
    page.page.wait_for_selector("#reader [data-word='1'][aria-current]")
    page.page.wait_for_selector("#reader [data-word='2'][aria-current]")
    page.page.locator("#reader").get_by_role("button", name="Play").wait_for(timeout=10_000)
    assert chosen(page) == "2"


def test_play_can_be_paused(open_page: Open, four: Path):
    page = open_page(four)
    page.go(text="the boy fell down and hurt his knee", word=0)
    page.page.locator("#reader").get_by_role("button", name="Play").click()
    page.page.wait_for_selector("#reader [data-word='1'][aria-current]")
    page.page.locator("#reader").get_by_role("button", name="Pause").click()
    page.settle()
    stopped = chosen(page)
    page.page.wait_for_timeout(1000)
    assert chosen(page) == stopped


def test_a_long_text_is_cut_and_the_page_says_so(open_page: Open, four: Path):
    page = open_page(four)
    page.go(text="the boy " * 150)
    assert len(words(page)) == 201
    assert (
        "The page reads the first 200 words." in page.page.locator("#sentence .remark").inner_text()
    )


@pytest.mark.parametrize("sentence", ["", "   "])
def test_an_empty_sentence_is_read_as_the_start_alone(open_page: Open, four: Path, sentence: str):
    page = open_page(four)
    page.page.locator("#text").fill(sentence)
    page.settle()
    assert words(page) == ["●"]
    assert page.next()["gru"]
