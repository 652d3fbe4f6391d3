"""The cache never gives back anything but what was stored, and never stops a run."""

import threading

import pytest
import torch

from gansmith.metrics import cache


def test_gives_back_what_was_stored(tmp_path):
    path = cache.cache_path(tmp_path / "new" / "folder", reference="a")
    tensors = {"features": torch.randn(5, 3), "mean": torch.randn(3, dtype=torch.float64)}
    assert cache.load(path) is None
    cache.store(path, tensors)
    loaded = cache.load(path)
    assert loaded is not None
    assert all(torch.equal(loaded[key], tensors[key]) for key in tensors)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("change", [{"reference": "b"}, {"resize": 96}, {"weights": "1"}, {"pictures": 3}])
def test_another_content_is_another_file(tmp_path, change):
    content = {"reference": "a", "resize": 64, "weights": "0", "pictures": 2}
    assert cache.cache_path(tmp_path, **content) == cache.cache_path(tmp_path, **dict(reversed(content.items())))
    assert cache.cache_path(tmp_path, **content) != cache.cache_path(tmp_path, **(content | change))


@pytest.mark.parametrize("content", [b"", b"half a fi", None])
def test_broken_file_is_a_miss_with_a_warning(tmp_path, caplog, content):
    path = tmp_path / "broken.pt"
    if content is None:
        torch.save({"features": torch.tensor([torch.nan])}, path)
    else:
        path.write_bytes(content)
    assert cache.load(path) is None
    assert "computing it again" in caplog.text
    cache.store(path, {"features": torch.ones(2)})
    assert cache.load(path) is not None


def test_writers_and_readers_at_once_see_whole_files(tmp_path):
    path = tmp_path / "shared.pt"
    seen: list[bool] = []

    def write_and_read(value: int) -> None:
        for _ in range(20):
            cache.store(path, {"features": torch.full((2000,), float(value))})
            loaded = cache.load(path)
            seen.append(loaded is not None and len(loaded["features"].unique()) == 1)

    writers = [threading.Thread(target=write_and_read, args=(value,)) for value in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(seen) == 80
    assert all(seen)
    assert list(tmp_path.iterdir()) == [path]


def test_folder_that_can_not_be_written_is_a_warning(tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    cache.store(tmp_path / "file" / "features.pt", {"features": torch.ones(2)})
    assert "not cached" in caplog.text
