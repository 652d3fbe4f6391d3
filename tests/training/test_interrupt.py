"""SIGTERM, SIGINT and SIGUSR1 end a run in order, and nothing of it is lost."""

import os
import shutil
import signal
from types import SimpleNamespace

import pytest
import runs

from gansmith.training.interrupt import Interrupt, Stopped, requeue


def interrupted(run_dir, tmp_path, step, number, *overrides, to_group=False, faults="", **environment):
    """Exit code and output of a run whose first process gets the signal `number` at `step`."""
    paused = tmp_path / f"paused_at_{step}"
    process = runs.start(*overrides, faults=f"{faults} pause={step}", PAUSED=str(paused), **environment)
    runs.wait_for(paused.exists, process)
    (os.killpg if to_group else os.kill)(process.pid, number)
    code, output = runs.finish(process)
    assert not runs.alive(process)
    assert not (run_dir / "result.json").exists()
    return code, output


@pytest.mark.slow
def test_each_signal_saves_the_step_it_came_in(references, tmp_path):
    run_dir = tmp_path / "run"
    begin = [*runs.DCGAN, f"cache_dir={references}", f"run_dir={run_dir}"]
    code, output = interrupted(run_dir, tmp_path, 6, signal.SIGTERM, *begin)
    assert code == 128 + signal.SIGTERM, output
    assert output.count(f"stopped by signal 15 at step 7; resume={run_dir} goes on") == 1
    assert output.count("signal 15: the run stops after this step\n") == 1
    assert "Traceback" not in output
    assert runs.checkpoint(run_dir)["global_step"] == 7

    code, output = interrupted(run_dir, tmp_path, 13, signal.SIGINT, f"resume={run_dir}")
    assert code == 128 + signal.SIGINT, output
    assert output.count(f"stopped by signal 2 at step 14; resume={run_dir} goes on") == 1
    assert "Traceback" not in output
    assert runs.checkpoint(run_dir)["global_step"] == 14

    scontrol = tmp_path / "bin" / "scontrol"
    scontrol.parent.mkdir()
    scontrol.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n')
    scontrol.chmod(0o755)
    path = f"{scontrol.parent}{os.pathsep}{os.environ['PATH']}"
    code, output = interrupted(run_dir, tmp_path, 18, signal.SIGUSR1, f"resume={run_dir}", SLURM_JOB_ID="77", PATH=path)
    assert code == 128 + signal.SIGUSR1, output
    assert (tmp_path / "asked").read_text() == "requeue 77\n"
    assert runs.checkpoint(run_dir)["global_step"] == 19

    runs.train(f"resume={run_dir}")
    runs.assert_same_run(run_dir, references / "dcgan")


@pytest.mark.slow
def test_the_last_evaluation_can_be_ended_and_is_done_again(references, tmp_path):
    run_dir, paused = tmp_path / "run", tmp_path / "paused"
    shutil.copytree(references / "dcgan", run_dir)
    (run_dir / "result.json").unlink()
    again = [f"resume={run_dir}", f"run_dir={run_dir}"]
    process = runs.start(*again, faults="hang_at_the_end", PAUSED=str(paused))
    runs.wait_for(paused.exists, process)
    os.kill(process.pid, signal.SIGINT)
    code, output = runs.finish(process)
    assert code == 128 + signal.SIGINT, output
    assert output.count(f"stopped by signal 2 at step 24; resume={run_dir} goes on") == 1
    assert "Traceback" not in output
    assert not (run_dir / "result.json").exists()

    runs.train(*again)
    assert runs.record(run_dir)["best"] == runs.record(references / "dcgan")["best"]


@pytest.mark.slow
def test_ranks_stop_at_one_step(references, tmp_path):
    """Whether the first process alone gets the signal, as from a scheduler, or all of them, as from a keyboard."""
    run_dir = tmp_path / "run"
    begin = [*runs.RANKS, f"cache_dir={references}", f"run_dir={run_dir}"]
    code, output = interrupted(run_dir, tmp_path, 3, signal.SIGTERM, *begin, faults="noise")
    assert code == 128 + signal.SIGTERM, output
    stopped = runs.checkpoint(run_dir)["global_step"]
    assert output.count(f"stopped by signal 15 at step {stopped}; resume={run_dir} goes on") == 1
    assert "Traceback" not in output

    code, output = interrupted(run_dir, tmp_path, 13, signal.SIGINT, f"resume={run_dir}", faults="noise", to_group=True)
    assert code == 128 + signal.SIGINT, output
    assert output.count("stopped by signal 2") == 1
    assert "Traceback" not in output

    runs.train(f"resume={run_dir}", faults="noise")
    runs.assert_same_run(run_dir, references / "ranks")


@pytest.fixture
def interrupt():
    """One in place, as `on_train_start` puts it."""
    callback = Interrupt()
    callback.on_train_start(SimpleNamespace(received_sigterm=False))
    yield callback
    callback.teardown()


def test_the_second_interrupt_from_the_keyboard_ends_the_process(interrupt):
    os.kill(os.getpid(), signal.SIGINT)
    assert interrupt.received == signal.SIGINT
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)


def test_a_signal_is_heard_at_once(interrupt, caplog):
    os.kill(os.getpid(), signal.SIGTERM)
    assert caplog.messages == ["signal 15: the run stops after this step"]


@pytest.mark.parametrize("number", Interrupt.SIGNALS)
def test_behind_the_last_step_a_signal_ends_the_run(interrupt, number):
    interrupt.on_train_end(SimpleNamespace(global_step=5, max_steps=5))
    with pytest.raises(Stopped):
        os.kill(os.getpid(), number)
    assert interrupt.received == number


def test_a_signal_in_the_last_step_saves_its_evaluation(interrupt):
    os.kill(os.getpid(), signal.SIGTERM)
    with pytest.raises(Stopped):
        interrupt.on_train_end(SimpleNamespace(global_step=5, max_steps=5))


def test_a_handler_from_outside_of_python_is_left_alone():
    before = [signal.getsignal(number) for number in Interrupt.SIGNALS]
    callback = Interrupt()
    callback.on_train_start(SimpleNamespace(received_sigterm=False))
    callback._previous = dict.fromkeys(Interrupt.SIGNALS)  # what signal.signal gives for such a one
    callback.teardown()
    after = [signal.getsignal(number) for number in Interrupt.SIGNALS]
    for number, handler in zip(Interrupt.SIGNALS, before):
        signal.signal(number, handler)
    assert after == [callback._receive] * len(after)


def test_the_handlers_before_are_back_after_training():
    before = [signal.getsignal(number) for number in Interrupt.SIGNALS]
    callback = Interrupt()
    callback.on_train_start(SimpleNamespace(received_sigterm=False))
    assert [signal.getsignal(number) for number in Interrupt.SIGNALS] != before
    callback.on_train_end(SimpleNamespace(global_step=5, max_steps=5))
    assert [signal.getsignal(number) for number in Interrupt.SIGNALS] != before
    callback.teardown()
    assert [signal.getsignal(number) for number in Interrupt.SIGNALS] == before


def test_a_signal_that_lightning_took_first_is_not_lost():
    callback = Interrupt()
    callback.on_train_start(SimpleNamespace(received_sigterm=True))
    callback.teardown()
    assert callback.received == signal.SIGTERM


def test_a_queue_out_of_reach_is_said(monkeypatch, tmp_path, caplog):
    monkeypatch.setenv("PATH", str(tmp_path))
    requeue("77")
    assert "SLURM job 77 is not back in the queue" in caplog.text
