"""The one kind of error that is shown as a line instead of a traceback."""


class GansmithError(Exception):
    """Something the user gave does not work; the message is one line that says what and what would."""


class ConfigError(GansmithError):
    """A key of the config has a value that does not work."""


class DataError(GansmithError):
    """A picture, folder or archive that can't be read or does not fit."""


class WeightsError(GansmithError):
    """A file of weights is missing, foreign, or does not fit the network."""


class CheckpointError(GansmithError):
    """A checkpoint that can't be read or does not fit the run."""


class NonFiniteError(GansmithError):
    """A loss or gradient is no longer finite; training stopped."""


class RankError(GansmithError):
    """Another process of the run has ended or does not answer."""
