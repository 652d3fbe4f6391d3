"""The packages that only a search needs."""

from importlib.util import find_spec

from gansmith.errors import ConfigError


def check_packages() -> None:
    """Raises ConfigError if Optuna, or what its plots are drawn with, is not installed."""
    for name in ("optuna", "matplotlib"):
        if find_spec(name) is None:
            raise ConfigError(f"a search needs the package {name}: pip install 'gansmith[search]'")
