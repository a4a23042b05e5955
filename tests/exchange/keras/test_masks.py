"""Masked steps: said, kept in converted files, and how to run a network without them."""

import numpy as np
import pytest

from glassgate import GRU
from glassgate.exchange import convert, inspect, read
from glassgate.exchange.keras.file import read_keras
from tests.exchange.keras.keras_cases import gru, layer_arrays, sequential, under, write_h5
from tests.exchange.keras.keras_models import fill, keras, layers, saved

pytestmark = [pytest.mark.filterwarnings("ignore::DeprecationWarning")]
NOTE = (
    "its steps are masked by words, an Embedding with mask_zero: Keras skips them, but the network "
    "reads every step, so cut padding that comes before a sequence, and pass lengths for padding "
    "after it"
)


def masked():
    ids = layers.Input((9,))
    steps = layers.Dropout(0.5)(layers.Embedding(20, 6, mask_zero=True, name="words")(ids))
    lower = layers.GRU(7, return_sequences=True, name="lower")(steps)
    return fill(keras.Model(ids, layers.GRU(7, return_sequences=True, name="upper")(lower)))


def test_a_masked_model_says_so_and_runs_as_the_note_says(tmp_path, kind):
    model = masked()
    path = saved(model, tmp_path, kind)
    assert {one.name: one.notes for one in read_keras(path)} == dict.fromkeys(
        ["lower+upper", "lower", "upper"], (NOTE,)
    )
    assert f"lower+upper: {NOTE}" in inspect(path).notes
    conversion = convert(path, tmp_path / "gru.safetensors")
    assert conversion.warnings == (NOTE,)
    network, embed = GRU.load(tmp_path / "gru.safetensors"), model.get_layer("words")
    sequences = [3, 4, 5], [6, 7, 8, 9, 10]
    for side in ("pre", "post"):
        batch = keras.utils.pad_sequences(sequences, 9, padding=side)
        theirs = keras.ops.convert_to_numpy(model(batch))
        steps = np.swapaxes(keras.ops.convert_to_numpy(embed(batch)), 0, 1)
        plain = network.run(np.ascontiguousarray(steps))[0]
        assert np.abs(plain[-1] - theirs[:, -1]).max() > 1e-3  # what nobody was told before
        for i, words in enumerate(sequences):
            if side == "pre":
                cut = np.ascontiguousarray(steps[-len(words) :, i : i + 1])
                output = network.run(cut)[0][-1, 0]
            else:
                lengths = [len(words) for words in sequences]
                ours = network.run(np.ascontiguousarray(steps), lengths=lengths)[0]
                output = ours[len(words) - 1, i]
            np.testing.assert_allclose(output, theirs[i, -1], rtol=0, atol=1e-6)


@pytest.mark.parametrize("ending", ["safetensors", "pt", "keras", "onnx"])
def test_a_converted_file_keeps_the_note(tmp_path, ending):
    path = saved(masked(), tmp_path, ".keras")
    convert(path, tmp_path / f"gru.{ending}")
    assert read(tmp_path / f"gru.{ending}")[0].notes == (NOTE,)
    assert convert(tmp_path / f"gru.{ending}", tmp_path / "b.safetensors").warnings[0] == NOTE
    assert read(tmp_path / "b.safetensors")[0].notes == (NOTE,)


def test_torch_and_keras_load_files_with_notes(tmp_path):
    import torch

    for ending in ("pt", "keras"):
        convert(saved(masked(), tmp_path, ".keras"), tmp_path / f"gru.{ending}", node="lower")
    torch.nn.GRU(6, 7).load_state_dict(torch.load(tmp_path / "gru.pt", weights_only=True))
    keras.models.load_model(tmp_path / "gru.keras", safe_mode=True)


def masks(layers_of_model, tmp_path, model="Functional"):
    """What masks each GRU of a Keras 2 config, which is given by its layers."""
    weights = {}
    for layer in layers_of_model:
        if layer["class_name"] == "GRU":
            name = layer["config"]["name"]
            weights[name] = under(f"{name}/cell", layer_arrays(4, 4))
    config = sequential(*layers_of_model) | {"class_name": model}
    path = write_h5(tmp_path / "model.h5", config, weights)
    return {one.name: one.notes for one in read_keras(path) if "+" not in one.name}


def layer(kind, name, *below, **config):
    nodes = [[[one, 0, 0, {}] for one in below]] if below else []
    return {"class_name": kind, "config": {"name": name, **config}, "inbound_nodes": nodes}


def called(name, below, given=None, **config):
    nodes = [[[below, 0, 0, given or {}]]]
    return gru(name, **config) | {"inbound_nodes": nodes}


@pytest.mark.parametrize(
    ("between", "said"),
    [
        ([layer("Dense", "mid", "mask")], True),
        ([called("mid", "mask")], True),
        ([called("mid", "mask", return_sequences=False)], False),
        ([layer("Flatten", "mid", "mask")], False),
        ([layer("Dense", "other", "in"), layer("Add", "mid", "other", "mask")], True),
        ([layer("Dense", "mid", "in")], False),
    ],
)
def test_a_mask_is_followed_through_the_graph(tmp_path, between, said):
    start = [layer("InputLayer", "in"), layer("Masking", "mask", "in", mask_value=-1.0)]
    notes = masks([*start, *between, called("top", "mid")], tmp_path)["top"]
    assert [note[:50] for note in notes] == (
        ["its steps are masked by mask, a Masking of -1.0: K"] if said else []
    )


def test_a_mask_that_a_call_is_given_is_noticed(tmp_path):
    start = [layer("InputLayer", "in"), layer("Lambda", "own", "in")]
    given = called("top", "in", {"mask": ["own", 0, 0]})
    (note,) = masks([*start, given], tmp_path)["top"]
    assert note.startswith("its steps are masked by the mask that its call is given: ")


def test_a_mask_enters_and_leaves_models_within(tmp_path):
    words = layer("Embedding", "words", input_dim=3, mask_zero=True)
    inner = sequential(gru("deep"), name="inner")
    for parts in ([words, inner], [sequential(words, name="below"), inner]):
        config = sequential(*parts)
        weights = {"inner": under("deep/cell", layer_arrays(4, 4))}
        (found,) = read_keras(write_h5(tmp_path / "model.h5", config, weights))
        assert len(found.notes) == 1


def test_a_layer_that_keeps_its_state_from_batch_to_batch_says_so(tmp_path):
    weights = {"gru": under("gru/cell", layer_arrays(3, 4))}
    path = write_h5(tmp_path / "model.h5", sequential(gru(stateful=True)), weights)
    (warning,) = convert(path, tmp_path / "gru.safetensors").warnings
    assert warning == (
        "its initial state is the last state of the batch before (stateful), to be passed by the "
        "caller: a network holds none"
    )
