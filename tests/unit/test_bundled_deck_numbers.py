"""Every number that the bundled tour tells is computed, and none is left that is not.

Most stand in braces and are computed by the deck itself; those that do not are computed here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial
from itertools import pairwise, product

import numpy as np
import pytest
from oracle import SHARED
from tour import EACH_CHAPTER, TOUR
from tour_facts import Facts, chapter_called, served, word

from tui_batching.analysis.breakdown import breakdown
from tui_batching.analysis.comparison import compare
from tui_batching.analysis.kv_use import recomputed_tokens
from tui_batching.analysis.metrics import value_text
from tui_batching.clock import SECOND, format_duration
from tui_batching.measured.accuracy import TimeError
from tui_batching.measured.calibration import calibrate_log
from tui_batching.measured.reading import read_log
from tui_batching.measured.server import server_of
from tui_batching.sim.life import WAITS, State
from tui_batching.sim.run import Run
from tui_batching.sim.stays import Ended
from tui_batching.strategies import Vllm
from tui_batching.strategies.parameters import TOKEN_BUDGET
from tui_batching.tour import Chapter
from tui_batching.tour.deck import step_times
from tui_batching.workload import choose_strategies, load_workload
from tui_batching.workload.profiles import load_profile


def step_of_many(facts: Facts) -> int:
    """The largest batch of the slide, whose step is nine percent longer than that of one."""
    one, *_, many = step_times(facts.workload)
    assert round(many.step_time / one.step_time, 2) == 1.09
    return many.batch_size


def long_texts(facts: Facts) -> str:
    time = facts.workload.cost.step_time(32, 32 * 4000)
    return f"32 texts of 4,000 tokens each take {format_duration(time)}."


def prompts_read(facts: Facts) -> list[str]:
    """The slide's rows: what prompts take, and how many steps of one request that is."""
    tokens = np.array([500, 1000, 2000, 4000, 8000])
    times = facts.workload.cost.prefill_times(tokens)
    step = step_times(facts.workload)[0].step_time
    return [
        f"{size:,}{' tokens' if not row else ''} | {format_duration(int(time))} | "
        f"{round(time / step)} steps | {'█' * max(1, round(time / times[-1] * 25))}"
        for row, (size, time) in enumerate(zip(tokens, times, strict=True))
    ]


def toy(_: Facts) -> str:
    """The prices of the toy."""
    cost = chapter_called("Prefill, decode, slot").served.cost
    one, two = cost.step_time(1), cost.step_time(2)
    (token,) = np.diff(cost.prefill_times(np.array([1, 2])))
    each = [int(time) * 1000 // SECOND for time in (one, two - one, token)]
    return f"{each[0]} ms a step, {each[1]} ms more for each further request, {each[2]} ms a prompt"


def fourteen_times(facts: Facts) -> str:
    """How much of its memory the GPU has here."""
    whole = load_profile("a100-llama-3-8b").kv_cache_tokens
    assert round((whole or 0) / (facts.workload.cost.kv_cache_tokens or 1)) == 14
    return "fourteen times as much"


def needs_of_r5(facts: Facts) -> tuple[int, int, int]:
    """Its prompt, the longest answer, and both."""
    prompt, answer = (
        int(column[5]) for column in (facts.requests.input_tokens, facts.requests.max_tokens)
    )
    return prompt, answer, prompt + answer


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
    run = facts.run("vllm")
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


def evicted_after(facts: Facts) -> str:
    run, evicted = evicted_in(facts)
    made = run.at(int(run.stays.end_time[evicted])).tokens_made(np.array([12]))
    return f"After {word(int(made[0]))} tokens R12"


def computed_anew(facts: Facts) -> str:
    """How much is computed again, once R7 is done."""
    run, _ = evicted_in(facts)
    back = int(run.stays.start_time[run.by_request.members(12)[1]])
    assert 0 <= back - int(run.end_time[7]) < SECOND // 50
    return f"{recomputed_tokens(run):,} tokens were"


def halted(facts: Facts) -> str:
    """For how long R12 makes no token, which has ended at the stop."""
    run, evicted = evicted_in(facts)
    gone, back = (
        int(run.stays.end_time[evicted]),
        run.stays.ready_time[run.by_request.members(12)[1]],
    )
    assert back < facts.instant
    return f"for {format_duration(int(back) - gone)}:"


def block_size(facts: Facts) -> int:
    return int(facts.workload.strategy("vllm").value("block_size"))


def beside_the_timeout(facts: Facts) -> str:
    """What dynamic takes with the timeout that it has in the workload."""
    usual = load_workload("notebook").strategy("dynamic").value("timeout")
    told = facts.workload.with_settings({"dynamic.timeout": f"{int(usual) // 10**9}ms"})
    mean = compare(told)["dynamic"].metrics["avg_latency"]
    return f"with {format_duration(int(usual))}, {format_duration(round((mean or 0) * SECOND))}"


def step_at_the_stop(facts: Facts, strategy: str) -> int:
    return facts.run(strategy).at(facts.instant).phase.step_time


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
    names = {"TTFT": "TTFT", "TPOT": "TPOT", "E2EL": "latency"}
    of_rest = predicted("vllm-rtxpro6000-llama-3.1-8b")
    assert max(abs(each.error) for each in of_rest.values()) < 0.0165  # the worst is p50 of E2EL
    rows = []
    for (measure, told), statistic in product(names.items(), ("mean", "p99")):
        each = of_rest[measure, statistic]
        times = " | ".join(format_duration(round(t)) for t in (each.measured, each.simulated))
        rows.append(f"{told}, {statistic} | {times} | {each.error * 100:+.1f} %")
    return rows


def at_worst(_: Facts) -> str:
    """How far the other server's log is off."""
    worst = max(abs(each.error) for each in predicted("vllm-rtx4090-llama-3.1-8b").values())
    return f"{np.ceil(worst * 100):.0f} % at worst"


def kv_blocks(facts: Facts) -> int:
    kv = facts.run("vllm").kv
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


def with_and_without_cache(facts: Facts) -> str:
    """The slide's rows: when the first token comes without and with the cache."""
    without = facts.workload.with_settings({"vllm.enable_prefix_caching": "false"})
    assert facts.workload.strategy("vllm").value("enable_prefix_caching")
    served_by = [compare(each)["vllm"] for each in (without, facts.workload)]
    first_token = [float(each.metrics["mean_ttft"] or 0) for each in served_by]
    rows = [
        f"{format_duration(round(value * SECOND))} | {'█' * round(value / first_token[0] * 25)}"
        for value in first_token
    ]
    table = facts.chapter.table
    assert isinstance(table, tuple)
    assert [" | ".join(row[1:]) for row in table[1:]] == rows
    return rows[0]


def read_once(facts: Facts) -> str:
    """What the shared beginning takes."""
    tokens = np.array([facts.requests.stream_tokens.max()])
    return format_duration(int(facts.workload.cost.prefill_times(tokens)[0]))


def documents(facts: Facts) -> int:
    """How many steps a typical document takes."""
    cost, tokens = facts.workload.cost, np.array([facts.requests.input_tokens.mean()]).astype(int)
    return round(int(cost.prefill_times(tokens)[0]) / cost.step_time(1))


def of_r1(facts: Facts, strategy: str) -> tuple[int, int]:
    """How many tokens R1 has when the chapter begins, and when it stops."""
    begun = facts.run(strategy).at(facts.chapter.at).tokens_made(np.array([1]))
    return int(begun[0]), facts.made(strategy, 1)


def rule_by_rule(facts: Facts) -> str:
    """The slide's rows: the first token and the gaps by engine, and by vLLM's budget of a step."""
    with_budget = [
        compare(facts.workload.with_settings({"vllm.max_num_batched_tokens": str(budget)}))["vllm"]
        for budget in (8192, 2048, 1024, 512)
    ]
    served_by = [facts.results["orca"], facts.results["vllm-v0"], *with_budget]
    found = [
        [float(each.metrics[name] or 0) for name in ("mean_ttft", "p99_itl")] for each in served_by
    ]
    longest = max(gap for _, gap in found)
    rows = [
        f"{format_duration(round(first * SECOND))} | {format_duration(round(gap * SECOND))} | "
        f"{'█' * round(gap / longest * 25)}"
        for first, gap in found
    ]
    table = facts.chapter.table
    assert isinstance(table, tuple)
    assert [" | ".join(row[1:]) for row in table[1:]] == rows
    assert 2 < found[0][0] / found[2][0] < 2.5  # twice as soon
    assert found[3][0] < 1.03 * found[2][0]  # next to nothing
    assert Vllm().max_num_batched_tokens == 2048 == budget(facts)
    return rows[0]


def earlier(facts: Facts, row: int) -> float:
    """By how many seconds continuous answers a request before static."""
    static, continuous = (facts.run(name).end_time[row] for name in ("static", "continuous"))
    return float(static - continuous) / SECOND


def rate_of(name: str, facts: Facts) -> str:
    return value_text(facts.metric(name, "throughput"), "1/s")


def quotient(one: str, other: str, facts: Facts) -> str:
    return f"x {facts.metric(one, 'throughput') / facts.metric(other, 'throughput'):.2f}"


def at_once(facts: Facts, strategy: str) -> int:
    """How many requests are in the slots on average."""
    run = facts.run(strategy)
    return round(float((run.left - run.stays.start_time).sum()) / run.finished)


STUDIED = ("static", "dynamic", "continuous", "orca", "vllm-v0")


def factors(facts: Facts) -> str:
    """The slide's rows: what each makes, drawn in cells, and how many times the one before."""
    made = [facts.metric(name, "throughput") for name in STUDIED]
    assert facts.workload.strategy("static").value("pad_to") == "workload"
    rows = [
        f"{value_text(value, '1/s')} | {'█' * round(value / made[-1] * 25)} | "
        + (f"x {value / before:.2f}" if before else "–")
        for before, value in zip((0, *made), made, strict=False)
    ]
    table = facts.chapter.table
    assert isinstance(table, tuple)
    assert [" | ".join(row[1:]) for row in table[1:]] == rows
    return f"it is {made[-1] / made[0]:.0f} times"


def budget(facts: Facts, name: str = "vllm") -> int:
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


CLAIMS: dict[str, list[Callable[[Facts], str]]] = {
    "In one picture": [
        lambda f: f"{word(f.count)} requests",
        lambda f: f"{word(f.workload.strategy('static').slots)} requests start and end together",
    ],
    "Prefill, decode, slot": [
        lambda f: f"{word(1 / f.chapter.speed)} times slower",
    ],
    "What a step costs": [
        lambda f: f"a step for {step_of_many(f)} takes",
        lambda f: f"makes {step_of_many(f)} tokens.",
        lambda f: f"a step of {step_of_many(f)} takes nine",
        lambda f: f"makes {step_of_many(f)} tokens instead",
        long_texts,
    ],
    "What a prompt costs": [
        toy,
        *(lambda f, row=row: prompts_read(f)[row] for row in range(5)),
        lambda f: (
            prompts_read(f)[-1]
            .replace(" | 524 ms |", " tokens take as long as")
            .partition(" | ")[0]
        ),
        lambda _: f"with {word(Facts('Prefill, decode, slot').run('continuous').slots)} requests",
    ],
    "Static batching": [
        lambda f: f"paid for, {word(f.run('static').spans.billed.max())} times",
        lambda f: f"paid for {word(f.run('static').spans.billed.max())}.",
        lambda f: f"{word(f.count)} new requests",
        lambda f: f"{word(len(f.who('static', *WAITS)))} wait in",
        lambda f: f"{word(f.count)} of them",
        lambda f: {4: "within five seconds"}[int(f.requests.arrival_time.max()) // SECOND],
        lambda f: f"At {f.requests.arrival_time[3] / SECOND:.2f} s the fourth",
        lambda f: f"slot of {word(f.run('static').slots)} works",
        lambda f: f"{word(len(f.who('static', State.HELD)))} are held",
        lambda f: f"{word(len(f.who('static', *WAITS)))} people",
        lambda f: f"{word(len(f.who('static', State.HELD)))} chairs",
        lambda f: f"All {word(f.answered_with('static', 2))} are answered",
    ],
    "The bubble": [
        lambda _: "ten times as long",
        lambda f: f"same {word(f.count)} requests",
        lambda f: f"the {word(f.run('static').slots)} slots",
    ],
    "Dynamic batching": [
        lambda f: f"{word(len(f.who('static', State.FORMING)))} still wait for a fourth",
    ],
    "Guess first": [
        lambda f: f"all {word(f.run('static').slots)} slots",
        lambda _: "half a second, one, two or four",
        lambda f: f"each of the {word(f.run('static').slots)}.",
    ],
    "Continuous batching": [
        lambda f: f"stop at {f.instant / SECOND:.2f} s",
        lambda f: f"right is {earlier(f, 4):.2f} s sooner",
        lambda f: f"{word(len(f.who('static', State.HELD)))} are held",
    ],
    "The price": [
        lambda f: f"the {word(len(f.who('continuous', State.STALLED)))} others",
        lambda f: f"step of four takes {format_duration(f.workload.cost.step_time(4))}",
    ],
    "Slot by slot": [
        lambda f: f"All {word(f.count)}, from",
        handed_on,
    ],
    "The numbers": [
        lambda f: f"The same {word(f.count)}",
        lambda f: f"The {word(f.count)} once more",
    ],
    "Equal lengths": [
        lambda f: f"{word(f.count)} requests at once",
        lambda f: f"{word(f.run('continuous').slots)} come in together".capitalize(),
        lambda f: f"read {word(f.run('static').slots)} prompts together",
    ],
    "Few people": [
        lambda f: f"Static still waits for {word(f.workload.strategy('static').slots)}",
        lambda f: f"One request every {1 / (f.workload.source.rate or 1):.0f} s",
        beside_the_timeout,
        lambda f: f"The {word(f.count)} again",
    ],
    "Much to read": [
        *[lambda f: f"prompts of {round(f.requests.input_tokens.mean(), -2):,.0f} tokens"] * 2,
        lambda f: f"answers of {round(f.requests.output_tokens.mean(), -1):.0f}.",
        lambda f: (
            f"answers of {f.requests.output_tokens.min()} to {f.requests.output_tokens.max()}"
        ),
        lambda f: f"A step takes {round(f.workload.cost.step_time(1) / 1e9)} ms",
        lambda f: f"a document {word(documents(f))} times as long",
    ],
    "The KV cache": [
        lambda f: f"cut to {f.workload.cost.kv_cache_tokens:,} tokens",
        fourteen_times,
        lambda f: f"so that {word(f.run('orca').slots)} slots, which",
        lambda f: f"{word(f.run('orca').slots)} slots, and".capitalize(),
        lambda f: f"longest answer allowed, {f.requests.max_tokens.max():,}.",
        lambda f: "R5 needs {:,} + {:,} = {:,}".format(*needs_of_r5(f)),
        lambda f: f"and {free_memory(f):,} are free",
        lambda f: f"though {word(f.run('orca').slots - f.running('orca'))} slots are free",
        lambda f: f"{word(f.count)} new people",
        lambda _: f"there were {word(Facts('The numbers').run('static').slots)} slots",
        lambda f: (
            f"{word(f.run('orca').slots - f.running('orca'))} of the {word(f.run('orca').slots)}"
        ),
    ],
    "Paging": [
        lambda f: f"{word(f.running('orca'))} run",
        lambda f: f"{word(len(f.who('orca', State.MEMORY)))} wait",
        lambda f: f"memory, {word(f.running('vllm'))} run",
        lambda f: f"a budget of {budget(f):,} vLLM reads",
        lambda f: (
            f"{word(f.running('vllm'))} run instead of {word(f.running('orca'))},"
        ).capitalize(),
        lambda f: f"at {f.made('vllm', 0)} tokens, not at {f.made('orca', 0)}.",
        lambda f: f"blocks of {f.workload.strategy('vllm').value('block_size')}, as",
        lambda f: f"up to {f.requests.max_tokens.max():,} tokens",
        lambda f: f"gets {f.requests.output_tokens.min()} to {f.requests.output_tokens.max()}",
        lambda f: f"all {f.requests.max_tokens.min():,}",
        lambda f: f"block of {f.workload.strategy('vllm').value('block_size')} tokens",
    ],
    "Eviction": [
        lambda f: f"All but one of {kv_blocks(f):,} blocks",
        lambda f: f"{word(before_the_eviction(f))} write",
        lambda f: f"every {block_size(f)} tokens",
        evicted_after,
        computed_anew,
        halted,
        lambda f: f"middle of {word(before_the_eviction(f))} answers",
    ],
    "Chunked prefill": [
        lambda f: f"with {f.requests.input_tokens[8]:,} tokens",
        lambda f: f"of tokens ({budget(f):,}),",
        lambda f: f"one step of {format_duration(step_at_the_stop(f, 'vllm-v0'))}.",
        lambda f: f"{word(len(f.who('vllm-v0', State.STALLED)))} stall:".capitalize(),
        lambda f: "had {} tokens when R8 came, and still has {}.".format(*of_r1(f, "vllm-v0")),
        lambda f: "went from {} to {}.".format(*of_r1(f, "vllm")),
    ],
    "No more white walls": [
        lambda f: f"The same {word(f.count)} from",
    ],
    "Rule by rule": [
        lambda f: f"The same {word(f.count)} people",
        rule_by_rule,
        lambda _: "624 ms | 385 ms",
        lambda _: "budget 8,192: whole | 720 ms | 396 ms",
        lambda _: "budget 2,048 | 730 ms | 139 ms",
        lambda _: "budget 1,024 | 784 ms | 85.1 ms",
        lambda _: "budget 512 | 930 ms | 49.3 ms",
        lambda _: "2,048, the default on",
        lambda _: "a step of 512 tokens",
        lambda f: f"only {word(f.count)} people",
    ],
    "Found again": [
        lambda f: f"{word(f.workload.source.rate or 0)} a second",
        lambda f: f"{word(f.count)} people",
        lambda f: f"same {f.requests.stream_tokens.max():,} tokens",
        with_and_without_cache,
        lambda _: "32.8 ms | ██",
        lambda f: f"Reading {f.requests.stream_tokens.max():,} tokens takes {read_once(f)}.",
    ],
    "Can you believe it?": [
        *(lambda f, row=row: predictions(f)[row] for row in range(6)),
        at_worst,
    ],
    "The famous 23 times": [
        padding,
        factors,
        *(partial(rate_of, name) for name in STUDIED),
        *(partial(quotient, after, before) for before, after in pairwise(STUDIED)),
        lambda f: f"have {word(f.workload.strategy('static').slots)} slots",
        lambda f: f"{at_once(f, 'orca')} slots, not {f.workload.strategy('static').slots}",
        lambda f: f"{at_once(f, 'vllm-v0')} slots, paged",
        lambda f: f"more slots than {word(f.workload.strategy('static').slots)}",
        lambda f: f"each batch of {word(f.workload.strategy('static').slots)} runs",
        lambda _: f"our {word(Facts('The numbers').count)} requests",
        lambda _: f"was {Facts('The numbers').ratio('throughput'):.1f} times",
        lambda _: f"up to 32 tokens the same comparison gives {times_at_most(32)}",
    ],
}

SAID_BY_OTHERS = {
    "Welcome": ["few hundred people"],
    "In one picture": ["Three seconds of silence"],
    "What is measured": ["Five words", "99 of 100", "4 ─"],
    "What a step costs": ["Llama 3 8B on an A100"],
    "What a prompt costs": ["the A100"],
    "Much to read": ["on the A100"],
    "Continuous batching": ["in 2022"],
    "Equal lengths": ["a million short texts"],
    "The KV cache": [
        "130 kB", "The A100 again", "the A100 has", "a hundred slots", "2022, continuous, too",
    ],
    "Found again": ["on the A100"],
    "What do you see?": ["waiting > 0"] * 2 + ["near 1"],
    "Can you believe it?": ["Llama 3.1 8B on an RTX PRO 6000", "log of 300 requests", "RTX 4090"],
    "Paging": ["for sixty years", "paper of 2023", "paging (2023)"],
    "The famous 23 times": [
        "The famous 23 times", "23 times?", "Anyscale in 2023", "June 2023",
        *["23 times the tokens"] * 2, "first three rows", "OPT 13B on an A100",
    ],
    "What to take home": ["Three lines"],
}  # fmt: skip
"""Names, figures of speech, keys, what is published, and what is true of all models of a size."""

NUMBERS = re.compile(
    r"(?<![A-Za-z0-9])[0-9]|\b(?:three|four|five|six|seven|eight|nine|ten|sixteen|twenty|sixty"
    r"|hundred|thousand|[mb]illion)\b",
    re.IGNORECASE,
)


@EACH_CHAPTER
def test_every_number_is_true(chapter: Chapter) -> None:
    table = chapter.table if isinstance(chapter.table, tuple) else ()
    words = (" | ".join(row) for row in table)
    texts = (chapter.title, chapter.slide, *chapter.text, *chapter.then, *chapter.notes, *words)
    told = "\n".join(texts)
    told = re.sub(r"\{[^}]*\}", "", told)
    facts = Facts(chapter.title)
    phrases = [claim(facts) for claim in CLAIMS.get(chapter.title, [])]
    for phrase in (*phrases, *SAID_BY_OTHERS.get(chapter.title, ())):
        found = re.search(rf"(?<!\w){re.escape(phrase)}", told, re.IGNORECASE)
        assert found, phrase
        told = told[: found.start()] + told[found.end() :]
    left = NUMBERS.search(told)
    assert left is None, told[max(0, left.start() - 20) : left.end() + 20]


def test_there_are_twenty_minutes_and_words_to_fill_them() -> None:
    assert all(chapter.minutes for chapter in TOUR.chapters)
    assert TOUR.minutes == 20
    for chapter in TOUR.chapters:
        words = sum(len(note.split()) for note in chapter.notes)
        assert chapter.minutes is not None
        assert 95 <= words / chapter.minutes <= 150, (chapter.title, words)


def test_what_is_said_of_the_bubble_is_so() -> None:
    bubble = Facts("The bubble")
    assert bubble.metric("static", "mean_held") > bubble.metric("static", "mean_stalled")
    assert bubble.metric("static", "occupied") > 0.85  # nearly full
    assert 0.65 < bubble.metric("static", "useful") < 0.68  # two thirds


def test_what_is_said_of_who_is_where_is_so() -> None:
    static = Facts("Static batching")
    assert static.who("static", State.HELD) == ["R0", "R1", "R2"]
    assert not static.who("static", State.DONE)
    dynamic = Facts("Dynamic batching")
    assert dynamic.who("dynamic", State.DECODE) == ["R0", "R1"]
    assert dynamic.who("dynamic", *WAITS)[0] == "R2"
    assert dynamic.requests.arrival_time[2] > dynamic.run("dynamic").start_time[0]
    nearly = [dynamic.made("dynamic", row) / dynamic.requests.output_tokens[row] for row in (0, 1)]
    assert min(nearly) > 0.5
    assert breakdown(dynamic.run("dynamic"), np.array([0])).held[0] > 0
    guess = Facts("Guess first")
    assert guess.who("static", State.PREFILL, State.STALLED) == ["R0", "R1", "R2", "R3"]
    assert guess.who("continuous", State.DONE) == ["R0", "R2"]
    assert "R4" in guess.who("static", *WAITS)
    assert guess.running("continuous") < guess.run("continuous").slots
    alone = guess.workload.cost.step_time(1) * guess.requests.output_tokens[4] / SECOND
    assert 0.8 < alone < 1.2  # about a second
    answer = Facts("Continuous batching")
    assert "R4" in answer.who("continuous", State.DONE)
    assert "R4" in answer.who("static", *WAITS)
    assert earlier(answer, 4) > 2
    short = Facts("Short, and yet slow")
    assert short.run("static").end_time[2] == short.run("static").finish_time[3]  # until R3 is done
    assert short.metric("static", "mean_held") > 0
    parts = breakdown(short.run("static"), np.array([2]))
    latency = short.run("static").end_time[2] - short.requests.arrival_time[2]
    assert 0.45 < parts.held[0] / latency < 0.5  # nearly half
    price = Facts("The price")
    assert price.who("continuous", State.STALLED) == ["R3", "R4", "R5"]
    assert price.who("continuous", State.PREFILL) == ["R6"]
    ends = dynamic.run("dynamic").end_time
    assert ends[0] == ends[1] <= dynamic.run("dynamic").start_time[2]
    assert Facts("The KV cache").who("orca", State.MEMORY)[0] == "R5"
    paging = Facts("Paging")
    assert not paging.who("vllm", *WAITS)
    assert 0.29 < reserved_and_empty(paging) < 1 / 3  # nearly a third
    runs = [paging.run(name) for name in ("orca", "vllm")]
    before = [run.at(paging.chapter.at).tokens_made(np.arange(5)) for run in runs]
    assert abs(before[0] - before[1]).max() <= 2  # nearly the same up to there
    chunked = Facts("Chunked prefill")
    assert chunked.who("vllm-v0", State.PREFILL) == chunked.who("vllm", State.PREFILL) == ["R8"]
    assert chunked.who("vllm", State.STALLED) == []
    first = [chunked.run(name).first_token_time[8] / SECOND for name in ("vllm-v0", "vllm")]
    assert 0 < first[1] - first[0] < 0.1  # a little more slowly


def test_other_twenty_people_nearly_always_have_the_same_order() -> None:
    """With the seed changed, as `s` does: paging is sooner, and chunks have the shorter gaps."""
    as_here = []
    for seed in range(1, 41):
        workload = load_workload("rule-by-rule").with_settings({"workload.seed": str(seed)})
        told = [each.metrics for each in compare(workload)]
        first, gaps = ([each[name] or 0 for each in told] for name in ("mean_ttft", "p99_itl"))
        as_here.append(first[0] > max(first[1:]) and gaps[2] < gaps[1])
    assert sum(as_here) >= 0.9 * len(as_here)


def test_what_is_said_against_continuous_is_so() -> None:
    equal, few, rag = map(Facts, ("Equal lengths", "Few people", "Much to read"))
    assert equal.run("static").end_time.tolist() == equal.run("continuous").end_time.tolist()
    assert equal.run("dynamic").end_time.tolist() == equal.run("continuous").end_time.tolist()
    rates = {few.metric(name, "throughput") for name in ("static", "dynamic", "continuous")}
    assert max(rates) < 1.01 * min(rates)
    assert few.metric("dynamic", "avg_latency") < 1.05 * few.metric("continuous", "avg_latency")
    for other in ("static", "dynamic"):
        assert rag.metric("continuous", "avg_latency") < 0.6 * rag.metric(other, "avg_latency")
        assert rag.metric("continuous", "p99_itl") > 10 * rag.metric(other, "p99_itl")


def test_the_work_of_r2_is_the_same_in_all_lanes() -> None:
    decodes = [breakdown(each.run, np.array([2])).decode for each in served("Short, and yet slow")]
    assert len({int(decode[0]) for decode in decodes}) == 1
