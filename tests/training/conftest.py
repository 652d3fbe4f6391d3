import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import runs


@pytest.fixture(autouse=True)
def no_process_stays():
    yield
    while runs.started:
        process = runs.started.pop()
        runs.kill_group(process)
        process.wait()


@pytest.fixture(scope="session")
def references(tmp_path_factory):
    """Runs that nothing stopped, by name; `ranks` also has what its ranks wrote down."""
    folder = tmp_path_factory.mktemp("references")
    written = folder / "written"
    written.mkdir()
    pair = [
        runs.start(*runs.DCGAN, f"run_dir={folder / 'dcgan'}", f"cache_dir={folder}"),
        runs.start(*runs.WGAN_GP, f"run_dir={folder / 'wgan_gp'}", faults="noise"),
    ]
    for process in pair:
        code, output = runs.finish(process)
        assert code == 0, output
    runs.train(*runs.RANKS, f"run_dir={folder / 'ranks'}", f"cache_dir={folder}", faults=f"noise write_down={written}")
    return folder
