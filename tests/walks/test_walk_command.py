"""`sample.py mode=…` as it is typed."""

import subprocess
import sys
from pathlib import Path

import pytest
import walking
from hydra import compose, initialize_config_dir
from PIL import Image

from gansmith.errors import ConfigError
from gansmith.walks.command import counts_of, sample

REPOSITORY = Path(__file__).parents[2]
FILES = {
    "samples": {"grid.png", "000000.png", "000001.png"},
    "interpolate": {"interpolation.gif", "interpolation.png"},
    "truncation": {"truncation.png"},
    "mix": {"mix.png"},
    "sefa": {"sefa.png", "sefa.json"},
    "project": {"projection.png", "projection.pt", "projection.json"},
}


@pytest.fixture(scope="module")
def stylegan2(tmp_path_factory):
    return walking.save(walking.STYLEGAN2, tmp_path_factory.mktemp("stylegan2"))


@pytest.fixture(scope="module")
def cgan(tmp_path_factory):
    return walking.save(walking.CGAN, tmp_path_factory.mktemp("cgan"))


def typed(*overrides):
    with initialize_config_dir(str(REPOSITORY / "conf"), version_base="1.3"):
        return sample(compose("sample", overrides=["device=cpu", *overrides]))


@pytest.mark.parametrize("mode", FILES)
def test_a_mode_leaves_its_files_and_the_same_ones_again(mode, stylegan2, tmp_path):
    few = ["n=2", "frames=2", "directions=2", *["steps=2"] * (mode == "project")]
    for out in ("a", "b"):
        typed(f"ckpt={stylegan2}", f"mode={mode}", f"out={tmp_path / out}", *few)
    assert {path.name for path in (tmp_path / "a").iterdir()} == FILES[mode]
    for name in FILES[mode] - {"projection.pt"}:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_each_mode_has_its_own_counts(stylegan2, tmp_path):
    typed(f"ckpt={stylegan2}", "mode=mix", f"out={tmp_path}")
    with Image.open(tmp_path / "mix.png") as sheet:
        assert sheet.size == (2 + 7 * 66, 2 + 7 * 66)
    assert len(typed(f"ckpt={stylegan2}", f"out={tmp_path}")) == 64


def test_several_prompts_and_several_weights_have_counts_of_their_own():
    def n(*overrides):
        with initialize_config_dir(str(REPOSITORY / "conf"), version_base="1.3"):
            return counts_of(compose("sample", overrides=list(overrides)))["n"]

    assert n("prompt=a", "guidance=2") == 64
    assert n("prompts=file") == 4
    assert n("prompt=a", "guidance=[1,2]") == n("prompts=file", "guidance=[1,2]") == 1
    assert n("mode=project", "prompts=file") == 8


def test_samples_can_be_truncated(stylegan2, tmp_path):
    for truncation in (0.5, 1):
        typed(f"ckpt={stylegan2}", "n=1", f"truncation={truncation}", f"out={tmp_path / str(truncation)}")
    typed(f"ckpt={stylegan2}", "n=1", f"out={tmp_path}")
    plain = (tmp_path / "000000.png").read_bytes()
    assert (tmp_path / "1" / "000000.png").read_bytes() == plain
    assert (tmp_path / "0.5" / "000000.png").read_bytes() != plain


def test_what_does_not_work_is_named(cgan, tmp_path):
    for overrides, message in (
        (["mode=fly"], "mode=fly is unknown; known are samples, interpolate"),
        (["steps=2"], "steps=2: model=cgan reads no captions; mode=project has it"),
        (["mode=project", "steps=0"], "steps=0: it counts from 1"),
        (["mode=interpolate", "n=0"], "n=0: it counts from 1"),
        (["mode=interpolate", "label=10"], "label=10: model=cgan has classes 0 to 9"),
        (["mode=sefa", "truncation=0.5"], r"truncation=0\.5: model=cgan has none; stylegan2 and biggan have"),
    ):
        with pytest.raises(ConfigError, match=message):
            typed(f"ckpt={cgan}", f"out={tmp_path}", *overrides)


@pytest.mark.slow
def test_an_error_is_one_line_on_the_terminal(cgan, tmp_path):
    script = str(REPOSITORY / "src" / "sample.py")
    command = [sys.executable, script, f"ckpt={cgan}", "mode=mix", f"out={tmp_path / 'out'}", "device=cpu"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=200)
    assert ended.returncode == 1
    assert ended.stderr == "gansmith: mode=mix: model=cgan has no styles; stylegan2 has\n"
