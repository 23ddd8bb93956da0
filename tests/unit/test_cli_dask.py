"""`--dask`: the same figures from a cluster, even where one of its workers dies."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from command_line import complaint
from waiting import eventually

from tui_batching import executors
from tui_batching.__main__ import main
from tui_batching.analysis.sweeps import sweep
from tui_batching.executors import dask_executor
from tui_batching.export.json_and_csv import write_sweep_json
from tui_batching.workload import apply_settings, load_workload


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    distributed = pytest.importorskip("distributed", reason="the extra dask is not installed")
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(processes=True, **options) as local:
        yield local


def out_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    "command",
    [
        ("sweep", "load", "chat", "--values", "1", "2", "4", "--json"),
        (
            *("sweep", "load", "chat", "--values", "4", "--csv", "-"),
            *("--set", "workload.count=10000", "cost=h100-llama-3-8b"),
        ),
        ("capacity", "code-completion", "--slo", "e2el=5s", "--variants", "2", "--json"),
        ("report", "illustrative", "-o", "-"),
    ],
    ids=["JSON", "many requests as CSV", "capacity", "report"],
)
def test_a_cluster_gives_byte_for_byte_what_one_process_gives(
    cluster: Any, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
):
    here = out_of(capsys, *command, "--jobs", "1")
    assert out_of(capsys, *command, "--dask", cluster.scheduler_address) == here


@pytest.mark.parametrize("command", [("sweep", "load", "chat"), ("report", "chat", "-o", "-")])
def test_after_ctrl_c_it_says_what_becomes_of_the_work(
    cluster: Any,
    command: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tui_batching.cli.jobs.run_sweep", interrupt)
    assert main([*command, "--dask", cluster.scheduler_address]) == 130
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "tui-batching: interrupted; the workers end what they have begun, the rest is cancelled\n"
    )


def test_a_worker_that_is_killed_in_the_middle_loses_nothing(cluster: Any):
    workload = apply_settings(load_workload("chat"), ["workload.count=3000"])
    workers = [nanny.pid for nanny in cluster.workers.values()]
    told: list[int] = []

    def kill_one(done: int, _: int) -> None:
        told.append(done)
        if done == 1:
            os.kill(workers[0], signal.SIGKILL)

    with dask_executor(cluster.scheduler_address) as executor:
        found = sweep(workload, "batch-size", executor=executor, progress=kill_one)
    assert eventually(lambda: workers[0] not in [one.pid for one in cluster.workers.values()])
    assert told == list(range(len(told)))
    assert as_json(found) == as_json(sweep(workload, "batch-size"))


def as_json(found: Any) -> str:
    out = io.StringIO()
    write_sweep_json(found, out)
    return out.getvalue()


def test_a_cluster_that_is_not_there_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    monkeypatch.setattr(executors, "PATIENCE_SECONDS", 0.3)
    for address in ("tcp://127.0.0.1:1", "nothing://here"):
        told = complaint(capsys, "sweep", "load", "--dask", address)
        assert told == (
            f"--dask: found no scheduler at '{address}', expected a running one as tcp://HOST:PORT"
        )


def test_without_the_extra_it_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "distributed", None)
    told = complaint(capsys, "capacity", "chat", "--dask", "tcp://here:8786")
    assert told == "found no Dask, which --dask needs: pip install 'tui-batching[dask]'"


def test_processes_and_a_cluster_exclude_each_other(capsys: pytest.CaptureFixture[str]):
    told = complaint(capsys, "sweep", "load", "--jobs", "2", "--dask", "tcp://here:8786")
    assert "not allowed with" in told
