import numpy as np
import pytest
import torch

from glassgate.train.batches import (
    IGNORE,
    Batch,
    labelled_batches,
    sentence_batches,
    stream_batches,
)

BOS = 1


def read_back(batches: list[Batch]) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.cat([b.inputs for b in batches]), torch.cat([b.targets for b in batches])


@pytest.mark.parametrize(
    ("count", "width", "stretch"), [(100, 4, 7), (101, 8, 1), (9, 8, 5), (3, 9, 2)]
)
def test_a_stream_is_read_once_in_contiguous_columns(count: int, width: int, stretch: int):
    tokens = list(range(10, 10 + count))
    batches = stream_batches(tokens, BOS, width, stretch)
    inputs, targets = read_back(batches)
    assert targets.T.flatten()[targets.T.flatten() != IGNORE].tolist() == tokens
    assert (inputs[0] == BOS).all()
    scored = targets[:-1] != IGNORE
    assert (inputs[1:][scored] == targets[:-1][scored]).all()
    assert [b.carries for b in batches] == [False] + [True] * (len(batches) - 1)
    assert all(len(b.inputs) <= stretch for b in batches)
    assert sum(b.count for b in batches) == count == sum(int(b.lengths.sum()) for b in batches)
    assert all(b.count for b in batches)


def test_batches_of_a_slice_are_those_of_the_whole():
    whole = stream_batches(list(range(10, 110)), BOS, 4, 7)
    later = whole[2:]
    assert (len(whole), len(later)) == (4, 2)
    for one, other in zip(later, list(whole)[2:], strict=True):
        assert torch.equal(one.inputs, other.inputs)
    assert torch.equal(later[-1].targets, whole[3].targets)
    assert later[0].carries
    with pytest.raises(IndexError):
        whole[4]


def test_sentences_predict_their_own_next_token_up_to_their_length():
    random = np.random.default_rng(0)
    said = [[1, *random.integers(3, 99, n).tolist(), 2] for n in random.integers(1, 9, 50)]
    batches = sentence_batches(said, 8, 0, 1)
    found = []
    for batch in batches:
        for column in range(batch.size):
            length = int(batch.lengths[column])
            inputs = batch.inputs[:, column].tolist()
            targets = batch.targets[:, column].tolist()
            found.append([*inputs[:length], targets[length - 1]])
            assert inputs[1:length] == targets[: length - 1]
            assert set(targets[length:]) <= {IGNORE}
    assert sorted(found) == sorted(said)
    assert not any(batch.carries for batch in batches)


def test_held_out_and_labelled_batches_are_of_like_length():
    rising = [[1] * n for n in range(1, 33)]
    for batches in (
        sentence_batches([[1, *row] for row in rising], 8, 0, None),
        labelled_batches(rising, [0] * 32, 8, 0, 3),
    ):
        assert sorted(len(b.inputs) for b in batches) == [8, 16, 24, 32]
        assert all(int(b.lengths.min()) == len(b.inputs) - 7 for b in batches)


def test_training_batches_of_sentences_mix_all_lengths():
    batches = sentence_batches([[1] * n for n in range(2, 66)], 8, 0, 3)
    assert min(int(b.lengths.max() - b.lengths.min()) for b in batches) > 16


def test_order_is_a_function_of_seed_and_epoch():
    said = [[1, 10 + i, 2] for i in range(40)]

    def order(seed: int, epoch: int | None) -> list[int]:
        return torch.cat([b.inputs[1] for b in sentence_batches(said, 4, seed, epoch)]).tolist()

    assert order(0, 1) == order(0, 1)
    assert order(0, 1) != order(0, 2)
    assert order(0, 1) != order(1, 1)
    assert order(5, None) == list(range(10, 50))


def test_labels_stay_with_their_texts():
    texts = [[10 + i] * (1 + i % 5) for i in range(30)]
    for batch in labelled_batches(texts, [i % 3 for i in range(30)], 7, 2, 1):
        assert ((batch.inputs[0] - 10) % 3 == batch.targets).all()
        assert (batch.inputs[batch.lengths - 1, torch.arange(batch.size)] == batch.inputs[0]).all()
        assert batch.count == batch.size


@pytest.mark.parametrize(("size", "world"), [(8, 2), (7, 3), (2, 3), (1, 2)])
def test_shares_put_together_are_the_batch_and_no_process_is_without(size: int, world: int):
    batch = sentence_batches([[1] * (3 + i) for i in range(size)], size, 0, None)[0]
    shares = [batch.share(rank, world) for rank in range(world)]
    assert sum(share.count for share in shares) == batch.count
    assert all(share.size >= 1 for share in shares)
    scored = [share for share in shares if share.count]
    assert torch.equal(torch.cat([share.targets for share in scored], 1), batch.targets)
    assert torch.equal(torch.cat([share.inputs for share in scored], 1), batch.inputs)
    assert torch.equal(torch.cat([share.lengths for share in scored]), batch.lengths)
