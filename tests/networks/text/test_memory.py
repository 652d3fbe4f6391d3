"""What is remembered, what is forgotten, and several processes at one file."""

import logging
import multiprocessing
from pathlib import Path

import pytest
import torch

from gansmith.networks.text.memory import Memory

WIDTH = 4


def encoding(caption: str) -> torch.Tensor:
    return torch.full((len(caption) + 1, WIDTH), float(len(caption)))


class Counting:
    """Encodes captions and writes down which."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, captions: list[str]) -> list[torch.Tensor]:
        self.asked += captions
        return [encoding(caption) for caption in captions]


def assert_right(found: list[torch.Tensor], captions: list[str]) -> None:
    assert all(torch.equal(one, encoding(caption)) for one, caption in zip(found, captions, strict=True))


def test_each_caption_is_encoded_once_and_in_its_place():
    memory, encode = Memory(WIDTH), Counting()
    for captions in (["a", "bb", "a", ""], ["bb", "ccc", "ccc"]):
        assert_right(memory.encodings(captions, encode), captions)
    assert encode.asked == ["a", "bb", "", "ccc"]


def test_what_was_not_asked_for_longest_is_forgotten_first():
    memory, encode = Memory(WIDTH, limit=2 * encoding("a").nbytes), Counting()
    for caption in ("a", "b", "a", "c", "a", "b"):
        memory.encodings([caption], encode)
    assert encode.asked == ["a", "b", "c", "b"]
    assert memory.bytes == sum(kept.nbytes for kept in memory.known.values()) <= memory.limit


def test_a_batch_larger_than_the_memory_is_whole():
    memory, captions = Memory(WIDTH, limit=1), ["a", "bb", "ccc"]
    assert_right(memory.encodings(captions, Counting()), captions)
    assert not memory.known
    assert memory.bytes == 0


def test_another_run_finds_the_file(tmp_path):
    file, captions = tmp_path / "folder" / "text.sqlite", ["a", "", "红色", "half \udcff"]
    Memory(WIDTH, file).encodings(captions, Counting())
    later, encode = Memory(WIDTH, file), Counting()
    assert_right(later.encodings([*captions, "new"], encode), [*captions, "new"])
    assert encode.asked == ["new"]


def fill(file: Path, number: int) -> None:
    memory = Memory(WIDTH, file)
    for place in range(20):
        memory.encodings(["x" * (place + 1), f"of {number}: {place}"], Counting())


def test_processes_share_a_file(tmp_path):
    file = tmp_path / "text.sqlite"
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=fill, args=(file, number)) for number in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    captions = ["x" * (place + 1) for place in range(20)] + [
        f"of {n}: {place}" for n in range(3) for place in range(20)
    ]
    encode = Counting()
    assert_right(Memory(WIDTH, file).encodings(captions, encode), captions)
    assert not encode.asked


@pytest.mark.parametrize("fault", ["no database", "a folder", "under a file"])
def test_a_file_that_can_not_be_used_is_said_once_and_costs_nothing_else(tmp_path, caplog, fault):
    file = tmp_path / "text.sqlite"
    if fault == "no database":
        file.write_bytes(b"something else" * 100)
    elif fault == "a folder":
        file.mkdir()
    else:
        (tmp_path / "file").write_text("")
        file = tmp_path / "file" / "text.sqlite"
    memory = Memory(WIDTH, file)
    with caplog.at_level(logging.WARNING):
        for captions in (["a"], ["bb"]):
            assert_right(memory.encodings(captions, Counting()), captions)
    assert len(caplog.records) == 1
    assert str(file) in caplog.text
