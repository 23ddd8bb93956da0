"""Every number that the bundled tour tells is computed, and none is left that is not.

Most stand in braces and are computed by the deck itself; those that do not are computed here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from tour import EACH_CHAPTER, TOUR
from tour_facts import (
    Facts,
    before_and_after,
    chapter_called,
    drawn_answer,
    few_people,
    gap_and_step,
    served,
    word,
)
from tour_figures import (
    BUDGETS,
    STUDIED,
    a_fourteenth,
    any_prompt_fits,
    asking_once_a_minute,
    at_most,
    at_once,
    at_worst,
    before_the_eviction,
    block_size,
    budget,
    budget_of,
    dynamic_alone,
    each_rule,
    earlier,
    equal,
    factors,
    few,
    fewer_wait,
    found_by_r4,
    fourteen_times,
    free_memory,
    gained,
    halted,
    handed_on,
    how_many_fit,
    how_many_were_checked,
    kept_up_to,
    long_texts,
    longest_document,
    longest_gaps,
    longest_stall,
    longest_step,
    mean_context,
    needs_of_r5,
    of_r5,
    padding,
    predictions,
    prompts_read,
    published,
    quotient,
    rarer_than_p99_tells,
    rate_of,
    read_once,
    reserved_and_empty,
    room_for_all,
    served_a_second,
    step_at_the_stop,
    step_of_all,
    step_of_many,
    ten_to_one,
    times_at_most,
    times_naive,
    toy,
    waits_for_both,
    ways_to_read,
    whole_memory,
    whose_prompts,
    with_load,
    within,
    without_cache,
)

from tui_batching.analysis.breakdown import breakdown
from tui_batching.analysis.comparison import compare
from tui_batching.clock import MILLISECOND, SECOND, format_duration
from tui_batching.sim.life import WAITS, State, states_at
from tui_batching.strategies import Vllm
from tui_batching.tour import Chapter
from tui_batching.tour.deck import brings_another_workload
from tui_batching.workload import load_workload

CLAIMS: dict[str, list[Callable[[Facts], str]]] = {
    "In one picture": [
        lambda f: f"{word(f.count)} requests",
        lambda f: f"{word(f.workload.strategy('static').slots)} requests start and end together",
    ],
    "Prefill reads, decode writes": [
        lambda f: f"{word(1 / f.chapter.speed)} times slower",
    ],
    "What a step costs": [
        lambda f: f"a step for {step_of_many(f)} takes",
        lambda f: f"makes {step_of_many(f)} tokens.",
        lambda f: f"texts of {mean_context(f):,} tokens on average",
        long_texts,
    ],
    "What a prompt costs": [
        *(lambda f, row=row: prompts_read(f)[row] for row in range(5)),
        lambda f: f"8,000 tokens take as long as {prompts_read(f)[-1].split(' | ')[2]}",
        lambda _: (
            f"with {word(Facts('Prefill reads, decode writes').run('continuous').slots)} requests"
        ),
    ],
    "Static: all leave together": [
        toy,
        lambda f: f"paid for as one of {word(f.run('static').spans.billed.max())}",
        lambda f: f"pays for {word(f.run('static').spans.billed.max())}.",
        lambda f: f"{word(f.count)} new requests",
        lambda f: f"{word(len(f.who('static', *WAITS)))} wait in",
        lambda f: f"{word(f.count)} of them",
        lambda f: {4: "within five seconds"}[int(f.requests.arrival_time.max()) // SECOND],
        lambda f: f"At {f.requests.arrival_time[3] / SECOND:.2f} s the fourth",
        lambda f: f"slot of {word(f.run('static').slots)} works",
        lambda f: f"{word(len(f.who('static', State.HELD)))} are held",
        lambda f: f"{word(len(f.who('static', *WAITS)))} people",
        lambda f: f"All {word(f.answered_with('static', 2))} are answered",
    ],
    "The bubble: busy with nothing": [
        lambda _: "ten times as long",
        lambda f: f"same {word(f.count)} requests",
        lambda f: f"the {word(f.run('static').slots)} slots",
    ],
    "What is measured": [
        lambda f: drawn_answer(f)[0],
        lambda f: drawn_answer(f)[1],
        lambda f: drawn_answer(f)[2],
        lambda f: drawn_answer(f)[3],
    ],
    "Dynamic: a timer, too": [
        lambda f: f"At {f.chapter.at / SECOND:.2f} s R0 is here",
        lambda _: "the fourth has just come",
        lambda f: f"static | {f.cells('static', 'avg_latency')}",
        lambda f: f"dynamic | {f.cells('dynamic', 'avg_latency')}",
    ],
    "Continuous: who is done leaves": [
        lambda f: f"all {word(f.run('static').slots)} slots",
        lambda _: "half a second, one, two or four",
        lambda f: f"At {f.chapter.at / SECOND:.3f} s R4 arrives",
        lambda f: {2: "two seconds sooner was the best guess"}[round(earlier(f, 4))],
    ],
    "The price: newcomers stop all": [
        lambda f: f"the {word(len(f.who('continuous', State.STALLED)))} others",
        lambda f: f"(ITL) | {f.cells('continuous', 'p99_itl')}",
        lambda f: f"step of four | {format_duration(f.workload.cost.step_time(4))}",
        lambda f: f"stalled slot-time | {f.cells('continuous', 'stalled')}",
    ],
    "Slot by slot: no more red": [
        lambda f: f"All {word(f.count)}, start",
        handed_on,
        dynamic_alone,
    ],
    "The numbers": [
        lambda f: f"The same {word(f.count)}",
        lambda f: f"The {word(f.count)} once more",
    ],
    "How many fit?": [
        *(lambda f, row=row: how_many_fit(f)[row] for row in range(4)),
        lambda _: f"and {Vllm().max_num_seqs} slots, as vLLM",
        lambda _: "a step took 11 ms",
        lambda _: "with full memory 50,",
    ],
    "Equal lengths: no time won": [
        equal,
        lambda _: f"static | {few_people('static')}",
        lambda _: f"timer 0 | {few_people('dynamic')}",
        lambda _: f"continuous | {few_people('continuous')}",
        lambda f: f"{word(f.run('continuous').slots)} come in together",
    ],
    "Few people: no batch needed": [few, lambda f: f"for {word(f.run('static').slots)}"],
    "Long prompts: white walls": [
        lambda f: f"and {word(f.run('continuous').slots)} slots",
        lambda f: f"{word(f.count)} new people",
        lambda f: (
            f"documents, of {f.requests.input_tokens.min():,} to {f.requests.input_tokens.max():,}"
        ),
        lambda f: f"static | {f.cells('static', 'avg_latency')} | none",
        lambda f: f"continuous | {f.cells('continuous', 'avg_latency', 'p99_itl')}",
        lambda f: f"a step takes about {step_of_all(f)} ms",
        lambda f: f"document takes up to {longest_document(f)} times as long",
    ],
    "The KV cache fills before the slots": [
        fourteen_times,
        a_fourteenth,
        whole_memory,
        lambda f: f"{f.workload.cost.kv_cache_tokens:,} tokens, for",
        lambda f: f"about {word(f.run('orca').slots)} of the {word(f.count)}",
        lambda f: "its prompt | {:,}".format(*needs_of_r5(f)),
        lambda f: f"answer allowed | {needs_of_r5(f)[1]:,}",
        lambda f: f"together | {sum(needs_of_r5(f)):,}",
        lambda f: f"Only {free_memory(f):,} tokens are free",
        lambda f: f"though {word(f.run('orca').slots - f.running('orca'))} slots are free",
        lambda f: (
            f"{word(f.run('orca').slots - f.running('orca'))} of the {word(f.run('orca').slots)}"
        ),
    ],
    "Paging: memory as needed": [
        any_prompt_fits,
        lambda f: f"a budget of {budget(f):,}.",
        lambda f: f"{word(f.running('orca'))} run",
        lambda f: f"{word(len(f.who('orca', State.MEMORY)))} wait",
        lambda f: f"all {word(f.running(f.vllm))} slots are taken",
        lambda f: f"Orca | reserved | {f.cells('orca', 'mean_ttft')}",
        lambda f: f"vLLM@8192 | paged | {f.cells('vllm@8192', 'mean_ttft')}",
        lambda f: f"{word(f.running(f.vllm))} run instead of {word(f.running('orca'))},",
        lambda f: f"at {f.made(f.vllm, 0)} tokens, not {f.made('orca', 0)}.",
        lambda f: f"up to {f.requests.max_tokens.max():,} tokens",
        lambda f: f"gets {f.requests.output_tokens.min()} to {f.requests.output_tokens.max()}",
        lambda f: f"all {f.requests.max_tokens.min():,}",
        lambda f: f"a block of {block_size(f)} tokens for itself",
        lambda f: f"block of {block_size(f)} tokens",
        lambda f: f"this one takes {format_duration(step_at_the_stop(f, f.vllm))}, for one",
    ],
    "Reserved or paged: the whole run": [lambda f: f"The {word(f.count)}, start", fewer_wait],
    "Eviction: the price of paging": [
        lambda f: (
            f"at {f.chapter.at / SECOND:.2f} s one block is left, "
            f"{word(before_the_eviction(f))} write"
        ),
        halted,
        lambda f: f"middle of {word(before_the_eviction(f))} answers",
    ],
    "Three ways to read a prompt": [
        *[ways_to_read] * 2,
        lambda f: f"read in {ways_to_read(f)}",
        lambda f: f"There are {ways_to_read(f)}",
    ],
    "Chunked prefill: nobody stops": [
        lambda f: f"with {f.requests.input_tokens[8]:,} tokens.",
        lambda f: f"a budget of {budget(f)} tokens a step",
        lambda _: f"(By default it is {Vllm().max_num_batched_tokens:,}",
        lambda f: f"one step of {format_duration(step_at_the_stop(f, 'continuous'))}.",
        longest_step,
        lambda f: f"continuous | {f.cells('continuous', 'p99_itl', 'mean_ttft')}",
        lambda f: f"vLLM@512 | {f.cells('vllm@512', 'p99_itl', 'mean_ttft')}",
        lambda f: "had {} tokens before it, and still has {}.".format(*of_r5(f, "continuous")),
        gained,
    ],
    "No more white walls": [
        lambda f: f"The {word(f.count)}, start",
        longest_stall,
        lambda f: f"a token comes every {at_most('vllm@512', f)} at worst",
    ],
    "What each rule buys": [
        lambda f: f"The same {word(f.count)}.",
        lambda f: f"({budget_of(f, 'vllm@2048'):,} is the default.)",
        each_rule,
        *(
            lambda f, lane=lane: f"vLLM@{lane} | paged | ≤ {budget_of(f, f'vllm@{lane}'):,}"
            for lane in (2048, 512)
        ),
        room_for_all,
        rarer_than_p99_tells,
    ],
    "How many people?": [
        lambda f: f"{f.run('vllm').slots} slots",
        lambda f: f"{word(f.count)} such people",
        lambda f: f"a budget of {budget(f):,}.",
        served_a_second,
        asking_once_a_minute,
        kept_up_to,
        lambda f: f"the last of the {word(f.count)} has come",
    ],
    "And for real?": [
        *(lambda f, row=row: published(f)[row] for row in range(4)),
        lambda f: f"to within {word(within(f))} percent",
    ],
    "A complaint": [
        any_prompt_fits,
        lambda f: f"a budget of {budget(f):,}:",
        lambda f: f"The same {word(f.count)} and as little memory",
        whose_prompts,
    ],
    "The knob turned": [
        longest_gaps,
        lambda f: f"{f.made('vllm@512', 5)} by now, not {f.made('vllm@8192', 5)}.",
        lambda _: f"budget of {BUDGETS[2]}:",
        ten_to_one,
    ],
    "What to turn": [
        lambda _: f"max_num_seqs, the slots, {Vllm().max_num_seqs};",
        lambda _: f"max_num_batched_tokens, the budget, {Vllm().max_num_batched_tokens:,}.",
    ],
    "Read once": [
        lambda f: f"{word(f.count)} people",
        lambda f: f"here with {f.requests.stream_tokens.max():,} tokens",
        lambda f: "{:,} of its tokens are cached (≡), and {} are read".format(*found_by_r4(f)),
        lambda f: f"{word(f.running(f.vllm))} such prompts",
        lambda f: f"and {f.run(f.vllm).at(f.instant).tokens_held:,} tokens used",
        lambda f: f"takes {without_cache(f)} on average",
        lambda f: f"the shared part takes {read_once(f)}",
    ],
    "Is it true?": [
        how_many_were_checked,
        *(lambda f, row=row: predictions(f)[row] for row in range(4)),
        at_worst,
        lambda f: f"more than {word(within(f))} percent",
    ],
    "What to take home": [
        lambda _: "mean latency " + before_and_after("Slot by slot: no more red", "avg_latency"),
        lambda _: "p99 gap {} (a step {}".format(*gap_and_step("The price: newcomers stop all")),
        lambda _: "p99 gap " + before_and_after("Chunked prefill: nobody stops", "p99_itl"),
        lambda _: "mean TTFT " + before_and_after("Chunked prefill: nobody stops", "mean_ttft"),
        lambda _: "mean TTFT " + before_and_after("Paging: memory as needed", "mean_ttft"),
        lambda _: "p99 gap " + before_and_after("Paging: memory as needed", "p99_itl"),
    ],
    "The famous 23 times": [
        padding,
        factors,
        *(partial(rate_of, name) for name in STUDIED),
        *(partial(quotient, after, before) for before, after in pairwise(STUDIED)),
        *(partial(times_naive, name) for name in STUDIED[1:]),
        lambda f: f"Orca, continuous: {at_once(f, 'orca')} run",
        lambda f: f"continuous, {f.workload.strategy('continuous').slots} run",
        lambda f: f"more run than {word(f.workload.strategy('static').slots)}",
        lambda _: f"our {word(Facts('The numbers').count)} requests",
        lambda _: f"made {Facts('The numbers').ratio('throughput'):.1f} times",
        lambda _: f"up to 32 tokens the same comparison gives {times_at_most(32)}",
    ],
}

SAID_BY_OTHERS = {
    "Welcome": ["few hundred people"],
    "In one picture": ["Three seconds of silence"],
    "What is measured": ["99 of 100", "4 ─", "five tokens"],
    "What a step costs": ["Llama 3 8B on an A100"],
    "What a prompt costs": ["On an A100"],
    "Long prompts: white walls": ["an A100"],
    "How many people?": ["the whole A100"],
    "Continuous: who is done leaves": ["in 2022"],
    "Equal lengths": ["a million short texts"],
    "The KV cache fills before the slots": [
        "130 kB each", "a hundred such people", "of 2022", "An A100",
    ],
    "And for real?": [
        "Yi 34B on two A100s", "OSDI 2024, table 4", "128 requests", "budget 1,024",
        "43 % in chats, by 3 % with",
    ],
    "Who does what": ["Orca, 2022", "vLLM-V0, 2023"],
    "What to turn": ["p99", "p50", "near 1", "on an A100"],
    "Is it true?": [
        "vLLM 0.19", "Llama 3.1 8B, an RTX PRO 6000", "log of 300 requests",
    ],
    "Paging: memory as needed": ["for sixty years", "paper of 2023"],
    "The famous 23 times": [
        "The famous 23 times", "23 times?", "in 2023: vLLM", "vLLM of 2023", "June 2023",
        *["23 times the tokens"] * 2, "OPT 13B on an A100",
    ],
    "What to take home": ["Three lines"],
}  # fmt: skip
"""Names, figures of speech, keys, what is published, and what is true of all models of a size."""

NUMBERS = re.compile(
    r"(?<![A-Za-z0-9@])[0-9]|\b(?:three|four|five|six|seven|eight|nine|ten|sixteen|twenty|sixty"
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
    assert all(chapter.minutes for chapter in TOUR.talk)
    assert TOUR.minutes == 20
    for chapter in TOUR.talk:
        words = sum(len(note.split()) for note in chapter.spoken)
        assert chapter.minutes is not None
        # What is not spoken is for the room to look, and to guess.
        assert 50 <= words / chapter.minutes <= 150, (chapter.title, words)


def test_what_is_said_of_the_bubble_is_so() -> None:
    bubble = Facts("The bubble: busy with nothing")
    assert bubble.metric("static", "mean_held") > bubble.metric("static", "mean_stalled")
    assert bubble.metric("static", "occupied") > 0.85  # nearly full
    assert 0.65 < bubble.metric("static", "useful") < 0.68  # two thirds


def test_what_is_said_of_who_is_where_is_so() -> None:
    static = Facts("Static: all leave together")
    assert static.who("static", State.HELD) == ["R0", "R1", "R2"]
    assert not static.who("static", State.DONE)
    waits_for_both(Facts("Dynamic: a timer, too"))
    guess = Facts("Continuous: who is done leaves", begun=True)
    assert guess.who("static", State.PREFILL, State.STALLED) == ["R0", "R1", "R2", "R3"]
    assert guess.who("continuous", State.DONE) == ["R0", "R2"]
    right = guess.run("continuous")
    begun = right.at(guess.instant)
    assert right.start_time[3] == begun.next_boundary  # after this step
    assert right.start_time[4] == right.first_token_time[3]  # and then
    assert "R4" in guess.who("static", *WAITS)
    assert guess.running("continuous") < guess.run("continuous").slots
    alone = guess.workload.cost.step_time(1) * guess.requests.output_tokens[4] / SECOND
    assert 0.8 < alone < 1.2  # about a second
    answer = Facts("Continuous: who is done leaves")
    assert "R4" in answer.who("continuous", State.DONE)
    assert answer.who("static", State.HELD) == ["R4", "R5", "R6"]
    assert answer.run("static").end_time[4] - answer.instant < 2 * MILLISECOND  # it leaves now
    late = breakdown(answer.run("static"), np.array([4]))
    assert late.slots[0] > late.held[0] > late.prefill[0]  # for the batch before, then its own
    assert (late.slots + late.held)[0] > 0.9 * earlier(answer, 4) * SECOND
    short = Facts("Short, yet slow: strangers")
    assert short.run("static").end_time[2] == short.run("static").finish_time[3]  # until R3 is done
    assert short.metric("static", "mean_held") > 0
    parts = breakdown(short.run("static"), np.array([2]))
    latency = short.run("static").end_time[2] - short.requests.arrival_time[2]
    assert 0.45 < parts.held[0] / latency < 0.5  # nearly half
    price = Facts("The price: newcomers stop all")
    assert price.who("continuous", State.STALLED) == ["R3", "R4", "R5"]
    assert price.who("continuous", State.PREFILL) == ["R6"]
    assert Facts("The KV cache fills before the slots").who("orca", State.MEMORY)[0] == "R5"
    paging = Facts("Paging: memory as needed")
    assert not paging.who(paging.vllm, *WAITS)
    assert paging.who(paging.vllm, State.PREFILL) == ["R7"]
    assert 0.29 < reserved_and_empty(paging) < 1 / 3  # nearly a third
    runs = [paging.run(name) for name in ("orca", paging.vllm)]
    before = [run.at(paging.chapter.at).tokens_made(np.arange(5)) for run in runs]
    assert abs(before[0] - before[1]).max() <= 2  # nearly the same up to there
    chunked = Facts("Chunked prefill: nobody stops")
    for name in ("continuous", chunked.vllm):
        assert chunked.who(name, State.PREFILL) == ["R8"]
    assert chunked.who(chunked.vllm, State.STALLED) == []


def test_whole_answers_take_as_long_as_is_said() -> None:
    pieces = Facts("No more white walls")
    longer = pieces.metric("vllm@512", "avg_latency") / pieces.metric("continuous", "avg_latency")
    assert 1 < longer < 1.03  # hardly longer
    rules = Facts("What each rule buys")
    names = ("orca", "vllm@8192", "vllm@2048", "vllm@512")
    each = [rules.metric(name, "avg_latency") for name in names]
    assert max(each) / min(each) < 1.06  # about as long with each


def test_prompts_are_read_as_the_servers_are_said_to() -> None:
    """Alone, or beside the others: whole, or in pieces."""
    table = chapter_called("Who does what").table
    said = {row[0].split(",")[0]: row[2] for row in table[1:]}
    longest = {}
    for name, each in zip(said, Facts("Who does what").results, strict=True):
        run = each.run
        assert name.lower() == each.strategy.name
        steps = np.arange(0, int(run.end_time.max()), SECOND // 1000)
        states = states_at(run, np.arange(len(run)), steps)
        stall = (states == State.STALLED).any()
        assert stall == said[name].startswith("alone: all others stall"), name
        reading = (states == State.PREFILL).any(axis=0)
        assert stall != (states[:, reading] == State.DECODE).any(), name
        longest[name] = run.spans.step_time.max()
    assert said["Orca"] == said["vLLM@8192"] == "whole: one long step for all"
    assert said["vLLM"] == "in pieces: short steps"
    assert min(longest["Orca"], longest["vLLM@8192"]) > 1.5 * longest["vLLM"]


def test_the_title_marks_each_chapter_that_brings_other_requests_or_costs() -> None:
    count = len(TOUR.chapters)
    marked = [TOUR.chapters[n].title for n in range(count) if brings_another_workload(TOUR, n)]
    assert marked == [
        "Static: all leave together",
        "Equal lengths: no time won",
        "The price: newcomers stop all",
        "Long prompts: white walls",
        "The KV cache fills before the slots",
        "The numbers",
        "Few people: no batch needed",
        "No more white walls",
        "Reserved or paged: the whole run",
        "How many people?",
        "Read once",
        "A complaint",
    ]


def test_other_twenty_people_nearly_always_have_the_same_order() -> None:
    """With the seed changed, as `n` does: paging is sooner, and chunks have the shorter gaps."""
    assert "with the key {key.new-seed}:" in " ".join(chapter_called("What each rule buys").notes)
    as_here = []
    for seed in range(1, 41):
        workload = load_workload("rule-by-rule").with_settings({"workload.seed": str(seed)})
        found = [each.metrics for each in compare(workload)]
        first, gaps = ([each[name] or 0 for each in found] for name in ("mean_ttft", "p99_itl"))
        as_here.append(first[0] > max(first[1:]) and gaps[2] < gaps[1])
    assert sum(as_here) >= 0.9 * len(as_here)


@pytest.mark.parametrize(("load", "full"), [("3", 0.8), ("4", 1.0)])
def test_reading_is_what_limits_the_whole_gpu_and_memory_is_not_full(
    load: str, full: float
) -> None:
    workload = Facts("How many people?").workload.with_settings({"workload.rate": load})
    run = compare(workload)["vllm"].run
    assert run.kv is not None
    last = int(run.requests.arrival_time.max())
    moments = [run.at(int(time)) for time in np.linspace(last * 0.3, last, 100)]
    processed = [sum(each.chunks.values()) + len(each.decoding) for each in moments]
    assert np.mean(np.array(processed) >= run.strategy.max_num_batched_tokens) >= full
    assert max(each.blocks for each in moments) < 0.9 * run.kv.blocks
    assert max(len(each.running) for each in moments) < run.slots / 2  # nor are the slots


LONG_ANSWERS = """
name: long answers
requests:
  generate:
    count: 1000
    seed: 1
    arrivals: {poisson: {rate: 8}}
    input_tokens: {uniform: [100, 300]}
    output_tokens: {uniform: [ANSWERS]}
cost: a100-llama-3-8b
strategies: {vllm: {enable_prefix_caching: false}}
"""


@pytest.mark.parametrize(("answers", "limit"), [("3000, 4000", "memory"), ("1000, 1500", "slots")])
def test_with_long_answers_memory_or_slots_fill_and_steps_are_not_full(
    answers: str, limit: str, tmp_path: Path
) -> None:
    """The other limits that the chapter names, of the same server."""
    (tmp_path / "long.yaml").write_text(LONG_ANSWERS.replace("ANSWERS", answers))
    run = compare(load_workload(str(tmp_path / "long.yaml")))["vllm"].run
    assert run.kv is not None
    last = int(run.requests.arrival_time.max())
    moments = [run.at(int(time)) for time in np.linspace(last * 0.6, last, 100)]
    processed = [sum(each.chunks.values()) + len(each.decoding) for each in moments]
    assert np.mean(processed) < run.strategy.max_num_batched_tokens / 2
    memory = np.mean([each.blocks for each in moments]) / run.kv.blocks
    slots = np.mean([len(each.running) for each in moments]) / run.slots
    assert {"memory": memory, "slots": slots}[limit] > 0.98
    assert min(len(each.waiting) for each in moments) > 0


def test_slow_comes_first_then_late() -> None:
    slow = [with_load("mean_tpot", load) for load in (2, 3)]
    late = [with_load("mean_ttft", load) for load in (2, 3, 4)]
    assert late[0] < 1 < late[1]  # up to two, and no longer with three
    assert slow[1] > 3 * slow[0]
    assert late[2] > 20 * late[1]


def test_what_is_said_against_continuous_is_so() -> None:
    long = Facts("Long prompts: white walls")
    assert long.metric("continuous", "avg_latency") < 0.6 * long.metric("static", "avg_latency")
    assert long.metric("continuous", "p99_itl") > 10 * long.metric("static", "p99_itl")


def test_with_chunks_nearly_as_much_time_is_lost() -> None:
    walls = Facts("No more white walls")
    assert "Nearly as much time is lost" in " ".join(walls.chapter.text)
    whole, pieces = (walls.metric(each.name, "stalled") for each in walls.workload.strategies)
    assert 0.9 < pieces / whole < 1


def test_the_work_of_r2_is_the_same_in_all_lanes() -> None:
    decodes = [
        breakdown(each.run, np.array([2])).decode for each in served("Short, yet slow: strangers")
    ]
    assert len({int(decode[0]) for decode in decodes}) == 1
