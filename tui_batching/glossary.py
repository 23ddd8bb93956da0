"""The words of the app and of its field, each in one plain sentence."""

from __future__ import annotations

from tui_batching.strategies import DEFAULT_STRATEGIES


def sentence(idea: str) -> str:
    """An idea, as lessons word it, as a sentence."""
    return f"{idea[:1].upper()}{idea[1:]}."


GLOSSARY: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("Requests", (
        ("token", "A piece of a word; prompts and answers are counted in tokens."),
        ("prompt", "The tokens that a request comes with, its input."),
        ("answer", "The tokens that are made for it, its output; how many is known at the end."),
        ("arrival", "The instant at which a request comes in."),
        ("queue", "Where those wait who have arrived and are not admitted yet."),
        ("admission", "The instant at which a request gets a slot; there its wait is over."),
        ("open", "Arrived and not answered yet; the oldest of them has been so for longest."),
        ("load", "How many requests arrive a second."),
    )),
    ("The server", (
        ("batch", "The requests that the GPU computes together."),
        ("slot", "A place in the running batch; a request keeps it while it stays."),
        ("iteration", "One forward pass of the model, a step: one token for each who decodes."),
        ("prefill", "The processing of a prompt; until it is through there is no token."),
        ("decode", "The making of an answer, one token a step."),
        ("chunk", "The part of a prompt that one iteration processes."),
        ("token budget", "The most tokens, of prompts and answers together, in one iteration."),
        *((each.name, sentence(each.about.lesson.idea)) for each in DEFAULT_STRATEGIES),
        ("lane", "The column, or the rows, of one strategy on screen."),
        ("measured", "What a real server's log tells, in a lane without slots and iterations."),
        ("error", "How far a simulated time is off the measured one, as a share of that."),
    )),
    ("Slot-time", (
        ("occupied", "The share of slot-time with somebody in the slot, at work or not."),
        ("useful", "The share that makes a token or prefills the prompt of who is in the slot."),
        ("held", "Done, but still in its slot, until the rest of its batch is done, too."),
        ("bubble", "All slot-time that is held."),
        ("stalled", "In a slot, but stopped or slowed down, as prompts of others are prefilled."),
        ("slowed", "Stalled with prompts in the same steps: a token in each, but longer steps."),
    )),
    ("Times", (
        ("wait", "From arrival to admission."),
        ("TTFT", "Time to first token: from arrival until the first token is made."),
        ("TPOT", "Time per output token: the mean gap between the tokens of one answer."),
        ("ITL", "Inter-token latency: each gap between two tokens, of all requests together."),
        ("latency", "From arrival until the whole answer is released, also called E2EL."),
        ("p99", "The value that 99 of 100 requests do not exceed; p50 is the median."),
        ("throughput", "Tokens, or requests, a second over the whole run."),
        ("SLO", "The limits that each request should keep; goodput counts only those who do."),
        ("saturation", "The load beyond which the queue grows without end."),
    )),
    ("Parts of a latency", (
        ("forming", "Waits because the batch is not full yet, while the server is idle."),
        ("slots", "Waits because all slots are taken."),
        ("memory", "Waits for memory, though a slot is free."),
        ("turn", "Waits for an iteration to end, for others' prefills, or for a rule of joining."),
        ("sharing", "What its steps take longer because others decode in them, too."),
    )),
    ("Memory", (
        ("KV cache", "GPU memory for the tokens read and made so far; it limits how many run."),
        ("block", "Memory is handed out in blocks of 16 tokens or so; vLLM and TGI keep one back."),
        ("paging", "To hand out blocks as tokens come, and not in advance."),
        ("empty", "Taken for tokens to come: reserved, or the rest of a block."),
        ("prefix cache", "Blocks that nobody uses, but whose tokens a request may begin with."),
        ("cached", "Found there at an admission, so that it need not be computed."),
        ("evicted", "Its blocks are taken, and it waits to come back; also called preempted."),
        ("prefix caching", "To keep blocks of prompts that begin alike, and find them again."),
        ("recompute", "To process the prompt and the tokens made again, after an eviction."),
    )),
)  # fmt: skip
"""The words, each with its meaning, in groups that have a name."""
