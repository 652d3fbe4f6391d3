import csv
import io
import json

import pytest

from gansmith.results.formats import FORMATS, as_csv, as_json, as_markdown, as_tables
from gansmith.results.leaderboard import boards, collect
from gansmith.results.published import Published

PUBLISHED = Published("fd_vgg16", 7.0, "digits", 8, "fast", "A paper", "biggan", "biggan")


@pytest.fixture
def found(write_run, tmp_path):
    for seed, value in enumerate([10.0, 12.0]):
        write_run(
            f"a{seed}", {"fd_vgg16": value, "psnr": 20.0}, seed=seed, overrides=["model=dcgan", "model.features=64"]
        )
    write_run("b", {"fd_vgg16": None, "psnr": 30.0}, model="gan", seed=7)
    write_run("c", {"fd_vgg16": 1.0}, model="wgan", resolution=16, images=1_500_000)
    return boards(collect([tmp_path])[0], published=[PUBLISHED])


@pytest.mark.parametrize("text", [as_tables, as_markdown])
def test_tables_for_people(found, text):
    lines = text(found).splitlines()
    dcgan, gan, wgan, biggan = (
        next(line for line in lines if name in line) for name in ("dcgan", "gan", "wgan", "bigg")
    )
    gan = next(line for line in lines if " gan " in line)
    assert "11.00 ± 1.41" in dcgan
    assert "model.features=64" in dcgan
    assert "1 of 1 not finite" in gan
    assert "1.5M" in wgan
    assert "published" in biggan
    assert "A paper" in biggan
    assert any("digits, 16 px, protocol fast (0123456789ab)" in line for line in lines)


def test_nothing_is_cut_off_in_a_file(write_run, tmp_path):
    long = "model.name=" + "x" * 150
    write_run("a", {"fd_vgg16": 1.0}, overrides=[long])
    write_run("b", {"fd_vgg16": 1.0}, variant="ffffffffffff")
    assert long in as_tables(boards(collect([tmp_path])[0]))


def test_what_all_rows_share_is_not_said_of_each(write_run, tmp_path):
    for model in ("dcgan", "gan"):
        overrides = [f"model={model}", "model.latent=9", f"model.name={model}_x"]
        write_run(model, {"fd_vgg16": 1.0}, model=model, overrides=overrides)
    found = boards(collect([tmp_path])[0])
    for text in (as_tables(found), as_markdown(found), as_csv(found)):
        assert "model.latent=9" not in text
        assert "model.name=gan_x" in text
    assert "model.latent=9" in as_json(found)


@pytest.mark.parametrize("published", [[], [PUBLISHED]])
def test_one_row_needs_nothing_to_be_told_by(write_run, tmp_path, published):
    write_run("a", {"fd_vgg16": 1.0}, overrides=["model=dcgan", "model.latent=9"])
    found = boards(collect([tmp_path])[0], published=published)
    for text in (as_tables(found), as_csv(found)):
        assert "model.latent" not in text
    assert next(csv.DictReader(io.StringIO(as_csv(found))))["label"] == "dcgan"


def test_markdown_is_a_table_whatever_stands_in_it(write_run, tmp_path):
    write_run("a", {"fd_vgg16": 1.0}, overrides=["model.note=a|b"])
    write_run("b", {"fd_vgg16": 1.0}, variant="ffffffffffff")
    rows = [line for line in as_markdown(boards(collect([tmp_path])[0])).splitlines() if line.startswith("|")]
    assert len({line.replace("\\|", "").count("|") for line in rows}) == 1


def test_csv_has_whole_numbers_of_all_rows(found):
    rows = {row["model"]: row for row in csv.DictReader(io.StringIO(as_csv(found)))}
    assert [rows["dcgan"][key] for key in ("rank", "seeds", "fd_vgg16", "fd_vgg16_seeds")] == ["1", "2", "11.0", "2"]
    assert float(rows["dcgan"]["fd_vgg16_deviation"]) == pytest.approx(2**0.5)
    assert (rows["gan"]["fd_vgg16"], rows["gan"]["rank"], rows["gan"]["psnr"]) == ("", "", "30.0")
    assert (rows["dcgan"]["images"], rows["dcgan"]["flops_generator"]) == ("320000", "4000000")
    assert (rows["biggan"]["published"], rows["biggan"]["images"]) == ("A paper", "")
    assert rows["dcgan"]["runs"].split()[1].endswith("a1")


def test_json_has_everything(found):
    content = json.loads(as_json(found), parse_constant=pytest.fail)
    assert [(board["resolution"], len(board["rows"])) for board in content] == [(8, 3), (16, 1)]
    gan = next(row for row in content[0]["rows"] if row["model"] == "gan")
    assert gan["metrics"]["fd_vgg16"] == {"mean": None, "std": None, "n": 0, "failed": 1}
    assert gan["runs"][0]["seed"] == 7
    assert gan["costs"]["parameters_generator"] == 1_000_000


@pytest.mark.parametrize("name", FORMATS)
def test_boards_without_metrics_and_no_boards_can_be_printed(write_run, tmp_path, name):
    write_run("a", {}, protocol={})
    assert "dcgan" in FORMATS[name](boards(collect([tmp_path])[0]))
    FORMATS[name]([])
