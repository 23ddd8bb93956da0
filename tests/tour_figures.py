"""Figures that the bundled tour tells without braces, computed from what is on stage.

Each is as it is written there; with it goes what else the sentence claims.
"""

from __future__ import annotations

import json
from functools import cache
from itertools import chain, product

import numpy as np
import pytest
from oracle import SHARED
from stage import MS
from tour_facts import Facts, chapter_called, word

from tui_batching.analysis.breakdown import breakdown
from tui_batching.analysis.comparison import compare
from tui_batching.analysis.metrics import value_text
from tui_batching.analysis.sweeps import Sweep, sweep
from tui_batching.analysis.tokens import token_gaps_by_request
from tui_batching.charts.rows import bar
from tui_batching.clock import SECOND, format_duration
from tui_batching.columns import IntArray
from tui_batching.measured.accuracy import TimeError
from tui_batching.measured.calibration import calibrate_log
from tui_batching.measured.reading import read_log
from tui_batching.measured.server import server_of
from tui_batching.sim.life import WAITS, State
from tui_batching.sim.run import Run
from tui_batching.sim.stays import Ended
from tui_batching.strategies import Vllm
from tui_batching.strategies.parameters import TOKEN_BUDGET
from tui_batching.tour.deck import step_times
from tui_batching.workload import choose_strategies, load_workload
from tui_batching.workload.profiles import load_profile


def step_of_many(facts: Facts) -> int:
    """A batch whose step is less than a fifth longer than that of one; with many more it counts."""
    by_size = {each.batch_size: each.step_time for each in step_times(facts.workload)}
    assert 1.17 < by_size[16] / by_size[1] < 1.2
    assert by_size[256] > 4 * by_size[1]
    return 16


def mean_context(facts: Facts) -> int:
    """Of the average request, with half of its answer made."""
    return round(facts.requests.input_tokens.mean() + facts.requests.output_tokens.mean() / 2)


def long_texts(facts: Facts) -> str:
    time = facts.workload.cost.step_time(32, 32 * 4000)
    return f"a step for 32 texts of 4,000 tokens takes {format_duration(time)}."


def prompts_read(facts: Facts) -> list[str]:
    """The slide's rows: what prompts take, and how many steps of one request that is."""
    tokens = np.array([500, 1000, 2000, 4000, 8000])
    times = facts.workload.cost.prefill_times(tokens)
    step = step_times(facts.workload)[0].step_time
    return [
        f"{size:,}{' tokens' if not row else ''} | {format_duration(int(time))} | "
        f"{round(time / step)} steps | {bar(time / times[-1], 25)[0]}"
        for row, (size, time) in enumerate(zip(tokens, times, strict=True))
    ]


def toy(facts: Facts) -> str:
    """The prices of the toy."""
    cost = facts.workload.cost
    one, two = cost.step_time(1), cost.step_time(2)
    (token,) = np.diff(cost.prefill_times(np.array([1, 2])))
    each = [int(time) * 1000 // SECOND for time in (one, two - one, token)]
    return f"{each[0]} ms a step, {each[1]} ms more for each extra request, {each[2]} ms a prompt"


def waits_for_both(facts: Facts) -> None:
    """With dynamic R0 is held, R1 decodes and R2 waits; with static prompts are read."""
    assert facts.who("dynamic", State.HELD) == ["R0"]
    assert facts.who("dynamic", State.DECODE) == ["R1"]
    assert facts.who("dynamic", *WAITS)[0] == "R2"
    assert facts.requests.arrival_time[2] > facts.run("dynamic").start_time[0]
    assert facts.who("static", State.PREFILL) == ["R0", "R1", "R2", "R3"]


def fourteen_times(facts: Facts) -> str:
    """How much of its memory the GPU has here."""
    whole = load_profile("a100-llama-3-8b").kv_cache_tokens
    assert round((whole or 0) / (facts.workload.cost.kv_cache_tokens or 1)) == 14
    return "fourteen times as much"


def a_fourteenth(facts: Facts) -> str:
    """What is left of the GPU's memory, as said one chapter before."""
    del facts
    return fourteen_times(Facts("The KV cache fills before the slots")).replace(
        "n times as much", "nth"
    )


def dynamic_alone(facts: Facts) -> str:
    """The mean latency with a timer, of those that are served here without one."""
    assert facts.requests == Facts("The numbers").requests
    mean = Facts("The numbers").metric("dynamic", "avg_latency")
    return f"(Dynamic, with its timer: {value_text(mean, 's')}.)"


def room_for_all(facts: Facts) -> str:
    """With all of the GPU's memory those with the longest prompts, and the longest answers."""
    slots, asked = facts.run("orca").slots, facts.requests
    most = np.sort(asked.input_tokens + asked.max_tokens)[-slots:].sum()
    assert most <= (load_profile("a100-llama-3-8b").kv_cache_tokens or 0)
    return f"uncut, Orca has room for {word(slots)}, too"


def needs_of_r5(facts: Facts) -> tuple[int, int]:
    """Its prompt, and the longest answer."""
    asked = facts.requests
    return int(asked.input_tokens[5]), int(asked.max_tokens[5])


def free_memory(facts: Facts) -> int:
    run = facts.run("orca")
    assert run.kv is not None
    return run.kv.blocks - run.at(facts.instant).blocks


def reserved_and_empty(facts: Facts) -> float:
    """The share of Orca's memory that is reserved at the instant, but holds nothing yet."""
    moment = facts.run("orca").at(facts.instant)
    assert moment.run.kv is not None
    return 1 - moment.tokens_held / moment.run.kv.blocks - free_memory(facts) / moment.run.kv.blocks


def evicted_in(facts: Facts) -> tuple[Run, int]:
    """The run, and the stay that ends with the one eviction of the chapter."""
    run = facts.run(facts.vllm)
    (evicted,) = np.flatnonzero(run.stays.ended == Ended.EVICTED)
    return run, int(evicted)


@cache
def before_the_eviction(facts: Facts) -> int:
    """How many write while one block is free: when that is taken, R12, the newest, is evicted."""
    run, evicted = evicted_in(facts)
    before, row = run.at(facts.chapter.at), run.stays.request[evicted]
    assert facts.requests.id[row] == 12
    assert evicted == before.stays.max()  # they are in order of admission
    last = run.at(int(run.stays.end_time[evicted]) - 1)
    assert last.blocks >= before.blocks == kv_blocks(facts) - 1
    # It is another one who needs a block: those of R12 are not full.
    assert int(last.computed(np.array([evicted]))[0]) % block_size(facts)
    return len(before.decoding)


def halted(facts: Facts) -> str:
    """For how long R12 makes no token: it comes back at R7's end, and writes on at the stop."""
    run, evicted = evicted_in(facts)
    stay, gone = int(run.by_request.members(12)[1]), int(run.stays.end_time[evicted])
    back = int(run.stays.ready_time[stay])
    assert 0 <= int(run.stays.start_time[stay]) - int(run.end_time[7]) < SECOND // 50
    assert 0 < facts.instant - back < 5 * step_at_the_stop(facts, facts.vllm)
    assert 0.5 < (back - gone) / SECOND < 0.6
    return f"no new word for {format_duration(back - gone)}, in"


def block_size(facts: Facts) -> int:
    return int(facts.workload.strategy(facts.vllm).value("block_size"))


def step_at_the_stop(facts: Facts, strategy: str) -> int:
    return facts.run(strategy).at(facts.instant).phase.step_time


def longest_step(facts: Facts) -> str:
    """How long the steps are, up to the stop, in which vLLM reads R8's prompt."""
    run = facts.run(facts.vllm)
    stay = int(run.by_request.members(8)[0])
    spans = run.chunks.span[run.chunks.stay == stay]
    so_far = run.spans.step_time[spans[run.spans.start[spans] < facts.instant]]
    return f"steps of up to {format_duration(int(so_far.max()))} so far,"


@cache
def predicted(name: str) -> dict[tuple[str, str], TimeError]:
    """What is predicted of the second half of a server's log by a fit to the first half."""
    file = SHARED / "serving-logs" / name / "requests.jsonl"
    if not file.is_file():
        pytest.skip("the logs (../shared/serving-logs) are not beside this checkout")
    log = read_log(file)
    made = calibrate_log(log, server_of(log, file.with_name("meta.json"), "vllm", []), 0.5)
    return {(each.measure, each.statistic): each for each in made.rest}


def predictions(_: Facts) -> list[str]:
    """The slide's rows: measured and simulated."""
    of_rest = predicted("vllm-rtxpro6000-llama-3.1-8b")
    rows = []
    for measure, statistic in product(("TTFT", "TPOT"), ("mean", "p99")):
        each = of_rest[measure, statistic]
        times = " | ".join(format_duration(round(t), 4) for t in (each.measured, each.simulated))
        rows.append(f"{measure}, {statistic} | {times} | {each.error * 100:+.1f} %")
    return rows


def within(_: Facts) -> int:
    """By how many percent the prediction is off at most."""
    of_rest = predicted("vllm-rtxpro6000-llama-3.1-8b").values()
    return int(np.ceil(max(abs(each.error) for each in of_rest) * 100))


def at_worst(_: Facts) -> str:
    """How far the other server's log is off."""
    worst = max(abs(each.error) for each in predicted("vllm-rtx4090-llama-3.1-8b").values())
    return f"full, is within {word(int(np.ceil(worst * 100)))}"


SARATHI = (
    ("in chats", "whole", 530, 680),
    ("", "in chunks", 760, 140),
    ("for summaries of papers", "whole", 3780, 1380),
    ("", "in chunks", 3900, 170),
)
"""Median TTFT and p99 of the time between tokens, in ms: Sarathi-Serve (arXiv 2403.02310), table 4.

Its rows "hybrid-batching-only" (whole prompts beside decodes) and "Sarathi-Serve (combined)".
"""


def published(_: Facts) -> list[str]:
    """The slide's rows: as short as a fifth and an eighth, and a quarter of a second later."""
    first, gaps = zip(*(row[2:] for row in SARATHI), strict=True)
    assert [round(gaps[0] / gaps[1]), round(gaps[2] / gaps[3])] == [5, 8]
    assert round((first[1] - first[0]) / 250) == 1
    assert [round(first[row + 1] / first[row] * 100 - 100) for row in (0, 2)] == [43, 3]
    return [
        " | ".join((asked, how, *(format_duration(ms * MS) for ms in times), drawn))
        for (asked, how, *times), drawn in zip(
            SARATHI, (bar(gap / max(gaps), 25)[0] for gap in gaps), strict=True
        )
    ]


def kv_blocks(facts: Facts) -> int:
    kv = facts.run(facts.vllm).kv
    assert kv is not None
    return kv.blocks


def total_time(title: str, strategy: str) -> str:
    return f"{Facts(title).metric(strategy, 'total_time'):.3g} s"


def handed_on(facts: Facts) -> str:
    """Who had slot 0, one after the other."""
    stays = facts.run("continuous").stays
    there = np.flatnonzero(stays.slot == 0)
    names = [f"R{row}" for row in stays.request[there[np.argsort(stays.start_time[there])]]]
    return f"slot 0 from {' to '.join(names)}."


def without_cache(facts: Facts) -> str:
    """When the first token comes if nothing is kept."""
    assert facts.workload.strategy(facts.vllm).value("enable_prefix_caching")
    without = facts.workload.with_settings({"vllm.enable_prefix_caching": "false"})
    mean = compare(without)["vllm"].metrics["mean_ttft"]
    return format_duration(round((mean or 0) * SECOND))


def how_many_fit(facts: Facts) -> list[str]:
    """The slide's rows: how many of a length there is room for, and what a step of all takes."""
    cost, slots = facts.workload.cost, Vllm().max_num_seqs
    profile = cost.profile
    assert profile is not None
    assert profile.batch[1] >= slots  # nothing is extrapolated
    assert profile.context[1] >= 8000
    rows = []
    for tokens in (1000, 2000, 4000, 8000):
        at_once = (cost.kv_cache_tokens or 0) // tokens
        limit = "memory" if at_once < slots else "slots"
        count = min(at_once, slots)
        step = cost.step_time(count, count * tokens)
        each = value_text(SECOND / step, "1/s")
        rows.append(f"{tokens:,}{' tokens' * (not rows)} | {count} | {limit}")
        rows[-1] += f" | {format_duration(step)} | {each} | {count * SECOND / step:,.0f}"
    assert round(cost.step_time(1) / SECOND * 1000) == 11  # alone
    return rows


def whole_memory(_: Facts) -> str:
    """What the GPU has."""
    return f"(80 GB) has room for {load_profile('a100-llama-3-8b').kv_cache_tokens:,} tokens."


def any_prompt_fits(facts: Facts) -> str:
    """Beside a token for everybody else."""
    longest = int(facts.requests.input_tokens.max())
    assert longest + facts.run(facts.vllm).slots <= budget(facts)
    return "any prompt fit"


def whose_prompts(facts: Facts) -> str:
    """How long a step with another's prompt is, by which nearly half of R5's time has gone."""
    run, now = facts.run(facts.vllm), facts.instant
    parts = breakdown(run, np.array([5]), now).columns()
    passed = now - int(facts.requests.arrival_time[5])
    assert 0.44 < int(parts["stalled"][0]) / passed < 0.5
    assert parts["turn"][0] < SECOND // 50
    assert facts.who(facts.vllm, State.PREFILL) == ["R10"]
    assert not run.at(now).evictions
    return f"This step takes {format_duration(step_at_the_stop(facts, facts.vllm))}, because"


def equal(facts: Facts) -> str:
    """Equal lengths, all at once: both rules have the same ends, and nobody is held."""
    asked = facts.requests.output_tokens
    assert len(set(asked.tolist())) == 1
    assert not facts.requests.arrival_time.any()
    ends = [facts.run(name).end_time.tolist() for name in ("static", "continuous")]
    assert ends[0] == ends[1]
    assert facts.metric("static", "held") == 0
    done = f"{facts.metric('static', 'total_time'):.1f} s"
    return f"{facts.count} requests of equal length come at once, and both rules are done at {done}"


def few(facts: Facts) -> str:
    """Nobody has company, or gains from continuous; only static waits for others."""
    static, dynamic, continuous = (
        facts.metric(name, "avg_latency") for name in ("static", "dynamic", "continuous")
    )
    assert dynamic == continuous < static / 3
    for run in (facts.run("dynamic"), facts.run("continuous")):
        assert (run.end_time[:-1] < run.requests.arrival_time[1:]).all()
    assert facts.workload.strategy("dynamic").value("timeout") == 0
    return f"{word(facts.count)} people, each a row"


def how_many_were_checked(_: Facts) -> str:
    """How many workloads there are of vLLM's own scheduler."""
    folder = SHARED / "oracle" / "vllm"
    if not folder.is_dir():
        pytest.skip("the oracles (../shared/oracle) are not beside this checkout")
    files = [json.loads(file.read_text(encoding="utf-8")) for file in folder.glob("*.json")]
    return f"in {sum(len(file['workloads']) for file in files)} workloads"


def longest_gaps(facts: Facts) -> str:
    """The longest gap of R5 with the smaller budget, and the other; in all it loses as much."""
    runs = [each.run for each in facts.results]
    stalled = [int(breakdown(run, np.array([5])).stalled[0]) for run in runs]
    assert 0.95 < stalled[1] / stalled[0] < 1.05
    gaps = [list(chain.from_iterable(token_gaps_by_request(run)))[5].max() for run in runs]
    before, after = (format_duration(int(gap)) for gap in gaps)
    return f"longest gap is {after}, not {before.removesuffix(' ms')}."


def gaps_of(facts: Facts, strategy: str) -> IntArray:
    """The time between tokens, of all answers."""
    return np.concatenate([*chain.from_iterable(token_gaps_by_request(facts.run(strategy)))])


def at_most(strategy: str, facts: Facts) -> str:
    """The longest gap."""
    return format_duration(int(gaps_of(facts, strategy).max()))


def longest_stall(facts: Facts) -> str:
    """The longest gap with continuous: of R0, by the prompts of R1 to R3 and a step."""
    run = facts.run("continuous")
    prompts = run.first_token_time[1:4] - run.start_time[1:4]
    step = int(gaps_of(facts, "continuous").max()) - int(prompts.sum())
    assert 0 < step < 20 * MS
    assert (run.start_time[2:4] == run.first_token_time[1:3]).all()  # one after the other
    return f"for up to {at_most('continuous', facts)}, {word(len(prompts))} prompts one after"


def rarer_than_p99_tells(facts: Facts) -> str:
    """There is one halt by an eviction, among how many gaps."""
    gaps = gaps_of(facts, "vllm@2048")
    assert gaps.max() > 500 * MS
    assert (gaps > 500 * MS).sum() < len(gaps) / 100
    return "one gap in a hundred"


def ten_to_one(facts: Facts) -> str:
    """How many steps on the right take as long as the one on the left."""
    left, right = (step_at_the_stop(facts, each.name) for each in facts.workload.strategies)
    return f"as long as {word(round(left / right))} on the right"


def found_by_r4(facts: Facts) -> tuple[int, int]:
    """How many tokens of its prompt R4 finds, in whole blocks, and how many are left to read."""
    run = facts.run(facts.vllm)
    found = int(run.stays.cached[run.by_request.members(4)[0]])
    assert found % block_size(facts) == 0
    return found, int(facts.requests.input_tokens[4]) - found


def read_once(facts: Facts) -> str:
    """What the shared beginning takes."""
    tokens = np.array([facts.requests.stream_tokens.max()])
    return format_duration(int(facts.workload.cost.prefill_times(tokens)[0]))


def step_of_all(facts: Facts) -> int:
    """What a decode step takes in ms with all slots taken."""
    run = facts.run("continuous")
    times = run.spans.step_time[run.spans.decoding & (run.spans.billed == run.slots)] / MS
    assert times.max() < 1.1 * times.min()
    return round(float(times.mean()))


def longest_document(facts: Facts) -> int:
    """How many such steps it takes to read it."""
    cost, tokens = facts.workload.cost, np.array([facts.requests.input_tokens.max()])
    return round(int(cost.prefill_times(tokens)[0]) / (step_of_all(facts) * MS))


def of_r5(facts: Facts, strategy: str) -> tuple[int, int]:
    """How many tokens R5 has when the chapter begins, and when it stops."""
    begun = facts.run(strategy).at(facts.chapter.at).tokens_made(np.array([5]))
    return int(begun[0]), facts.made(strategy, 5)


def gained(facts: Facts) -> str:
    """How many tokens R5 gets with chunks while the chapter plays."""
    begun, stopped = of_r5(facts, facts.vllm)
    return f"R5 has {stopped}, {word(stopped - begun)} of them in this time"


BUDGETS = (8192, 2048, 512)


def each_rule(facts: Facts) -> str:
    """Twice as soon with paging, longer gaps, which chunks bring to a third, and the budgets."""
    names = ("vllm@8192", "vllm@2048", "vllm@512")
    assert tuple(budget_of(facts, name) for name in names) == BUDGETS
    first, gaps = (
        {each.strategy.name: float(each.metrics[name] or 0) for each in facts.results}
        for name in ("mean_ttft", "p99_itl")
    )
    assert 2 < first["orca"] / first["vllm@8192"] < 2.5
    assert gaps["vllm@8192"] > 1.5 * gaps["orca"]
    assert max(gaps["vllm@2048"], gaps["vllm@512"]) < 0.4 * gaps["vllm@8192"]
    assert first["vllm@2048"] < 1.03 * first["vllm@8192"]
    assert first["vllm@512"] > 1.2 * first["vllm@8192"]
    assert 0.3 < gaps["vllm@2048"] / gaps["vllm@8192"] < 0.4
    assert [Vllm().max_num_batched_tokens] == [budget_of(facts, "vllm@2048")]
    return f"only {word(facts.count)} people?"


def fewer_wait(facts: Facts) -> str:
    """With paging more run, fewer wait, and not as long; Orca leaves slots free beside a queue."""
    orca, paged = (facts.run(name) for name in ("orca", facts.vllm))
    instants = np.linspace(0, int(facts.requests.arrival_time.max()), 400).astype(np.int64)
    queues = [np.array([len(run.at(int(at)).waiting) for at in instants]) for run in (orca, paged)]
    free = np.array([len(orca.at(int(at)).running) < orca.slots for at in instants])
    assert queues[1].mean() < queues[0].mean() / 2
    assert (free & (queues[0] > 0)).mean() > 0.5
    assert facts.metric(facts.vllm, "max_wait") < facts.metric("orca", "max_wait")
    assert at_once(facts, facts.vllm) > at_once(facts, "orca")
    return "more fit into the same memory, so fewer wait, and not as long."


def earlier(facts: Facts, row: int) -> float:
    """By how many seconds continuous answers a request before static."""
    static, continuous = (facts.run(name).end_time[row] for name in ("static", "continuous"))
    return float(static - continuous) / SECOND


def rate_of(name: str, facts: Facts) -> str:
    return value_text(facts.metric(name, "throughput"), "1/s")


def quotient(one: str, other: str, facts: Facts) -> str:
    return f"x {facts.metric(one, 'throughput') / facts.metric(other, 'throughput'):.2f}"


def times_naive(name: str, facts: Facts) -> str:
    """How many times the tokens of the first row."""
    return f"| {facts.metric(name, 'throughput') / facts.metric('static', 'throughput'):.3g}"


def at_once(facts: Facts, strategy: str) -> int:
    """How many requests are in the slots on average."""
    run = facts.run(strategy)
    return round(float((run.left - run.stays.start_time).sum()) / run.finished)


STUDIED = ("static", "dynamic", "continuous", "orca", "vllm-v0")


def factors(facts: Facts) -> str:
    """The slide's rows: what each makes, also in cells, and how many times the last, and naive."""
    made = [facts.metric(name, "throughput") for name in STUDIED]
    assert facts.workload.strategy("static").value("pad_to") == "workload"
    rows = [
        f"{value_text(value, '1/s')} | {'█' * round(value / made[-1] * 25)} | "
        + (f"x {value / before:.2f} | {value / made[0]:.3g}" if before else " | –")
        for before, value in zip((0, *made), made, strict=False)
    ]
    table = facts.chapter.table
    assert isinstance(table, tuple)
    assert [" | ".join(row[1:]) for row in table[1:]] == rows
    return f"it is {made[-1] / made[0]:.0f} times"


def budget(facts: Facts) -> int:
    """The tokens of a step in vLLM's lane."""
    return budget_of(facts, facts.vllm)


def budget_of(facts: Facts, name: str) -> int:
    """The tokens of a step in a lane."""
    strategy = facts.workload.strategy(name)
    parameter = strategy.parameter_called(TOKEN_BUDGET)
    assert parameter is not None
    return int(strategy.value(parameter.name))


def times_at_most(longest: int) -> str:
    """How many times as fast as naive static vLLM is in the study, by the longest answer."""
    of_study = compare(choose_strategies(load_workload(f"anyscale-{longest}"), ["static", "vllm"]))
    naive, ours = (of_study[name].metrics["total_time"] for name in ("static", "vllm"))
    assert naive is not None
    assert ours is not None
    return f"{naive / ours:.1f} times"


def padding(facts: Facts) -> str:
    """All of a batch run to the longest answer of all, which the text gives as its limit."""
    limit = int(chapter_called("The famous 23 times").workload.name.partition("-")[2])
    assert facts.requests.output_tokens.max() <= limit
    return f"up to {limit:,} tokens"


@cache
def loads() -> Sweep:
    """The whole GPU, with people who come ever faster."""
    return sweep(Facts("How many people?").workload, "load")


def served_a_second(_: Facts) -> str:
    return f"{loads().saturation['vllm']:.2f} a second (┊)"


def asking_once_a_minute(_: Facts) -> str:
    return f"about {round(60 * loads().saturation['vllm'], -1):.0f}, with"


def with_load(name: str, load: float) -> float:
    """A metric at so many requests a second."""
    (found,) = (each.metrics[name] for each in loads().points if each.value == load)
    assert found is not None
    return found


def kept_up_to(facts: Facts) -> str:
    """The highest load of the sweep at which the promise is kept, and the next one."""
    promised = facts.workload.slo.ttft
    assert promised == SECOND
    loads_tried = [load for load in loads().values if load in {2, 3}]
    kept = [with_load("mean_ttft", load) <= promised / SECOND for load in loads_tried]
    assert kept == [True, False]
    return (
        "With two a second the first token comes within the second that was promised (the SLO). "
        "With three it does not,"
    )


def ways_to_read(facts: Facts) -> str:
    """As many as are drawn, each as what the newcomer sees and what the others do."""
    table = facts.chapter.table
    assert isinstance(table, tuple)
    return f"{word(sum(any(row) for row in table[1:]) // 2)} ways"
