"""Models that others trained, run here: letters to phonemes, and audio effects."""

import json
from pathlib import Path

import numpy as np
import pytest

from glassgate import GRU, GRUWeights
from glassgate.exchange.keras.arrays import from_keras
from glassgate.exchange.pytorch.arrays import from_pytorch

SHARED = Path(__file__).parents[3] / "shared" / "data"
RTNEURAL, G2P = SHARED / "rtneural", SHARED / "g2p_en"
BEGIN, END, MOST = 2, 3, 20  # marks of the decoder, and how many phonemes it may speak
VOWELS = ["AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"]
CONSONANTS = [
    *("B", "CH", "D", "DH", "F", "G", "HH", "JH", "K", "L", "M", "N", "NG", "P", "R", "S", "SH"),
    *("T", "TH", "V", "W", "Y", "Z", "ZH"),
]
ARPABET = sorted([*CONSONANTS, "UW", *(vowel + stress for vowel in VOWELS for stress in "012")])
PHONEMES = ["<pad>", "<unk>", "<s>", "</s>", *ARPABET]
LETTERS = ["<pad>", "<unk>", "</s>", *"abcdefghijklmnopqrstuvwxyz"]


@pytest.fixture(scope="module")
def g2p():
    if not G2P.is_dir():
        pytest.skip("the model of g2p_en is not beside this checkout")
    with np.load(G2P / "checkpoint20.npz") as file:
        return dict(file)


def part(model, prefix):
    names = {"w_ih": "weight_ih", "w_hh": "weight_hh", "b_ih": "bias_ih", "b_hh": "bias_hh"}
    return from_pytorch({ours: model[f"{prefix}_{theirs}"] for theirs, ours in names.items()})


def spoken(model, decoder, state):
    """Let the decoder speak: an embedding below it, a dense layer above, the likeliest wins."""
    phoneme, said = BEGIN, []
    while len(said) < MOST:
        output, state = decoder.step(model["dec_emb"][[phoneme]], state)
        phoneme = int((output @ model["fc_w"].T + model["fc_b"]).argmax())
        if phoneme == END:
            break
        said.append(PHONEMES[phoneme])
    return said


def test_words_are_read_and_spoken_as_by_the_models_own_program(g2p):
    encoder, decoder = part(g2p, "enc"), part(g2p, "dec")
    words = json.loads((G2P / "reference.json").read_text())
    assert (len(words), len(PHONEMES)) == (16, len(g2p["dec_emb"]))
    for word, expected in words.items():
        spelled = [LETTERS.index(letter) for letter in word] + [LETTERS.index("</s>")]
        _, state = encoder.run(g2p["enc_emb"][spelled][:, None])
        np.testing.assert_allclose(state[0, 0], expected["enc_last"], rtol=0, atol=1e-5)
        assert spoken(g2p, decoder, state) == expected["phones"]


def rtneural(name):
    if not RTNEURAL.exists():
        pytest.skip("the models of RTNeural are not beside this checkout")
    model = json.loads((RTNEURAL / f"{name}.json").read_text())
    column = [np.loadtxt(RTNEURAL / f"{name}_{end}_python.csv") for end in "xy"]
    return model, *(values.astype(np.float32)[:, None, None] for values in column)  # (T, 1, 1)


@pytest.mark.parametrize("name", ["gru", "gru_1d"])
def test_models_of_rtneural_reproduce_their_output(name):
    model, x, y = rtneural(name)
    for layer in model["layers"]:
        arrays = [np.array(array, np.float32) for array in layer["weights"]]
        if layer["type"] == "gru":
            x, _ = GRU([[from_keras(*arrays, reset_after=True)]]).run(x)
        else:
            curves = {"tanh": np.tanh, "sigmoid": lambda v: 1 / (1 + np.exp(-v)), "": lambda v: v}
            x = curves[layer["activation"]](x @ arrays[0] + arrays[1])
    np.testing.assert_allclose(x, y, rtol=1e-5, atol=1e-6)


def test_a_pytorch_model_of_rtneural_reproduces_its_output():
    state, x, y = rtneural("gru_torch")
    arrays = {name: np.array(array, np.float32) for name, array in state.items()}
    for name, depth in (("gru", 1), ("gru2", 3)):
        kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        parts = [[arrays[f"{name}.{kind}_l{i}"] for kind in kinds] for i in range(depth)]
        x, _ = GRU([[GRUWeights(*layer)] for layer in parts]).run(x)
    x = x @ arrays["dense.weight"].T + arrays["dense.bias"]
    np.testing.assert_allclose(x, y, rtol=1e-5, atol=1e-6)
