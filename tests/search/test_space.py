"""What spaces draw, what their values become, and what is said of malformed ones."""

import optuna
import pytest
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from searching import STAND_IN

from gansmith.errors import ConfigError
from gansmith.search.parameter import text_of
from gansmith.search.space import Space

CONF = STAND_IN.parents[2] / "conf"
RATE = {"key": "model.optimizer.generator.lr", "type": "float", "low": 1e-5, "high": 1e-2, "log": True}
STEPS = {"key": "model.critic_steps", "type": "int", "low": 1, "high": 9, "step": 2}
PENALTY = {"key": "model/penalty", "type": "categorical", "choices": ["none", "r1", "r2"]}
WEIGHT = {"key": "model.penalty.r1.weight", "type": "float", "low": 0.1, "high": 10, "when": {"penalty": "r1"}}


def draw(space, number=200):
    """Drawn overrides of so many trials, each as a dictionary from key to text."""
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    return [dict(item.split("=", 1) for item in Space.parse(space).suggest(study.ask())) for _ in range(number)]


def test_a_logarithmic_range_gives_every_decade_its_share():
    rates = [float(drawn[RATE["key"]]) for drawn in draw({"rate": RATE})]
    assert all(1e-5 <= rate <= 1e-2 for rate in rates)
    assert 0.2 < sum(rate < 1e-4 for rate in rates) / len(rates) < 0.47


def test_an_integer_keeps_its_step():
    assert {drawn[STEPS["key"]] for drawn in draw({"steps": STEPS})} == {"1", "3", "5", "7", "9"}


def test_every_choice_is_drawn():
    assert {drawn[PENALTY["key"]] for drawn in draw({"penalty": PENALTY})} == {"none", "r1", "r2"}


def test_all_keys_of_a_parameter_get_one_value():
    for drawn in draw({"rate": {**RATE, "key": ["a.lr", "b.lr"]}}, number=5):
        assert drawn["a.lr"] == drawn["b.lr"]


def test_a_condition_decides_whether_a_parameter_is_there():
    for drawn in draw({"penalty": PENALTY, "weight": WEIGHT}):
        assert (WEIGHT["key"] in drawn) == (drawn[PENALTY["key"]] == "r1")


def test_conditions_may_list_values_and_hang_on_one_another():
    space = {
        "penalty": PENALTY,
        "weight": {**WEIGHT, "key": "weight", "type": "int", "low": 1, "high": 2, "when": {"penalty": ["r1", "r2"]}},
        "deep": {**RATE, "key": "deep", "when": {"weight": 2}},
    }
    drawn = draw(space)
    assert all(("weight" in one) == (one["model/penalty"] != "none") for one in drawn)
    assert all(("deep" in one) == (one.get("weight") == "2") for one in drawn)
    assert any("deep" in one for one in drawn)


@pytest.mark.parametrize(
    "value",
    [None, True, 3, 1e-05, 0.1 + 0.2, "hinge", "null", "True", "a b", "it's", "", "1e3", [0.0, 0.9], ["a", None]],
)
def test_hydra_reads_a_value_back_as_it_was(value):
    read = OverridesParser.create().parse_override(f"key={text_of(value)}").value()
    read = [str(item) if isinstance(item, str) else item for item in read] if isinstance(read, list) else read
    assert read == value
    assert isinstance(value, str) == (not isinstance(read, (int, float, list, type(None))))


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({}, "search.space: has no parameters"),
        ({"x": 3}, "search.space.x: is 3"),
        ({"x": {**RATE, "type": "real"}}, "search.space.x.type=real: it can be float, int, categorical"),
        ({"x": {**RATE, "hihg": 3}}, "search.space.x.hihg: unknown"),
        ({"x": {**RATE, "key": None}}, "search.space.x.key=None"),
        ({"x": {**RATE, "low": "small"}}, "search.space.x.low=small: it must be a number"),
        ({"x": {**STEPS, "high": 1.5}}, "search.space.x.high=1.5: it must be a whole number"),
        ({"x": {**RATE, "low": 1.0}}, "search.space.x: "),
        ({"x": {**RATE, "low": 0.0}}, "search.space.x: "),
        ({"x": {**RATE, "step": 0.1}}, "search.space.x: "),
        ({"x": {**RATE, "log": "yes"}}, "search.space.x.log=yes"),
        ({"x": {**PENALTY, "choices": []}}, "search.space.x.choices=[]"),
        ({"x": {**PENALTY, "choices": ["a", "a"]}}, "a value is there twice"),
        ({"x": {**PENALTY, "choices": [{"a": 1}]}}, "search.space.x.choices: "),
        ({"w": WEIGHT, "penalty": PENALTY}, "search.space.w.when.penalty: no categorical or int parameter"),
        (
            {"penalty": PENALTY, "w": {**WEIGHT, "when": {"penalty": "r3"}}},
            "w.when.penalty=r3: penalty can be none, r1",
        ),
        ({"penalty": PENALTY, "w": {**WEIGHT, "when": "r1"}}, "search.space.w.when=r1: it maps"),
        ({"a": RATE, "b": RATE}, "model.optimizer.generator.lr is the key of two parameters"),
    ],
)
def test_a_malformed_space_is_one_line_with_its_key(space, message):
    with pytest.raises(ConfigError) as error:
        Space.parse(space)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_key_of_the_command_line_is_not_searched():
    space = Space.parse({"penalty": PENALTY})
    space.check_apart(["model=dcgan"])
    with pytest.raises(ConfigError, match=r"search.space.penalty.key: model/penalty is given too"):
        space.check_apart(["model=dcgan", "model/penalty=r1"])


@pytest.fixture
def compose_training():
    import gansmith.cli  # noqa: F401  (its look into config groups is the quick one)
    from gansmith.config import register_resolvers

    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        yield lambda overrides: compose("train", overrides=overrides)


def test_a_key_that_the_config_lacks_costs_no_trial(compose_training):
    Space.parse({"penalty": PENALTY, "weight": WEIGHT}).check_keys(compose_training)
    for wrong in ({**RATE, "key": "model.optimiser.lr"}, {**PENALTY, "choices": ["none", "r7"]}):
        with pytest.raises(ConfigError, match=r"search\.space\.wrong\.key: ") as error:
            Space.parse({"wrong": wrong}).check_keys(compose_training)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("learning_rates", "cut"),
        pytest.param("gan_basics", "gan", marks=pytest.mark.slow),
        pytest.param("wgan_gp", "wgan_gp", marks=pytest.mark.slow),
    ],
)
def test_the_spaces_that_come_along_fit_their_models(compose_training, name, model):
    config = compose("search", overrides=[f"search={name}", f"model={model}"])
    from omegaconf import OmegaConf

    space = Space.parse(OmegaConf.to_container(config.search.space))
    space.check_keys(lambda extra: compose_training([f"model={model}", *extra]))
