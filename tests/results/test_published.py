from pathlib import Path

import yaml

from gansmith.results.published import EXPERIMENTS, Published, read_published

ENTRY = {"metric": "fid", "value": 3, "data": "cifar10", "resolution": 32, "protocol": "fid50k_full", "source": "A"}


def recipe(folder: Path, name: str, content: object) -> None:
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(content))


def test_the_recipes_of_the_project_are_read():
    numbers, problems = read_published()
    assert problems == []
    assert {path.stem for path in EXPERIMENTS.glob("*.yaml")} >= {number.experiment for number in numbers}
    assert [number.value for number in numbers if number.experiment == "cut_horse2zebra"] == [45.5]
    esrgan = {(item.model, item.data, item.metric): item.value for item in numbers if item.experiment == "esrgan_x4"}
    assert esrgan["ESRGAN", "set5", "psnr"] == 28.27
    assert esrgan["RRDB", "div2k100", "ssim"] == 0.8263
    assert len(esrgan) == 12


def test_numbers_stand_in_the_heads_that_people_read():
    for number in read_published()[0]:
        head = (EXPERIMENTS / f"{number.experiment}.yaml").read_text().partition("\ndefaults:")[0]
        assert f"{number.value:g}" in head, number


def test_an_entry(tmp_path):
    recipe(tmp_path, "biggan", {"published": [ENTRY, {**ENTRY, "model": "BigGAN", "resolution": None}]})
    first, second = read_published(tmp_path)[0]
    assert first == Published(**{**ENTRY, "value": 3.0}, model="biggan", experiment="biggan")
    assert (second.model, second.resolution, second.experiment) == ("BigGAN", None, "biggan")


def test_recipes_without_numbers_have_none(tmp_path):
    recipe(tmp_path, "a", {"model": {}})
    recipe(tmp_path, "b", {"published": None})
    assert read_published(tmp_path) == ([], [])
    assert read_published(tmp_path / "absent") == ([], [])


def test_broken_recipes_are_named_and_skipped(tmp_path):
    recipe(tmp_path, "good", {"published": [ENTRY]})
    recipe(tmp_path, "no_source", {"published": [{key: ENTRY[key] for key in ENTRY if key != "source"}]})
    recipe(tmp_path, "no_number", {"published": [{**ENTRY, "value": "3.2"}]})
    recipe(tmp_path, "no_entries", {"published": [3.2]})
    recipe(tmp_path, "no_list", {"published": 3.2})
    (tmp_path / "no_yaml.yaml").write_text("a: [")
    numbers, problems = read_published(tmp_path)
    assert [number.experiment for number in numbers] == ["good"]
    for name, reason in {"no_source": "no key 'source'", "no_number": "'value' should be float"}.items():
        assert any(f"{name}.yaml" in problem and reason in problem for problem in problems)
    assert len(problems) == 5
    assert not any("\n" in problem for problem in problems)
