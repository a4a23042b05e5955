"""What stands in the page: weights to the bit, the grammar's rules, sentences to read."""

import base64
from pathlib import Path

import pytest
from safetensors.torch import load as read_tensors

from glassgate import BadInput, load
from glassgate.explorer import Content
from glassgate.explorer.payload import payload
from glassgate.grammar import Grammar


def test_weights_config_and_vocabulary_are_those_of_the_folder(networks: Path):
    loaded = load(networks / "gru")
    (model,) = payload(Content({"mine": loaded}))["models"]
    assert model["name"] == "mine"
    assert model["config"] == loaded.config
    assert list(model["tokenizer"]["model"]["vocab"])[:3] == ["<unk>", "<bos>", "<eos>"]
    weights = read_tensors(base64.b64decode(model["weights"]))
    own = loaded.model.state_dict()
    assert weights.keys() == own.keys()
    assert all(weights[name].equal(own[name]) for name in own)


def test_the_grammar_comes_along_where_the_words_are_exactly_its_own(networks: Path, trained: Path):
    assert payload(Content({"gru": load(networks / "gru")}))["grammar"]["name"] == "english.grammar"
    assert payload(Content({"other": load(trained / "lines")}))["grammar"] is None
    assert payload(Content({"letters": load(trained / "letters")}))["grammar"] is None


def test_the_rules_in_the_page_make_the_grammars_own_distribution(networks: Path):
    content = Content({"gru": load(networks / "gru")})
    symbols = payload(content)["grammar"]["symbols"]
    assert symbols[0]["name"] == "Sentence"

    def first_words(number: int) -> dict[str, float]:
        """The words that can open a symbol; no symbol that opens a sentence here can be empty."""
        words: dict[str, float] = {}
        for expansion in symbols[number]["expansions"]:
            item = expansion["items"][0]
            opened = {item: 1.0} if isinstance(item, str) else first_words(item)
            for word, probability in opened.items():
                words[word] = words.get(word, 0.0) + expansion["probability"] * probability
        return words

    assert first_words(0) == pytest.approx(Grammar.load().begin().next_words)
    classes = payload(content)["grammar"]["classes"]
    assert (classes["boy"], classes["tired"], classes["the"]) == ("noun", "adjective", "other")


def test_a_grammar_of_your_own_needs_a_model_that_knows_its_words(trained: Path):
    model = load(trained / "lines")
    known = Grammar("S\n    the boy fell | the girl fell\n", "known.grammar")
    assert payload(Content({"lines": model}, known))["grammar"]["name"] == "known.grammar"
    strange = Grammar("S\n    the zebra fell\n", "strange.grammar")
    with pytest.raises(BadInput, match=r"the words of strange.grammar, but none knows 'zebra'"):
        payload(Content({"lines": model}, strange))


def test_no_classifier_and_no_model_of_characters_takes_a_grammar(trained: Path):
    grammar = Grammar("S\n    good\n")
    for name in ("letters", "sentiment"):
        with pytest.raises(BadInput, match="a model must know the words of grammar"):
            payload(Content({name: load(trained / name)}, grammar))


def test_a_text_is_read_line_by_line_or_as_one_stream_as_the_model_reads_it(trained: Path):
    text = "\n the boy fell . he hurt his knee .\nthe girl fell .\n"
    lines = payload(Content({"lines": load(trained / "lines")}, text=text))
    assert lines["text"] == "the boy fell . he hurt his knee ."
    assert lines["examples"] == ("the boy fell . he hurt his knee .", "the girl fell .")
    stream = payload(Content({"stream": load(trained / "stream")}, text=text))
    assert stream["text"] == "the boy fell ."
    assert len(stream["examples"]) == 1


def test_without_a_text_the_grammar_makes_the_examples(networks: Path, trained: Path):
    page = payload(Content({"gru": load(networks / "gru")}))
    assert page["examples"] == [" ".join(words) for words in Grammar.load().sample(200, 0)]
    assert page["text"] == ""
    assert payload(Content({"lines": load(trained / "lines")}))["examples"] == []


def test_no_model_is_refused():
    with pytest.raises(BadInput, match="at least one model"):
        payload(Content({}))


def test_weights_over_the_limit_are_refused_unless_they_are_asked_for(
    networks: Path, monkeypatch: pytest.MonkeyPatch
):
    content = Content({"gru": load(networks / "gru")})
    size = sum(value.numel() for value in content.models["gru"].model.state_dict().values()) * 4
    monkeypatch.setattr("glassgate.explorer.payload.MAX_WEIGHTS", size)
    assert payload(content)["models"]
    monkeypatch.setattr("glassgate.explorer.payload.MAX_WEIGHTS", size - 1)
    with pytest.raises(BadInput, match=r"the weights take .* MB, expected at most .*--large"):
        payload(content)
    assert payload(content, large=True)["models"]
