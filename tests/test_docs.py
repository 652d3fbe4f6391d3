"""What the documents tell readers to type works."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_the_variant_of_the_guide_trains(tmp_path):
    for part in ("src", "conf"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    guide = (ROOT / "docs" / "add_your_own_gan.md").read_text()
    for path, code in re.findall(r"`([\w/]+\.(?:py|yaml))`:\n\n```(?:python|yaml)\n(.*?)```", guide, re.DOTALL):
        (tmp_path / path).write_text(code)
    quick = ["data=digits", "metrics=none", "logger=none", "trainer=cpu", "callbacks.watch.every_n_steps=4"]
    command = [sys.executable, "src/train.py", "model=ebgan", "run_dir=run", "trainer.max_steps=12", *quick]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=240)
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [4, 8, 12]
    terms = ["loss/discriminator/real", "loss/discriminator/margin", "loss/generator/energy", "energy/real"]
    assert all(line[term] > 0 for line in lines for term in terms)
    assert json.loads((tmp_path / "run" / "result.json").read_text())["model"] == "ebgan"
