"""The exact sentence that refuses a wrong workload file."""

from __future__ import annotations

import time

import pytest
from workload_texts import ONE, generated

from tui_batching.errors import InputError
from tui_batching.strategies import STRATEGIES
from tui_batching.workload import parse_workload


def of_class(more: str) -> str:
    """A file whose only class of requests has one key more."""
    lengths = "input_tokens: {fixed: 5}, output_tokens: {fixed: 5}"
    return generated(input_tokens="", output_tokens="", classes=f"[{{{lengths}, {more}}}]")


UNIFORM = dict.fromkeys(("input_tokens", "output_tokens"), "{uniform: [1, 5]}")
WRONG = {
    # The shape of the whole file.
    "": "w.yaml:1: found an empty file, expected YAML",
    "# nothing\n": "w.yaml:1: found an empty file, expected YAML",
    "5": "w.yaml:1: found 5, expected a mapping with name, description, requests, cost, "
    "strategies, slo",
    "name: x": "w.yaml:1: requests: found nothing, expected a list of requests, or a mapping "
    "with generate, trace, lengths or list",
    "name: [x": "w.yaml:1: found broken YAML (did not find expected ',' or ']'), "
    "expected valid YAML",
    "name: x\n\tb: 1": "w.yaml:2: found broken YAML (found a tab character that violates "
    "indentation), expected valid YAML",
    f"requests: [{ONE}]\n---\nname: b": "w.yaml:2: found a second document, expected one",
    "a: &x 1\nb: *x": "w.yaml:2: found the alias '*x', expected the value itself "
    "(aliases are not supported)",
    "\n<<: {name: x}": "w.yaml:2: found the unknown key '<<', expected one of name, description, "
    "requests, cost, strategies, slo",
    "name: !!str x": "w.yaml:1: found the tag 'tag:yaml.org,2002:str', expected a value without "
    "a tag (tags are not supported)",
    "name: a\n? [b]\n: c": "w.yaml:2: found a list or mapping as a key, expected one of name, "
    "description, requests, cost, strategies, slo",
    "nmae: x": "w.yaml:1: found the unknown key 'nmae', expected one of name, description, "
    "requests, cost, strategies, slo (did you mean 'name'?)",
    "name: x\nname: y": "w.yaml:2: name: found the key a second time (first in line 1), "
    "expected it once",
    "[" * 100_000: "w.yaml:1: found lists or mappings nested more than 20 deep, "
    "expected at most 20 levels",
    # Text.
    "name: 5": "w.yaml:1: name: found 5, expected text (in quotes where it looks like a number)",
    "name: ''": "w.yaml:1: name: found '', expected text",
    "name: [x]": "w.yaml:1: name: found a list, expected text",
    'name: "\\e[31mred"': "w.yaml:1: name: found '\\x1b[31mred', expected text without control "
    "characters",
    "name: a\u202eb": "w.yaml:1: name: found 'a\\u202eb', expected text without control characters",
    "name: a\x1b[2J": "w.yaml:1: found the character '\\x1b', expected printable text",
    f"name: {'a' * 61}": "w.yaml:1: name: found 61 characters, expected at most 60",
    # Requests as a list.
    "requests: []": "w.yaml:1: requests: found an empty list, expected a list with at least one "
    "entry",
    "requests: 5": "w.yaml:1: requests: found 5, expected a list of requests, or a mapping with "
    "generate, trace, lengths or list",
    "requests: {}": "w.yaml:1: requests: found an empty mapping, expected generate",
    f"requests:\n- {ONE}\n- 5": "w.yaml:3: requests[1]: found 5, expected a mapping with "
    "arrival_time, input_tokens, output_tokens, id, max_tokens, priority, prefix",
    f"requests:\n- {ONE}\n- {ONE.replace('}', ', x: 1}')}": "w.yaml:3: requests[1]: found the "
    "unknown key 'x', expected one of arrival_time, input_tokens, output_tokens, id, max_tokens, "
    "priority, prefix",
    "requests:\n- {arrival_time: 0, input_tokens: 1, output_tokens: 9, max_tokens: 8}": "w.yaml:2: "
    "requests[0].max_tokens: found 8, expected >= 9, the tokens of its answer",
    "requests:\n- {arrival_time: 0, input_tokens: 1, output_tokens: 9, priority: high}": "w.yaml:2"
    ": requests[0].priority: found 'high', expected a whole number >= -2147483647",
    f"requests:\n- {ONE}\n- {ONE.replace('}', ', prefix: {group: a, tokens: -1}}')}": "w.yaml:3: "
    "requests[1].prefix.tokens: found -1, expected a whole number >= 0",
    f"requests:\n- {ONE.replace('}', ', prefix: {group: a, tokens: 99}}')}": "w.yaml:2: "
    "requests[0].prefix.tokens: found 99, expected at most 2, the tokens of its prompt and its "
    "answer",
    f"requests:\n- {ONE.replace('}', ', prefix: {tokens: 1}}')}": "w.yaml:2: "
    "requests[0].prefix.group: found nothing, expected the name of a group",
    f"requests:\n- {ONE.replace('}', ', prefix: {group: [1], tokens: 1}}')}": "w.yaml:2: "
    "requests[0].prefix.group: found a list, expected the name of a group",
    f"requests:\n- {ONE.replace('}', ', prefix: {grup: a, tokens: 1}}')}": "w.yaml:2: "
    "requests[0].prefix: found the unknown key 'grup', expected one of group, tokens (did you mean "
    "'group'?)",
    f"requests:\n- {ONE.replace('}', ', prefix: 5}')}": "w.yaml:2: requests[0].prefix: found 5, "
    "expected a mapping with group, tokens",
    f"requests: {{list: [{ONE}], max_tokens: all}}": "w.yaml:1: requests.max_tokens: found 'all', "
    "expected a whole number >= 1, or one of exact, power_of_two",
    f"requests: {{list: [{ONE}], generate: {{}}}}": "w.yaml:1: requests.generate: found generate "
    "beside list, expected either generate or list",
    f"requests: {{list: [{ONE}], speed: 3}}": "w.yaml:1: requests: found the unknown key 'speed', "
    "expected one of list, max_tokens",
    "requests:\n- {arrival_time: 0, input_tokens: 1}": "w.yaml:2: requests[0].output_tokens: "
    "found nothing, expected a whole number >= 1",
    "requests:\n- {arrival_time: 0, input_tokens: 1, output_tokens: 0}": "w.yaml:2: "
    "requests[0].output_tokens: found 0, expected a whole number >= 1",
    "requests:\n- {arrival_time: 0, input_tokens: -1, output_tokens: 1}": "w.yaml:2: "
    "requests[0].input_tokens: found -1, expected a whole number >= 0",
    "requests:\n- {arrival_time: 0, input_tokens: 2147483648, output_tokens: 1}": "w.yaml:2: "
    "requests[0].input_tokens: found 2147483648, expected a whole number <= 2147483647",
    "requests:\n- {arrival_time: 0, input_tokens: 1.5, output_tokens: 1}": "w.yaml:2: "
    "requests[0].input_tokens: found 1.5, expected a whole number >= 0",
    "requests:\n- {arrival_time: -1ms, input_tokens: 1, output_tokens: 1}": "w.yaml:2: "
    "requests[0].arrival_time: found -1ms, expected a duration that is not negative",
    "requests:\n- {arrival_time: .nan, input_tokens: 1, output_tokens: 1}": "w.yaml:2: "
    "requests[0].arrival_time: found '.nan', expected a duration such as 20ms, 0.3us or 0.5 "
    "(seconds)",
    f"requests:\n- {ONE.replace('}', ', id: 1}')}\n- {ONE}": "w.yaml:3: requests[1].id: found 1 "
    "again (also requests[0]), expected each id once",
    # Requests by a recipe.
    generated(count="many"): "w.yaml:3: requests.generate.count: found 'many', expected a whole "
    "number >= 1",
    generated(count='"5"'): "w.yaml:3: requests.generate.count: found '5', expected a whole "
    "number >= 1",
    generated(count="5.0"): "w.yaml:3: requests.generate.count: found 5.0, expected a whole "
    "number >= 1",
    generated(count="true"): "w.yaml:3: requests.generate.count: found true, expected a whole "
    "number >= 1",
    generated(count="0"): "w.yaml:3: requests.generate.count: found 0, expected a whole number "
    ">= 1",
    generated(count="9" * 5000): f"w.yaml:3: requests.generate.count: found '{'9' * 57}...', "
    "expected a whole number <= 10000000",
    generated(count=""): "w.yaml:3: requests.generate.count: found nothing, expected a whole "
    "number >= 1",
    generated(seed="4294967296"): "w.yaml:7: requests.generate.seed: found 4294967296, expected "
    "a whole number <= 4294967295",
    generated(seed="-1"): "w.yaml:7: requests.generate.seed: found -1, expected a whole number "
    ">= 0",
    generated(arrivals="poisson"): "w.yaml:4: requests.generate.arrivals: found 'poisson', "
    "expected a mapping with poisson, gamma, constant, ramp, burst",
    generated(arrivals="{poisson: {rate: 1}, burst: {}}"): "w.yaml:4: requests.generate.arrivals: "
    "found poisson and burst, expected one of poisson, gamma, constant, ramp, burst",
    generated(arrivals="{poisson: {}}"): "w.yaml:4: requests.generate.arrivals.poisson: found "
    "neither, expected either rate or mean_gap",
    generated(arrivals="{poisson: {rate: 1, mean_gap: 1}}"): "w.yaml:4: "
    "requests.generate.arrivals.poisson: found both rate and mean_gap, expected either rate or "
    "mean_gap",
    generated(arrivals="{poisson: {rate: 1, rescale: yes}}"): "w.yaml:4: "
    "requests.generate.arrivals.poisson.rescale: found yes, expected one of true, false",
    generated(prefixes="[]"): "w.yaml:7: requests.generate.prefixes: found an empty list, expected "
    "a list with at least one entry",
    generated(prefixes="[{tokens: -1}]"): "w.yaml:7: requests.generate.prefixes[0].tokens: found "
    "-1, expected a whole number >= 0",
    generated(prefixes="[{weight: 1}]"): "w.yaml:7: requests.generate.prefixes[0].tokens: found "
    "nothing, expected a whole number >= 0",
    generated(prefixes="[{tokens: 1, weight: 0}]"): "w.yaml:7: requests.generate.prefixes[0]."
    "weight: found 0, expected a number > 0",
    generated(
        prefixes="[{token: 1}]"
    ): "w.yaml:7: requests.generate.prefixes[0]: found the unknown "
    "key 'token', expected one of tokens, weight, count (did you mean 'tokens'?)",
    generated(turns="{mean: 0.5, think_time: 1s}"): "w.yaml:7: requests.generate.turns.mean: found "
    "0.5, expected a number >= 1",
    generated(turns="{mean: 4}"): "w.yaml:7: requests.generate.turns.think_time: found nothing, "
    "expected a duration such as 20ms, 0.3us or 0.5 (seconds)",
    generated(turns="4"): "w.yaml:7: requests.generate.turns: found 4, expected a mapping with "
    "mean, think_time",
    generated(**UNIFORM, prefixes="[{tokens: 1}]", draws="notebook"): "w.yaml:7: requests."
    "generate.prefixes: found with draws: notebook, expected draws: streams with them",
    generated(**UNIFORM, turns="{mean: 2, think_time: 0}", draws="notebook"): "w.yaml:7: requests."
    "generate.turns: found with draws: notebook, expected draws: streams with them",
    generated(arrivals="{ramp: {start_rate: 1}}"): "w.yaml:4: requests.generate.arrivals.ramp."
    "end_rate: found nothing, expected a number > 0",
    generated(arrivals="{poisson: {rate: 0}}"): "w.yaml:4: requests.generate.arrivals.poisson"
    ".rate: found 0, expected a number > 0",
    generated(arrivals="{poisson: {rate: .inf}}"): "w.yaml:4: requests.generate.arrivals.poisson"
    ".rate: found .inf, expected a number > 0",
    generated(arrivals="{poisson: {mean_gap: 0s}}"): "w.yaml:4: requests.generate.arrivals"
    ".poisson.mean_gap: found '0s', expected a duration longer than zero",
    generated(arrivals="{gamma: {rate: 1}}"): "w.yaml:4: requests.generate.arrivals.gamma"
    ".burstiness: found nothing, expected a number > 0",
    generated(arrivals="{burst: {size: 2}}"): "w.yaml:4: requests.generate.arrivals.burst: found "
    "one of size and every, expected both or neither",
    generated(input_tokens="{uniform: 5}"): "w.yaml:5: requests.generate.input_tokens.uniform: "
    "found 5, expected [low, high]",
    generated(input_tokens="{uniform: [5]}"): "w.yaml:5: requests.generate.input_tokens.uniform: "
    "found a list of 1, expected [low, high]",
    generated(input_tokens="{uniform: [9, 8]}"): "w.yaml:5: requests.generate.input_tokens"
    ".uniform: found [9, 8], expected [low, high] with 0 <= low <= high <= 2147483647",
    generated(input_tokens="{normal: {sd: 5}}"): "w.yaml:5: requests.generate.input_tokens"
    ".normal.mean: found nothing, expected a number > 0",
    generated(output_tokens="{fixed: 0}"): "w.yaml:6: requests.generate.output_tokens: found "
    "lengths from 0 on, expected lengths >= 1",
    generated(output_tokens="{zipf: {exponent: 1, max: 2000000}}"): "w.yaml:6: "
    "requests.generate.output_tokens.zipf.max: found 2000000, expected a whole number <= 1000000",
    generated(max_tokens="0"): "w.yaml:7: requests.generate.max_tokens: found 0, expected a whole "
    "number >= 1",
    generated(max_tokens="2147483648"): "w.yaml:7: requests.generate.max_tokens: found 2147483648, "
    "expected a whole number <= 2147483647",
    generated(draws="notebook"): "w.yaml:7: requests.generate.draws: found notebook with other "
    "distributions, expected poisson arrivals and uniform lengths with it",
    generated(skip="20"): "w.yaml:7: requests.generate.skip: found 20, expected draws: notebook "
    "with it",
    generated(skip="-1"): "w.yaml:7: requests.generate.skip: found -1, expected a whole number "
    ">= 0",
    generated(classes="[]"): "w.yaml:5: requests.generate.input_tokens: found input_tokens beside "
    "classes, expected either classes or input_tokens and output_tokens",
    of_class("max_tokens: 0"): "w.yaml:5: requests.generate.classes[0].max_tokens: found 0, "
    "expected a whole number >= 1",
    of_class("max_tokens: most"): "w.yaml:5: requests.generate.classes[0].max_tokens: found "
    "'most', expected a whole number >= 1, or one of exact, power_of_two",
    of_class("max_output: 9"): "w.yaml:5: requests.generate.classes[0]: found the unknown key "
    "'max_output', expected one of weight, max_tokens, input_tokens, output_tokens",
    # Cost, strategies and service level.
    f"requests: [{ONE}]\ncost: {{linear: {{decode_step: 0}}}}": "w.yaml:2: cost.linear"
    ".decode_step: found 0, expected a duration longer than zero",
    f"requests: [{ONE}]\ncost: {{cubic: {{}}}}": "w.yaml:2: cost: found the unknown key 'cubic', "
    "expected one of linear, affine, iteration, textbook, a100-llama-3-8b, a100-opt-13b, "
    "h100-llama-3-8b, h200-llama-3-8b, rtx4090-llama-3.1-8b, rtxpro6000-llama-3.1-8b, toy",
    f"requests: [{ONE}]\ncost: h300": "w.yaml:2: cost: found 'h300', expected one of textbook, "
    "a100-llama-3-8b, a100-opt-13b, h100-llama-3-8b, h200-llama-3-8b, "
    "rtx4090-llama-3.1-8b, rtxpro6000-llama-3.1-8b, toy",
    f"requests: [{ONE}]\ncost: {{affine: {{decode_base: 788.3ps}}}}": "w.yaml:2: cost.affine"
    ".decode_base: found 788.3ps, expected a whole number of picoseconds",
    f"requests: [{ONE}]\ncost: {{affine: {{decode_base: 0}}}}": "w.yaml:2: cost.affine: expected "
    "a decode_base or a decode_per_request longer than zero",
    f"requests: [{ONE}]\ncost: {{h100-llama-3-8b: {{decode_step: 1ms}}}}": "w.yaml:2: "
    "cost.h100-llama-3-8b: found the unknown key 'decode_step', expected one of decode_base, "
    "decode_per_request, decode_per_context_token, prefill_base, prefill_per_token, "
    "prefill_per_token_squared, first_token, kv_cache_tokens, per_iteration "
    "(did you mean 'decode_base'?)",
    f"requests: [{ONE}]\ncost: {{linear: {{first_token: last}}}}": "w.yaml:2: cost.linear"
    ".first_token: found 'last', expected one of decode, prefill",
    f"requests: [{ONE}]\nstrategies: {{}}": "w.yaml:2: strategies: found an empty mapping, "
    f"expected at least one of {', '.join(STRATEGIES)}",
    f"requests: [{ONE}]\nstrategies:\n  static:": "w.yaml:3: strategies.static: found '', "
    "expected a mapping with batch_size, pad_to",
    f"requests: [{ONE}]\nstrategies:\n  static: {{timeout: 1}}": "w.yaml:3: strategies.static: "
    "found the unknown key 'timeout', expected one of batch_size, pad_to",
    f"requests: [{ONE}]\nstrategies:\n  static: {{max_num_seqs: 1}}": "w.yaml:3: "
    "strategies.static: found the unknown key 'max_num_seqs', expected one of batch_size, pad_to "
    "(here it is called batch_size)",
    f"requests: [{ONE}]\nstrategies:\n  dynamic: {{timeout_from: now}}": "w.yaml:3: "
    "strategies.dynamic.timeout_from: found 'now', expected one of server_free, arrival",
    f"requests: [{ONE}]\nslo: {{ttft: soon}}": "w.yaml:2: slo.ttft: found 'soon', expected a "
    "duration such as 20ms, 0.3us or 0.5 (seconds)",
    f"requests: [{ONE}]\nslo: {{ttft: {'1' * 99}}}": f"w.yaml:2: slo.ttft: found '{'1' * 57}...', "
    "expected a duration such as 20ms, 0.3us or 0.5 (seconds)",
}


@pytest.mark.parametrize(("text", "sentence"), WRONG.items(), ids=range(len(WRONG)))
def test_a_wrong_file_is_refused_with_this_sentence(text: str, sentence: str):
    with pytest.raises(InputError) as error:
        parse_workload(text, "w.yaml")
    assert str(error.value) == sentence


@pytest.mark.parametrize("head", ["", "name: ", "requests: ", "- ", "'", '"', "? ", "*", "!"])
def test_a_huge_line_gives_one_short_sentence(head: str):
    started = time.process_time()
    with pytest.raises(InputError) as error:
        parse_workload(head + "a" * 10_000_000, "w.yaml")
    assert len(str(error.value)) < 250
    assert time.process_time() - started < 5
