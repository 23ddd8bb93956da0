"""Every number that the bundled tour tells is computed, and none is left that is not.

Most stand in braces and are computed by the deck itself; those that do not are computed here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial
from itertools import pairwise

import numpy as np
from tour import EACH_CHAPTER, TOUR

from tui_batching.analysis.breakdown import breakdown
from tui_batching.analysis.comparison import Comparison, compare
from tui_batching.analysis.metrics import value_text
from tui_batching.clock import HORIZON, SECOND, format_duration
from tui_batching.sim.life import WAITS, State, states_at
from tui_batching.sim.run import Run
from tui_batching.sim.stays import Ended
from tui_batching.strategies import Vllm
from tui_batching.strategies.parameters import TOKEN_BUDGET
from tui_batching.tour import Chapter
from tui_batching.tour.deck import step_times
from tui_batching.workload import choose_strategies, load_workload
from tui_batching.workload.profiles import load_profile

WORDS = dict(
    zip(
        ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
        range(2, 11),
        strict=True,
    )
)
WORDS |= {
    "eleven": 11,
    "thirteen": 13,
    "fourteen": 14,
    "fifteen": 15,
    "sixteen": 16,
    "seventeen": 17,
    "twenty": 20,
    "twenty-four": 24,
}
WORDS |= {"eighty": 80, "a thousand": 1000}


def word(number: float) -> str:
    """A count as it is written in a sentence."""
    (found,) = (word for word, value in WORDS.items() if value == number)
    return found


@cache
def chapter_called(title: str) -> Chapter:
    (found,) = (each for each in TOUR.chapters if each.title == title)
    return found


@cache
def served(title: str) -> Comparison:
    return compare(chapter_called(title).served)


class Facts:
    """What a chapter's Runs say, at the instant at which it stands still."""

    def __init__(self, title: str) -> None:
        self.chapter = chapter = chapter_called(title)
        self.results = served(title)
        self.workload = self.results.workload
        self.requests = self.workload.requests
        self.instant = chapter.at if chapter.until is None else chapter.until

    def run(self, strategy: str) -> Run:
        return self.results[strategy].run

    def metric(self, strategy: str, name: str) -> float:
        value = self.results[strategy].metrics[name]
        assert value is not None
        return float(value)

    def ratio(self, name: str) -> float:
        return self.metric("continuous", name) / self.metric("static", name)

    def who(self, strategy: str, *states: State) -> list[str]:
        """The requests that do one of these things at the instant."""
        run = self.run(strategy)
        found = states_at(run, np.arange(len(run)), np.array([min(self.instant, HORIZON)]))[:, 0]
        return [f"R{self.requests.id[row]}" for row in np.flatnonzero(np.isin(found, states))]

    def running(self, strategy: str) -> int:
        return len(self.who(strategy, State.PREFILL, State.STALLED, State.DECODE))

    def made(self, strategy: str, row: int) -> int:
        """How many tokens a request has made at the instant."""
        return int(self.run(strategy).at(self.instant).tokens_made(np.array([row]))[0])

    def answered_with(self, strategy: str, row: int) -> int:
        """How many requests are answered at the same instant as this one."""
        end = self.run(strategy).end_time
        return int((end == end[row]).sum())

    @property
    def count(self) -> int:
        return len(self.requests)


def one_and_many(facts: Facts) -> str:
    """What a step takes on the real GPU, by itself and with many others."""
    one, *_, many = step_times(facts.workload)
    told = [format_duration(each.step_time) for each in (one, many)]
    assert round(many.step_time / one.step_time, 2) == 1.09  # nine percent longer
    return f"{told[0]} for one, {told[1]} for {many.batch_size}."


def prompts_read(facts: Facts) -> str:
    """What prompts take on the real GPU."""
    times = facts.workload.cost.prefill_times(np.array([1000, 8000]))
    assert 45 < times[1] / step_times(facts.workload)[0].step_time < 55  # fifty steps
    told = [format_duration(int(time)) for time in times]
    return f"{told[0]} for 1,000, {told[1]} for 8,000."


def long_texts(facts: Facts) -> str:
    time = facts.workload.cost.step_time(32, 32 * 4000)
    return f"32 of 4,000 each, {format_duration(time)}."


def toy(_: Facts) -> str:
    """The prices of the toy."""
    cost = chapter_called("Prefill, decode, slot").served.cost
    one, two = cost.step_time(1), cost.step_time(2)
    (token,) = np.diff(cost.prefill_times(np.array([1, 2])))
    each = [int(time) * 1000 // SECOND for time in (one, two - one, token)]
    return f"{each[0]} ms a step, {each[1]} ms more for each further request, {each[2]} ms a prompt"


def thirteen_times(facts: Facts) -> str:
    """How much of its memory the GPU has here."""
    whole = load_profile("a100-llama-3-8b").kv_cache_tokens
    assert round((whole or 0) / (facts.workload.cost.kv_cache_tokens or 1)) == 13
    return "thirteen times as much"


def free_memory(facts: Facts) -> int:
    run = facts.run("orca")
    assert run.kv is not None
    return run.kv.blocks - run.at(facts.instant).blocks


def reserved_and_empty(facts: Facts) -> float:
    """The share of Orca's memory that is reserved at the instant, but holds nothing yet."""
    moment = facts.run("orca").at(facts.instant)
    assert moment.run.kv is not None
    return 1 - moment.tokens_held / moment.run.kv.blocks - free_memory(facts) / moment.run.kv.blocks


def others_before_the_eviction(facts: Facts) -> int:
    """How many write while memory is full: R11, who was admitted last, is evicted next."""
    run, chapter = facts.run("vllm"), facts.chapter
    (evicted,) = np.flatnonzero(run.stays.ended == Ended.EVICTED)
    assert chapter.at < run.stays.end_time[evicted] < facts.instant
    before, row = run.at(chapter.at), run.stays.request[evicted]
    assert facts.requests.id[row] == 11
    assert evicted == before.stays.max()  # they are in order of admission
    assert before.blocks == kv_blocks(facts)
    assert before.tokens_made(np.array([row])) == 0
    assert run.at(facts.instant).tokens_made(np.array([row])) == 1  # just after its first token
    return len(before.decoding)


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
        one_and_many,
        long_texts,
        prompts_read,
        toy,
        lambda f: f"a step of {step_times(f.workload)[-1].batch_size} takes nine",
        lambda f: f"makes {step_times(f.workload)[-1].batch_size} tokens instead",
        lambda _: "8,000 tokens take as long as fifty steps",
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
        lambda f: f"The {word(f.count)} again",
    ],
    "Much to read": [
        lambda f: f"({f.workload.cost.prefill_per_token / 1e9:g} ms a prompt token)",
        lambda f: f"Prompts of {round(f.requests.input_tokens.mean(), -2):,.0f} tokens on average",
        lambda f: (
            f"answers of {f.requests.output_tokens.min()} to {f.requests.output_tokens.max()}"
        ),
    ],
    "The KV cache": [
        lambda f: f"cut to {f.workload.cost.kv_cache_tokens:,} tokens",
        thirteen_times,
        lambda f: f"so that {word(f.run('orca').slots)} slots, which",
        lambda f: f"{word(f.run('orca').slots)} slots, and".capitalize(),
        lambda f: f"longest answer allowed, {f.requests.max_tokens.max():,}.",
        lambda f: f"R5 needs {f.requests.input_tokens[5] + f.requests.max_tokens[5]:,}",
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
        lambda f: f"last of {kv_blocks(f):,} blocks",
        lambda f: f"{word(others_before_the_eviction(f))} others grow",
        lambda f: f"middle of {word(others_before_the_eviction(f))} answers",
        lambda f: f"all {word(f.count)} take",
        lambda _: f"it was {total_time('Paging', 'orca')}",
    ],
    "Chunked prefill": [
        lambda f: f"with {f.requests.input_tokens[8]:,} tokens",
        lambda f: f"of tokens ({budget(f):,}),",
        lambda f: f"{word(len(f.who('vllm-v0', State.STALLED)))} stall.".capitalize(),
        lambda f: "had {} tokens when R8 came, and still has {}.".format(*of_r1(f, "vllm-v0")),
        lambda f: "went from {} to {}.".format(*of_r1(f, "vllm")),
    ],
    "No more white walls": [
        lambda f: f"The same {word(f.count)} from",
    ],
    "Rule by rule": [
        lambda f: f"The same {word(f.count)} people",
        rule_by_rule,
        lambda _: "624 ms | 404 ms",
        lambda _: "vLLM with 8,192",
        lambda _: "budget 8,192: whole | 601 ms | 403 ms",
        lambda _: "budget 2,048 | 617 ms | 139 ms",
        lambda _: "budget 1,024 | 719 ms | 85.1 ms",
        lambda _: "budget 512 | 836 ms | 49.3 ms",
        lambda _: "the default, 2,048,",
        lambda _: "a step of 512 tokens",
        lambda f: f"only {word(f.count)} people",
    ],
    "Found again": [
        lambda f: f"{word(f.workload.source.rate or 0)} a second",
        lambda f: f"{word(f.count)} people",
        lambda f: f"same {f.requests.stream_tokens.max():,} tokens",
        with_and_without_cache,
        lambda _: "32.8 ms | ██",
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
        lambda f: f"batch of {word(f.workload.strategy('static').slots)} to",
        lambda _: f"our {word(Facts('The numbers').count)} requests",
        lambda _: f"was {Facts('The numbers').ratio('throughput'):.1f} times",
        lambda _: f"up to 32 tokens the same comparison gives {times_at_most(32)}",
    ],
}

SAID_BY_OTHERS = {
    "Welcome": ["few hundred people"],
    "In one picture": ["Three seconds of silence"],
    "What is measured": ["Five words", "99 of 100", "99th"],
    "What a step costs": ["Llama 3 8B on an A100"],
    "Continuous batching": ["in 2022"],
    "Equal lengths": ["a million short texts"],
    "The KV cache": [
        "130 kB", "Now the A100", "this A100", "a hundred slots", "2022, continuous, too",
    ],
    "Found again": ["on the A100"],
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
    others = compare(rag.workload.served_by("static", "dynamic"))
    for other in others:
        latency, pace = other.metrics["avg_latency"], other.metrics["mean_tpot"]
        assert latency is not None
        assert pace is not None
        assert rag.metric("continuous", "avg_latency") < latency
        assert 1.9 * pace < rag.metric("continuous", "mean_tpot") < 2.1 * pace  # twice as long
    typical = rag.workload.cost.prefill_per_token * rag.requests.input_tokens.mean()
    assert 0.4 < typical / SECOND < 0.5  # half a second


def test_the_work_of_r2_is_the_same_in_all_lanes() -> None:
    decodes = [breakdown(each.run, np.array([2])).decode for each in served("Short, and yet slow")]
    assert len({int(decode[0]) for decode in decodes}) == 1
