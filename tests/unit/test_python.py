"""The package as a colleague uses it from Python: names, mistakes, settings, strategies."""

from __future__ import annotations

import importlib.util
import math
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import CHECKOUT
from measured_logs import some_requests, write_vllm_log

import tui_batching
from tui_batching import (
    Continuous,
    Dynamic,
    InputError,
    Static,
    Vllm,
    Workload,
    calibrate,
    capacity,
    compare,
    load_workload,
    metrics,
    parse_duration,
    simulate,
    sweep,
    workload_of,
)
from tui_batching.analysis.request_columns import REQUEST_COLUMNS
from tui_batching.clock import SECOND
from tui_batching.cost import IterationCost
from tui_batching.strategies import STRATEGIES
from tui_batching.workload import ListedRequests

NOTEBOOK = load_workload("notebook")


@pytest.mark.parametrize("name", STRATEGIES)
def test_any_strategy_serves_by_its_name(name: str) -> None:
    run = simulate(load_workload("chat"), name)
    assert run.strategy == STRATEGIES[name]()


def test_one_that_is_named_has_what_the_workload_gives_it() -> None:
    workload = load_workload("engines")
    assert simulate(workload, "vllm").strategy == workload.strategy("vllm") != Vllm()


def test_one_that_is_given_stays_as_it_is(tmp_path: Path) -> None:
    """Slots that nobody has chosen are the profile's; these are chosen."""
    trace = tmp_path / "trace.csv"
    trace.write_text("arrival_time,input_tokens,output_tokens\n0,5,5\n1,5,5\n")
    workload = load_workload(trace).with_settings({"cost": "h100-llama-3-8b"})
    assert simulate(workload, "continuous").slots == 256
    assert simulate(workload, Continuous(8)).slots == 8
    assert [each.run.slots for each in compare(workload, [Continuous(8), "static"])] == [8, 256]


@pytest.mark.parametrize(
    ("strategy", "sentence"),
    [
        ("vlm", "found 'vlm', expected one of static, .* (did you mean 'vllm'?)"),
        (Static, "found the class Static, expected a strategy such as 'vllm' or Vllm()"),
        (None, "found a value of type NoneType, expected a strategy such as 'vllm' or Vllm()"),
        (8, "found a value of type int, expected a strategy such as 'vllm' or Vllm()"),
    ],
)
@pytest.mark.parametrize("serve", [simulate, Workload.served_by])
def test_what_is_no_strategy_is_refused(
    serve: Callable[..., object], strategy: object, sentence: str
) -> None:
    with pytest.raises(InputError, match=re.escape(sentence).replace(r"\.\*", ".*")):
        serve(NOTEBOOK, strategy)


@pytest.mark.parametrize(
    "ask",
    [lambda w: simulate(w, "vllm"), compare, lambda w: sweep(w, "load"), capacity],
    ids=["simulate", "compare", "sweep", "capacity"],
)
def test_the_name_of_a_workload_is_none(ask: Callable[[Any], object]) -> None:
    told = "found a value of type str, expected a workload such as load_workload('chat')"
    with pytest.raises(InputError, match=re.escape(told)):
        ask("chat")


def test_compare_takes_one_or_several() -> None:
    alone = compare(NOTEBOOK, "vllm")
    assert [result.strategy.name for result in alone] == ["vllm"]
    several = compare(NOTEBOOK, ["sglang", Static(8)])
    assert [result.strategy.slots for result in several] == [256, 8]
    assert [result.strategy for result in compare(NOTEBOOK)] == list(NOTEBOOK.strategies)
    with pytest.raises(InputError, match="found no strategies, expected at least one"):
        compare(NOTEBOOK, [])


def test_sweeps_and_capacities_take_strategies_as_comparisons_do() -> None:
    swept = sweep(NOTEBOOK, "load", [1, 2], "vllm")
    assert [point.strategy for point in swept.points] == [Vllm(), Vllm()]
    chat = load_workload("chat")
    found = capacity(chat, "continuous", 0.9)
    assert found.capacities == capacity(chat.served_by("continuous"), attainment=0.9).capacities
    several = sweep(NOTEBOOK, "batch-size", [2], ["static", "continuous"])
    assert [point.strategy for point in several.points] == [Static(2), Continuous(2)]


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda: capacity(NOTEBOOK, "vlm"), "found 'vlm', expected one of static"),
        (lambda: capacity(NOTEBOOK, 0.9), "found a value of type float, expected a strategy such"),
        (lambda: capacity(NOTEBOOK, attainment="9"), "attainment: found '9', expected a share"),
        (lambda: compare(NOTEBOOK, Static), "found the class Static, expected a strategy such"),
        (lambda: sweep(NOTEBOOK, "load", [1], "vlm"), "found 'vlm', expected one of static"),
        (lambda: sweep(NOTEBOOK, "load", 1), "values: found 1, expected several, such as [1, 2]"),
        (lambda: sweep(NOTEBOOK, "load", "12"), "values: found '12', expected several, such as"),
        (lambda: sweep(NOTEBOOK, [1]), "found a value of type list, expected a kind of sweep such"),
    ],
)
def test_what_is_no_argument_is_refused(ask: Callable[[], object], sentence: str) -> None:
    with pytest.raises(InputError, match=re.escape(sentence)):
        ask()


def test_a_workload_is_served_by_others() -> None:
    served = NOTEBOOK.served_by("vllm", Static(2))
    assert served.strategies == (Vllm(), Static(2))
    assert len(NOTEBOOK.strategies) == 3


def test_settings_for_all_hold_for_who_is_named_later(tmp_path: Path) -> None:
    """Otherwise a trace's vLLM would have its usual slots and an H100's memory, unnoticed."""
    trace = tmp_path / "trace.csv"
    trace.write_text("arrival_time,input_tokens,output_tokens\n0,100,10\n")
    settings = {"cost": "h100-llama-3-8b", "batch_size": 8, "kv_cache_tokens": 1600}
    workload = load_workload(trace).with_settings(settings)
    vllm = Vllm(max_num_seqs=8, kv_cache_tokens=1600)
    assert simulate(workload, "vllm").strategy == vllm
    assert compare(workload, ["vllm", "static"])["vllm"].run.strategy == vllm
    assert workload.served_by("vllm").strategies == (vllm,)
    assert simulate(workload, Vllm()).strategy == Vllm()
    assert NOTEBOOK.with_settings({"batch_size": 8}).served_by("vllm").strategies[0].slots == 8


def test_settings_for_all_that_do_not_fit_who_is_named_later_are_refused() -> None:
    workload = NOTEBOOK.with_settings({"batch_size": 900_000, "continuous.batch_size": 2})
    assert workload.served_by("sglang").strategies[0].slots == 900_000
    workload = NOTEBOOK.with_settings({"kv_cache_tokens": 1})
    with pytest.raises(InputError):
        simulate(workload, "vllm")


def test_settings_are_values_or_text() -> None:
    values = NOTEBOOK.with_settings(
        {
            "continuous.batch_size": np.int64(8),
            "dynamic.timeout": 0.3,
            "workload.rate": 5,
            "slo.ttft": "500ms",
        }
    )
    text = NOTEBOOK.with_settings(
        ["continuous.batch_size=8", "dynamic.timeout=300ms", "workload.rate=5", "slo.ttft=0.5"]
    )
    assert values == text
    assert values.strategy("continuous") == Continuous(8)
    assert NOTEBOOK.strategy("continuous") == Continuous(4)


def test_settings_are_words_and_none_as_well() -> None:
    engines = load_workload("engines").with_settings(
        {
            "vllm.enable_chunked_prefill": False,
            "vllm.kv_cache_tokens": None,
            "vllm.policy": "priority",
            "cost": "h100-llama-3-8b",
        }
    )
    vllm = engines.strategy("vllm")
    told = [vllm.value(name) for name in ("enable_chunked_prefill", "kv_cache_tokens", "policy")]
    assert told == [False, None, "priority"]
    assert engines.cost.kv_cache_tokens == 426_000


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"continuous.batch_sise": 8},
            (
                "continuous.batch_sise=8: found the unknown key 'continuous.batch_sise', "
                "expected one of continuous.batch_size, continuous.kv_cache_tokens "
                "(did you mean 'continuous.batch_size'?)"
            ),
        ),
        ({"batch_size": 8.5}, "batch_size=8.5: found 8.5, expected a whole number >= 1"),
        ({"batch_size": {8}}, "batch_size={8}: found a value of type set, expected text or a"),
        ({"slo.ttft": "5 years"}, "slo.ttft='5 years': found '5 years', expected a duration such"),
        ("batch_size=8", "found the text 'batch_size=8', expected a list of such, or a dict"),
    ],
)
def test_what_is_no_setting_is_refused(settings: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputError, match=re.escape(sentence)):
        NOTEBOOK.with_settings(settings)


@pytest.mark.parametrize("timeout", ["300ms", 0.3])
def test_a_duration_in_other_units_is_not_taken_for_picoseconds(timeout: object) -> None:
    told = f"timeout: found {timeout!r}, expected a whole number of picoseconds, such as parse_dur"
    with pytest.raises(InputError, match=re.escape(told)):
        Dynamic(4, timeout=timeout)  # type: ignore[arg-type]
    assert Dynamic(4, timeout=parse_duration("300ms")).timeout == 3 * SECOND // 10


@pytest.mark.parametrize("size", ["8", 8.0, True])
def test_a_number_of_another_kind_is_refused(size: object) -> None:
    with pytest.raises(InputError, match=r"batch_size: found .*, expected a whole number from 1"):
        Static(size)  # type: ignore[arg-type]


def test_values_of_a_sweep_are_seconds_or_as_they_are_written() -> None:
    swept = sweep(NOTEBOOK, "timeout", ["100ms", 0.5])
    timeouts = [point.strategy.value("timeout") for point in swept.curve("dynamic")]
    assert timeouts == [parse_duration("100ms"), parse_duration("500ms")]
    assert sweep(NOTEBOOK, "load", ["250ms"]).values == (4.0,)
    engines = load_workload("engines").served_by("vllm")
    assert (
        sweep(engines, "token-budget", [512]).points
        == sweep(engines, "token_budget", ["512"]).points
    )
    with pytest.raises(InputError, match="values: found 'soon', expected a duration such as"):
        sweep(NOTEBOOK, "timeout", ["soon"])
    with pytest.raises(InputError, match=r"found no sweep 'laod', .* \(did you mean 'load'\?\)"):
        sweep(NOTEBOOK, "laod", [1])


def test_a_workload_is_made_of_columns() -> None:
    table = simulate(NOTEBOOK, "continuous").table()
    columns = (table[name] for name in ("arrival_time", "input_tokens", "output_tokens"))
    again = simulate(workload_of(*columns, name="again"), "continuous")
    assert again.table()["e2el"].tolist() == table["e2el"].tolist()
    shuffled = workload_of([3, 0.1], [5, 6], [7, 8], max_tokens=[9, 9])
    assert shuffled.requests.arrival_time.tolist() == [SECOND // 10, 3 * SECOND]
    assert shuffled.requests.input_tokens.tolist() == [6, 5]
    assert compare(shuffled, "vllm")["vllm"].metrics["total_tokens"] == 15


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        (([], [], []), "found an empty list of requests, expected at least one"),
        (([0, -1], [5, 5], [5, 5]), "request 1: arrival_time: found -1.0, expected seconds from 0"),
        (([0, math.nan], [5, 5], [5, 5]), "request 1: arrival_time: found nan, expected seconds"),
        (([0], [5], [0]), "request 0: output_tokens: found 0, expected >= 1"),
        (([0], [5.5], [1]), "input_tokens: found float64 values, expected whole numbers"),
        (([0, 1], [5], [1, 1]), "the columns of the requests differ in length"),
    ],
)
def test_columns_that_are_no_requests_are_refused(columns: Any, sentence: str) -> None:
    with pytest.raises(InputError, match=re.escape(sentence)):
        workload_of(*columns)


def test_an_instant_is_picoseconds_or_a_text() -> None:
    run = simulate(NOTEBOOK, "continuous")
    assert run.at("3.6s").done == run.at(parse_duration("3.6s")).done == 6
    with pytest.raises(InputError, match="found 'noon', expected a duration"):
        run.at("noon")


def test_the_service_level_is_the_workloads() -> None:
    strict = NOTEBOOK.with_settings({"slo.ttft": "500ms"})
    run = simulate(strict, "continuous")
    assert run.slo == strict.slo
    within = run.table()["ttft"] <= 0.5
    assert metrics(run)["slo_attainment"] == np.mean(within) == 0.35
    free = simulate(replace(NOTEBOOK, slo=None), "continuous")
    assert metrics(free)["slo_attainment"] is None
    assert metrics(free, strict.slo)["slo_attainment"] == 0.35


def test_a_metric_that_is_a_number_is_one_or_says_why_not() -> None:
    (free,) = compare(replace(NOTEBOOK, slo=None), "static")
    assert free.metric("p99_ttft") == free.metrics["p99_ttft"]
    with pytest.raises(InputError, match=r"goodput is not defined .*: the workload sets no limits"):
        free.metric("goodput")
    with pytest.raises(InputError, match=r"evictions is not defined .*: its strategy heeds no"):
        free.metric("evictions")
    (alone,) = compare(workload_of([0], [5], [1]), "static")
    with pytest.raises(InputError, match="mean_tpot is not defined for this run: there is nothing"):
        alone.metric("mean_tpot")


def test_a_metric_that_is_not_there_is_told() -> None:
    (result,) = compare(NOTEBOOK, "static")
    with pytest.raises(KeyError, match=r"no metric 'p99_ltency' \(did you mean 'p99_latency'\?\)"):
        _ = result.metrics["p99_ltency"]
    with pytest.raises(InputError, match="found no strategy 'vllm', expected one of static"):
        _ = compare(NOTEBOOK)["vllm"]


def test_a_log_is_calibrated_by_its_name(tmp_path: Path) -> None:
    cost = IterationCost(base=8 * SECOND // 1000, per_token=50_000_000)
    served = simulate(
        Workload("log", ListedRequests(some_requests(60, 20)), cost=cost), Vllm(max_num_seqs=16)
    )
    log = write_vllm_log(tmp_path / "requests.jsonl", served)
    made = calibrate(log, settings={"max_num_seqs": 16}, train=0.5)
    assert made.cost.kv_cache_tokens is None
    assert made.fit.cost.base == pytest.approx(cost.base, rel=0.01)
    assert int(made.rest_rows.sum()) == 30
    again = simulate(NOTEBOOK.with_cost(made.cost), "vllm")
    assert again.cost.profile is not None
    (tmp_path / "mine.yaml").write_text(made.profile)
    file = NOTEBOOK.with_settings({"cost": tmp_path / "mine.yaml"})
    assert simulate(file, "vllm").end_time.tolist() == again.end_time.tolist()
    with pytest.raises(InputError, match="engine: found 'static', expected one of continuous"):
        calibrate(log, engine="static")
    with pytest.raises(InputError, match="train: found 50, expected a share"):
        calibrate(log, train=50)


def test_the_table_is_what_files_have_in_seconds() -> None:
    run = simulate(NOTEBOOK, "continuous")
    table = run.table()
    assert tuple(table) == REQUEST_COLUMNS
    assert {len(column) for column in table.values()} == {20}
    assert table["start_time"].tolist() == [time / SECOND for time in run.start_time.tolist()]
    assert table["output_tokens"].tolist() == run.requests.output_tokens.tolist()
    assert table["ttft"].mean() == pytest.approx(metrics(run)["mean_ttft"])
    latency = sum(table[name] for name in tui_batching.Breakdown.__dataclass_fields__)
    assert latency == pytest.approx(table["e2el"])


@pytest.mark.parametrize("package", ["pandas", "polars"])
def test_a_data_frame_has_the_same_columns(package: str) -> None:
    pytest.importorskip(package, reason="it is not installed")
    run = simulate(NOTEBOOK, "continuous")
    frame = getattr(run, f"to_{package}")()
    assert list(frame.columns) == list(REQUEST_COLUMNS)
    for name, column in run.table().items():
        assert np.array_equal(frame[name].to_numpy(), column, equal_nan=True)


@pytest.mark.parametrize("package", ["pandas", "polars"])
def test_a_comparison_and_a_sweep_are_data_frames_as_well(package: str) -> None:
    pytest.importorskip(package, reason="it is not installed")
    compared = compare(NOTEBOOK, ["continuous", "vllm", "triton"])
    frame = getattr(compared, f"to_{package}")()
    assert frame["strategy"].to_list() == ["continuous", "vllm", "triton"]
    assert frame["p99_ttft"].to_list() == [result.metrics["p99_ttft"] for result in compared]
    swept = sweep(NOTEBOOK, "load", [1, 4])
    frame = getattr(swept, f"to_{package}")()
    assert frame["value"].to_list() == [1, 1, 1, 4, 4, 4]
    assert frame["throughput"].to_list() == [point.metric("throughput") for point in swept.points]


@pytest.mark.parametrize("package", ["pandas", "polars"])
def test_capacities_are_a_data_frame_too(package: str) -> None:
    pytest.importorskip(package, reason="it is not installed")
    found = capacity(load_workload("chat").served_by("continuous"), attainment=0.9)
    (sustained,) = found.capacities
    assert repr(found) == f"Capacities(chat: continuous {sustained.rate:.3g}/s)"
    frame = getattr(found, f"to_{package}")()
    assert frame["strategy"].to_list() == ["continuous"]
    assert frame["rate"].to_list() == [sustained.rate]


@pytest.mark.parametrize("package", ["pandas", "polars"])
def test_without_its_package_a_data_frame_names_it(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    run = simulate(NOTEBOOK, "continuous")
    with pytest.raises(ImportError, match=f"needs the package {package}: pip install {package}"):
        getattr(run, f"to_{package}")()


def test_a_run_shows_itself_in_few_words() -> None:
    assert repr(simulate(NOTEBOOK, "continuous")) == "Run(continuous, 20 requests in 8.52 s)"


def test_a_run_shows_itself_as_a_picture_in_a_notebook() -> None:
    html = simulate(NOTEBOOK, "static")._repr_html_()
    assert html.startswith("<pre style=")
    text = re.sub("<[^>]*>", "", html)
    lines = [line.rstrip() for line in text.splitlines()]
    assert max(map(len, lines)) <= 110
    assert "S STATIC · batch 4" in lines[1]
    assert [line.split()[0] for line in lines[2:22]] == [f"R{row}" for row in range(20)]
    assert "▒" in lines[2]  # R0 is held
    assert 'style="color: #' in html


def test_a_comparison_shows_itself_as_a_table_in_a_notebook() -> None:
    compared = compare(NOTEBOOK)
    assert repr(compared) == "Comparison(notebook: static, dynamic, continuous)"
    rows = re.findall("<tr>(.*?)</tr>", compared._repr_html_())
    told = [re.findall("<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]
    assert told[0] == ["", "static", "dynamic", "continuous"]
    assert ["tokens per second", "84.6 0.84x", "85.0 0.84x", "101 ★"] in told
    assert {len(cells) for cells in told} == {4}


def test_sweeps_and_capacities_show_themselves_as_tables() -> None:
    swept = sweep(NOTEBOOK, "load", [1, 4])
    assert repr(swept) == "Sweep(load of notebook, 6 points)"
    told = re.sub("<[^>]*>", "|", swept._repr_html_())
    for value in (
        "4/s (gap 250 ms)",
        "a finite run of 20 requests: in a longer one latency climbs on",
    ):
        assert value in told
    found = capacity(load_workload("chat").served_by("continuous"), attainment=0.9)
    (sustained,) = found.capacities
    assert f"{sustained.rate:.3g}" in re.sub("<[^>]*>", "|", found._repr_html_())


def test_the_picture_of_a_long_run_is_of_its_busiest_stretch() -> None:
    run = simulate(load_workload("engines"), "vllm")
    text = re.sub("<[^>]*>", "", run._repr_html_())
    late = simulate(
        load_workload("engines").with_settings({"workload.rate": 0.01, "workload.count": 40}),
        "vllm",
    )
    assert "slots 0–29 of 47 ever taken" in text
    last = re.sub("<[^>]*>", "", late._repr_html_()).splitlines()[-2]
    assert last.split()[0] != "0"  # nobody but one runs at the beginning


def test_importing_is_fast_and_loads_what_takes_time_only_when_it_is_used() -> None:
    code = "import sys, tui_batching; print(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=CHECKOUT, check=True
    )
    loaded = set(done.stdout.split())
    assert not loaded & {"rich", "textual", "plotext", "pyarrow", "concurrent.futures"}
    assert not any(name.startswith("tui_batching.measured") for name in loaded)
    assert callable(tui_batching.calibrate)
    with pytest.raises(AttributeError, match="no attribute 'simulte'"):
        _ = tui_batching.simulte


CLIENT = """
from tui_batching import (
    Static, Workload, breakdown, calibrate, capacity, compare, load_workload, metrics, simulate,
    slowest, sweep
)

workload: Workload = load_workload("notebook").with_settings({"continuous.batch_size": 8})
run = simulate(workload, "vllm")
columns: list[str] = list(run.table())
first: float = run.table()["ttft"].max().item()
longest: int = run.end_time.max().item()
for result in compare(workload, ["vllm", Static(8)]):
    worst: float | int | None = result.metrics["p99_ttft"]
parts: dict[str, int] = breakdown(run).totals
of_slice: float = breakdown(run, "p99-ttft").parts["decode"]
slow: list[float] = [each.value for each in slowest(run, "tpot", 3)]
points = [point.metrics["goodput"] for point in sweep(workload, "load", [1.0, 2.0]).points]
rates: list[float | None] = [each.rate for each in capacity(workload, attainment=0.9).capacities]
served: Workload = workload.with_cost(calibrate("requests.jsonl", train=0.5).cost)
simulate(workload, 8)  # wrong
run.table()["ttft"] = 3  # wrong
compare(workload, strategies=[Static])  # wrong
metrics(run).p99  # wrong
"""


def test_type_hints_hold_outside(tmp_path: Path) -> None:
    """Of a program that uses all there is, and of the README's."""
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("mypy is not installed")
    (tmp_path / "client.py").write_text(CLIENT)
    blocks = re.findall(r"```python\n(.*?)```", (CHECKOUT / "README.md").read_text(), re.DOTALL)
    for number, block in enumerate(blocks):
        (tmp_path / f"readme_{number}.py").write_text(block)
    checking = ("-m", "mypy", f"--config-file={CHECKOUT / 'pyproject.toml'}", "--no-error-summary")
    files = sorted(str(path) for path in tmp_path.glob("*.py"))
    assert len(files) == 3
    done = subprocess.run(
        [sys.executable, *checking, f"--cache-dir={CHECKOUT / '.mypy_cache'}", *files],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"MYPYPATH": str(CHECKOUT), "PATH": ""},
        check=False,
    )
    found = re.findall(r"^(\w+\.py):(\d+): error", done.stdout, re.MULTILINE)
    lines = enumerate(CLIENT.splitlines(), 1)
    wrong = [("client.py", str(number)) for number, line in lines if "# wrong" in line]
    assert found == wrong, done.stdout
