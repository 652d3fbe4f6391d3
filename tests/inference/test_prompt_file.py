"""Prompts in a text file."""

import pytest

from gansmith.errors import DataError
from gansmith.inference.prompt_file import prompts_of


def written(tmp_path, content):
    path = tmp_path / "prompts.txt"
    path.write_bytes(content)
    return path


def test_a_prompt_is_a_line_in_any_language(tmp_path):
    text = 'a red circle\n\n  绿色的三角形 \n \t\na blue square, "7" = 7'
    for content in (text.encode(), text.replace("\n", "\r\n").encode(), text.encode("utf-8-sig")):
        found = prompts_of(written(tmp_path, content))
        assert found == ["a red circle", "绿色的三角形", 'a blue square, "7" = 7']


@pytest.mark.parametrize("content", [b"", b"\n", "﻿ \r\n\t\n".encode()])
def test_a_file_without_any_says_so(tmp_path, content):
    with pytest.raises(DataError, match=r"prompts=.*prompts\.txt holds none: write a prompt a line"):
        prompts_of(written(tmp_path, content))


def test_a_file_that_can_not_be_read_says_so(tmp_path):
    with pytest.raises(DataError, match=r"prompts=.*nowhere can't be read: No such file"):
        prompts_of(tmp_path / "nowhere")
    with pytest.raises(DataError, match="can't be read: Is a directory"):
        prompts_of(tmp_path)
    with pytest.raises(DataError, match="is no text in UTF-8"):
        prompts_of(written(tmp_path, "红色的圆".encode("gbk")))
