from pathlib import Path

import pytest

from glassgate.errors import BadInput
from glassgate.train.tokens import Vocabulary


def test_words_are_lower_cased_and_marks_stand_alone():
    text = "The boy's _dog_ ran, didn\u2019t it?"
    vocabulary = Vocabulary.learn([text])
    heard = vocabulary.tokens(vocabulary.encode(text))
    assert heard == ["the", "boy's", "_", "dog", "_", "ran", ",", "didn\u2019t", "it", "?"]


def test_ids_run_by_frequency_then_alphabet_after_the_special_ones():
    vocabulary = Vocabulary.learn(["b a c c", "b"])
    assert vocabulary.tokens(range(6)) == ["<unk>", "<bos>", "<eos>", "b", "c", "a"]
    assert len(vocabulary) == 6


def test_rare_words_are_unknown_as_they_were_spelt():
    vocabulary = Vocabulary.learn(["the cat the cat sat"], minimum_frequency=2)
    assert vocabulary.encode("the Dog sat the Dog")[1] == vocabulary.unk
    assert vocabulary.unknown("the Dog sat the Dog") == ["Dog", "sat"]
    assert vocabulary.unknown("The CAT") == []


def test_characters_keep_case_and_newlines():
    vocabulary = Vocabulary.learn(["Aa\nb "], "characters")
    assert vocabulary.tokens(vocabulary.encode("A\na b")) == ["A", "\n", "a", " ", "b"]


def test_a_text_cannot_spell_a_special_token():
    vocabulary = Vocabulary.learn(["the < unk > bos eos"])
    assert not {vocabulary.bos, vocabulary.eos} & set(vocabulary.encode("<bos> the <eos>"))
    assert vocabulary.encode("<unk>") == vocabulary.encode("< unk >")


def test_a_sentence_stands_between_its_marks():
    vocabulary = Vocabulary.of(["run", "boys"])
    assert vocabulary.tokens(vocabulary.sentence("Boys run")) == ["<bos>", "boys", "run", "<eos>"]
    assert vocabulary.words("Boys run") == ["Boys", "run"]


def test_a_fixed_list_keeps_its_order_and_refuses_what_is_no_word():
    assert Vocabulary.of(["z", "Mary", "a"]).tokens([3, 4, 5]) == ["z", "mary", "a"]
    with pytest.raises(BadInput, match="'two words'"):
        Vocabulary.of(["two words"])


def test_saved_and_loaded_it_is_the_same(tmp_path: Path):
    vocabulary = Vocabulary.learn(["Did not; naïve, don't"])
    path = tmp_path / "tokenizer.json"
    path.write_text(vocabulary.to_json(), encoding="utf-8")
    loaded = Vocabulary.load(path)
    assert loaded.encode("Don't! Naïve DID") == vocabulary.encode("Don't! Naïve DID")
    assert len(loaded) == len(vocabulary)


@pytest.mark.parametrize("text", ["", "{}", '{"model": 3}', "[]"])
def test_a_file_that_is_no_vocabulary_is_refused(tmp_path: Path, text: str):
    path = tmp_path / "tokenizer.json"
    path.write_text(text)
    with pytest.raises(BadInput, match=r"tokenizer\.json is not a vocabulary"):
        Vocabulary.load(path)


def test_a_text_without_a_frequent_word_is_refused():
    with pytest.raises(BadInput, match="no words occur at least 2 times"):
        Vocabulary.learn(["all different words"], minimum_frequency=2)
