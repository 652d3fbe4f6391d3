import pytest

from gansmith.errors import ConfigError
from gansmith.results.filters import matching, values_there
from gansmith.results.runs import collect


@pytest.fixture
def runs(write_run, tmp_path):
    write_run("a", {"fd_vgg16": 1.0}, config={"trainer": {"precision": "32-true", "compile": True}}, dirty=True)
    write_run("b", {"fd_vgg16": 20.0}, model="wgan_gp", steps=900, commit="c" * 40)
    write_run("c", {"fd_vgg16": None, "psnr": 30.0}, model="wgan_gp")
    return collect([tmp_path])[0]


@pytest.mark.parametrize(
    ("conditions", "names"),
    [
        ([], "abc"),
        (["model=wgan_gp"], "bc"),
        (["model!=wgan_gp"], "a"),
        (["model=wgan_gp", "steps>=1000"], "c"),
        (["steps<1000"], "b"),
        (["steps=5000.0"], "ac"),
        (["fd_vgg16>3"], "b"),
        (["fd_vgg16<=1"], "a"),
        (["psnr>1"], "c"),
        (["trainer.precision=32-true"], "a"),
        (["trainer.compile=true"], "a"),
        (["dirty=true"], "a"),
        ([f"commit={'c' * 40}"], "b"),
        (["steps=many"], ""),
        (["model=nothing"], ""),
    ],
)
def test_conditions(runs, conditions, names):
    assert "".join(run.run_dir.name for run in matching(runs, conditions)) == names


@pytest.mark.parametrize("condition", ["steps>>5", "steps<many", "fd_vgg16>="])
def test_less_and_more_of_a_number_need_a_number(runs, condition):
    with pytest.raises(ConfigError, match=r"is a number, and .* is none"):
        matching(runs, [condition])


def test_a_misspelt_field_is_named(runs):
    with pytest.raises(ConfigError, match=r"^modle: no run has this field; .* fd_vgg16, psnr"):
        matching(runs, ["modle=dcgan"])


@pytest.mark.parametrize("condition", ["model", "", "=3", "<3"])
def test_what_is_no_condition_is_named(runs, condition):
    with pytest.raises(ConfigError, match="is no condition"):
        matching(runs, [condition])


def test_conditions_look_at_the_checkpoint_asked_for(runs):
    assert [run.run_dir.name for run in matching(runs, ["fd_vgg16=10"], "best")] == ["b"]


def test_what_could_have_been_asked_for(write_run, tmp_path):
    for seed, model in enumerate(["gan", "dcgan", "dcgan"]):
        write_run(model + str(seed), {"fd_vgg16": 1.0}, model=model, seed=seed)
    runs = collect([tmp_path])[0]
    assert values_there(runs, ["seed>0", "model=gan"]) == "model is dcgan"
    assert values_there(runs, ["seed>2", "model=gan"]) == "seed is 0 to 2"
    assert values_there(runs, ["steps=1"]) == "steps is 5000"
