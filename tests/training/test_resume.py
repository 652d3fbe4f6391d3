"""A run that was killed, really and at any moment, ends as one that never stopped."""

import random
import shutil
import signal
import time

import pytest
import runs

KILLED = -signal.SIGKILL


@pytest.mark.slow
def test_killed_again_and_again(references, tmp_path):
    """Amid a step, amid a checkpoint, right after one, and behind the last step; `resume=auto` finds the run."""
    again = [*runs.DCGAN, f"cache_dir={references}", "resume=auto"]
    runs.train(*again, cwd=tmp_path, faults="kill_in_half_step=6", expect=KILLED)
    (run_dir,) = (tmp_path / "logs" / "train").iterdir()
    assert runs.checkpoint(run_dir)["global_step"] == 5

    other = shutil.copytree(run_dir, run_dir.with_name("other"))
    (other / "overrides.yaml").write_text("- model=lsgan\n")
    runs.train(*again, cwd=tmp_path, faults="kill_in_save=15", expect=KILLED)
    assert runs.checkpoint(run_dir)["global_step"] == 10
    assert list(run_dir.rglob(".last.ckpt.*.tmp"))

    runs.train(*again, cwd=tmp_path, faults="kill_after_save=20", expect=KILLED)
    assert runs.checkpoint(run_dir)["global_step"] == 20

    runs.train(f"resume={run_dir}", cwd=tmp_path, faults="kill_before_the_end", expect=KILLED)
    assert runs.checkpoint(run_dir)["global_step"] == 24
    assert not (run_dir / "result.json").exists()

    output = runs.train(f"resume={run_dir}", cwd=tmp_path)
    assert "going on from" in output
    assert sorted(path.name for path in (tmp_path / "logs" / "train").iterdir()) == sorted([run_dir.name, "other"])
    runs.assert_same_run(run_dir, references / "dcgan")


@pytest.mark.slow
def test_a_running_run_is_left_alone_and_a_second_interrupt_ends_it_at_once(tmp_path):
    """While it runs nobody else goes on with it; ended at once, it goes on from its last checkpoint."""
    paused = tmp_path / "paused"
    process = runs.start(*runs.TINY, "model=dcgan", cwd=tmp_path, faults="hang_at=6", PAUSED=str(paused))
    runs.wait_for(paused.exists, process)
    (run_dir,) = tmp_path.glob("logs/train/*")
    output = runs.train(f"resume={run_dir}", cwd=tmp_path, expect=1)
    assert output == f"gansmith: {run_dir}: another process trains this run; end it first, or take another run_dir\n"

    process.send_signal(signal.SIGINT)
    runs.wait_for(lambda: "second Ctrl-C" in (run_dir / "train.log").read_text(), process)
    process.send_signal(signal.SIGINT)
    code, output = runs.finish(process)
    assert code == 128 + signal.SIGINT, output
    assert "a second Ctrl-C ends it at once" in output
    assert f"resume={run_dir.relative_to(tmp_path)} goes on" in output
    assert "Traceback" not in output


@pytest.mark.slow
@pytest.mark.parametrize("name", runs.FAMILY)
def test_what_a_variant_keeps_between_steps_is_kept(name, tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    runs.train(*runs.FAMILY[name], f"run_dir={whole}")
    runs.train(*runs.FAMILY[name], f"run_dir={killed}", faults="kill_in_half_step=14", expect=KILLED)
    runs.train(f"resume={killed}")
    runs.assert_same_run(killed, whole)


@pytest.mark.slow
def test_a_finished_run_goes_on_and_is_killed_from_outside(references, tmp_path):
    """Critic steps, and losses that draw from all global generators."""
    run_dir = tmp_path / "run"
    runs.train(*runs.WGAN_GP, f"run_dir={run_dir}", "trainer.max_steps=16", faults="noise")
    assert runs.record(run_dir)["steps"] == 16

    process = runs.start(f"resume={run_dir}", "trainer.max_steps=40", faults="noise slow=0.03")
    runs.wait_for(lambda: runs.checkpoint(run_dir)["global_step"] > 16, process)
    time.sleep(random.random() / 2)
    runs.kill_group(process)
    code, output = runs.finish(process)
    # A process that came to its end before the signal is right as well.
    assert code in (0, KILLED), output
    assert (run_dir / "result.json").exists() == (code == 0)

    runs.train(f"resume={run_dir}", faults="noise")
    runs.assert_same_run(run_dir, references / "wgan_gp")
