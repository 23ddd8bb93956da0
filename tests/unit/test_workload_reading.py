"""Workload files: what they mean, and the exact sentence that refuses a wrong one."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml

from tui_batching.clock import MILLISECOND, SECOND
from tui_batching.cost import LinearCost
from tui_batching.errors import InputError
from tui_batching.strategy import DEFAULT_STRATEGIES, Continuous, Dynamic
from tui_batching.workload import load_workload, nodes, parse_workload
from tui_batching.workload.arrivals import Burst, Constant, Gamma, Poisson, Ramp
from tui_batching.workload.generate import GeneratedRequests
from tui_batching.workload.lengths import Exponential, Fixed, Lognormal, Normal, Uniform, Zipf
from tui_batching.workload.listed import ListedRequests
from tui_batching.workload.model import ServiceLevel, Workload

ONE = "{arrival_time: 0, input_tokens: 1, output_tokens: 1}"
CHAT = """\
name: chat
description: >-
  Watch the queue.
  It grows.
requests:
  generate:
    count: 200
    seed: 7
    arrivals: {poisson: {mean_gap: 300ms}}
    input_tokens: {uniform: [20, 199]}
    output_tokens: {lognormal: {mean: 120, sigma: 0.8, max: 1000}}
cost: {linear: {prefill_per_token: 0.3us, decode_step: 0.02}}
strategies:
  continuous: {batch_size: 8}
  dynamic: {timeout: 250ms, timeout_from: arrival}
slo: {ttft: 2s, tpot: 40ms}
"""


def generated(part: str = "", **changes: str) -> str:
    keys = {
        "count": "5",
        "arrivals": "{poisson: {rate: 3}}",
        "input_tokens": "{fixed: 5}",
        "output_tokens": "{fixed: 5}",
    } | changes
    lines = [f"    {key}: {value}" for key, value in keys.items() if value]
    return "requests:\n  generate:\n" + "\n".join(lines) + part


def recipe(**changes: str) -> GeneratedRequests:
    source = parse_workload(generated(**changes), "w.yaml").source
    assert isinstance(source, GeneratedRequests)
    return source


def test_every_part_of_a_file_is_read():
    workload = parse_workload(CHAT, "chat.yaml")
    assert workload.name == "chat"
    assert workload.description == "Watch the queue. It grows."
    assert workload.cost == LinearCost(300_000, 20 * MILLISECOND, 2 * MILLISECOND)
    assert workload.strategies == (Continuous(8), Dynamic(4, 250 * MILLISECOND, "arrival"))
    assert workload.slo == ServiceLevel(ttft=2 * SECOND, tpot=40 * MILLISECOND)
    assert isinstance(workload.source, GeneratedRequests)
    assert workload.source.arrivals == Poisson(300.0 * MILLISECOND)
    kind = workload.source.classes[0]
    assert kind.input_tokens == Uniform(20, 199)
    assert kind.output_tokens == Lognormal(mean=120, sigma=0.8, max=1000)
    assert (len(workload.requests), workload.source.seed) == (200, 7)


def test_what_a_file_leaves_out_has_defaults():
    workload = parse_workload(f"requests: [{ONE}]", "folder/mine.yaml")
    assert workload.name == "mine"
    assert workload.description == ""
    assert workload.cost == LinearCost()
    assert workload.strategies == DEFAULT_STRATEGIES
    assert workload.slo is None


def test_a_list_is_read_in_any_order_with_optional_ids():
    text = """requests:
      - {arrival_time: 50ms, input_tokens: 0, output_tokens: 10}
      - {arrival_time: 0.02, output_tokens: 3, input_tokens: 7, id: 9}
      - {arrival_time: 20ms, input_tokens: 8, output_tokens: 4}
    """
    requests = parse_workload(text, "list.yaml").requests
    assert requests.id.tolist() == [9, 2, 0]
    assert requests.arrival_time.tolist() == [20 * MILLISECOND, 20 * MILLISECOND, 50 * MILLISECOND]
    assert requests.input_tokens.tolist() == [7, 8, 0]
    assert requests.output_tokens.tolist() == [3, 4, 10]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{poisson: {rate: 4}}", Poisson(0.25 * SECOND)),
        ("{gamma: {mean_gap: 1s, burstiness: 0.5}}", Gamma(float(SECOND), 0.5)),
        ("{poisson: {rate: 4, rescale: true}}", Poisson(0.25 * SECOND, rescale=True)),
        ("{ramp: {start_rate: 1, end_rate: 8}}", Ramp(1.0, 8.0)),
        (
            "{ramp: {start_rate: 1, end_rate: 8, shape: exponential, burstiness: 0.5}}",
            Ramp(1.0, 8.0, "exponential", 0.5),
        ),
        ("{constant: {rate: 1e1}}", Constant(0.1 * SECOND)),
        ("{burst: {size: 20, every: 5s}}", Burst(20, 5 * SECOND)),
        ("{burst: {at: 0.5}}", Burst(at=SECOND // 2)),
        ("{burst: {}}", Burst()),
    ],
)
def test_arrivals_are_read(text: str, expected: object):
    assert recipe(arrivals=text).arrivals == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{uniform: [1, 2]}", Uniform(1, 2)),
        ("{fixed: 50}", Fixed(50)),
        ("{normal: {mean: 5, sd: 2.5, min: 2, max: 9}}", Normal(mean=5, sd=2.5, min=2, max=9)),
        ("{lognormal: {mean: 5, sigma: 1}}", Lognormal(mean=5, sigma=1)),
        ("{exponential: {mean: 5, max: 7}}", Exponential(mean=5, max=7)),
        (
            "{exponential: {mean: 5, max: 7, above_max: redraw}}",
            Exponential(mean=5, max=7, above_max="redraw"),
        ),
        ("{zipf: {exponent: 0.6, max: 7}}", Zipf(exponent=0.6, max=7)),
    ],
)
def test_lengths_are_read(text: str, expected: object):
    assert recipe(output_tokens=text).classes[0].output_tokens == expected


def test_classes_are_read():
    classes = "[{weight: 9, input_tokens: {fixed: 0}, output_tokens: {fixed: 2}}, \
        {input_tokens: {fixed: 3}, output_tokens: {fixed: 4}}]"
    first, second = recipe(classes=classes, input_tokens="", output_tokens="").classes
    assert (first.weight, second.weight) == (9, 1)
    assert (first.input_tokens, second.output_tokens) == (Fixed(0), Fixed(4))


WRONG = {
    # The shape of the whole file.
    "": "w.yaml:1: found an empty file, expected YAML",
    "# nothing\n": "w.yaml:1: found an empty file, expected YAML",
    "5": "w.yaml:1: found 5, expected a mapping with name, description, requests, cost, "
    "strategies, slo",
    "name: x": "w.yaml:1: requests: found nothing, expected a list of requests, or a mapping "
    "with generate or trace",
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
    "generate or trace",
    "requests: {}": "w.yaml:1: requests: found an empty mapping, expected generate",
    f"requests:\n- {ONE}\n- 5": "w.yaml:3: requests[1]: found 5, expected a mapping with "
    "arrival_time, input_tokens, output_tokens, id",
    f"requests:\n- {ONE}\n- {ONE.replace('}', ', x: 1}')}": "w.yaml:3: requests[1]: found the "
    "unknown key 'x', expected one of arrival_time, input_tokens, output_tokens, id",
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
    generated(draws="notebook"): "w.yaml:7: requests.generate.draws: found notebook with other "
    "distributions, expected poisson arrivals and uniform lengths with it",
    generated(skip="20"): "w.yaml:7: requests.generate.skip: found 20, expected draws: notebook "
    "with it",
    generated(skip="-1"): "w.yaml:7: requests.generate.skip: found -1, expected a whole number "
    ">= 0",
    generated(classes="[]"): "w.yaml:5: requests.generate.input_tokens: found input_tokens beside "
    "classes, expected either classes or input_tokens and output_tokens",
    # Cost, strategies and service level.
    f"requests: [{ONE}]\ncost: {{linear: {{decode_step: 0}}}}": "w.yaml:2: cost.linear"
    ".decode_step: found 0, expected a duration longer than zero",
    f"requests: [{ONE}]\ncost: {{cubic: {{}}}}": "w.yaml:2: cost: found the unknown key 'cubic', "
    "expected one of linear, affine, textbook, a100-llama-3-8b, a100-opt-13b, h100-llama-3-8b, "
    "h200-llama-3-8b",
    f"requests: [{ONE}]\ncost: h300": "w.yaml:2: cost: found 'h300', expected one of textbook, "
    "a100-llama-3-8b, a100-opt-13b, h100-llama-3-8b, h200-llama-3-8b",
    f"requests: [{ONE}]\ncost: {{affine: {{decode_base: 788.3ps}}}}": "w.yaml:2: cost.affine"
    ".decode_base: found 788.3ps, expected a whole number of picoseconds",
    f"requests: [{ONE}]\ncost: {{affine: {{decode_base: 0}}}}": "w.yaml:2: cost.affine: expected "
    "a decode_base or a decode_per_request longer than zero",
    f"requests: [{ONE}]\ncost: {{h100-llama-3-8b: {{decode_step: 1ms}}}}": "w.yaml:2: "
    "cost.h100-llama-3-8b: found the unknown key 'decode_step', expected one of decode_base, "
    "decode_per_request, decode_per_context_token, prefill_base, prefill_per_token, "
    "prefill_per_token_squared, first_token, kv_cache_tokens (did you mean 'decode_base'?)",
    f"requests: [{ONE}]\ncost: {{linear: {{first_token: last}}}}": "w.yaml:2: cost.linear"
    ".first_token: found 'last', expected one of decode, prefill",
    f"requests: [{ONE}]\nstrategies: {{}}": "w.yaml:2: strategies: found an empty mapping, "
    "expected at least one of static, dynamic, continuous",
    f"requests: [{ONE}]\nstrategies:\n  static:": "w.yaml:3: strategies.static: found '', "
    "expected a mapping with batch_size, pad_to",
    f"requests: [{ONE}]\nstrategies:\n  static: {{timeout: 1}}": "w.yaml:3: strategies.static: "
    "found the unknown key 'timeout', expected one of batch_size, pad_to",
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
    started = time.perf_counter()
    with pytest.raises(InputError) as error:
        parse_workload(head + "a" * 10_000_000, "w.yaml")
    assert len(str(error.value)) < 250
    assert time.perf_counter() - started < 5


def test_python_reads_as_the_c_parser_does(monkeypatch: pytest.MonkeyPatch):
    fast = parse_workload(CHAT, "chat.yaml")
    monkeypatch.setattr(nodes, "_PARSER", yaml.SafeLoader)
    assert parse_workload(CHAT, "chat.yaml") == fast
    with pytest.raises(InputError, match=r"^w.yaml: found broken YAML"):
        parse_workload('name: "\\UFFFFFFFF"', "w.yaml")


def test_a_long_list_is_read_fast():
    row = "- {{arrival_time: {:.7f}, input_tokens: {}, output_tokens: {}}}\n"
    rows = "".join(row.format(k * 0.18, k % 4000, 1 + k % 900) for k in range(19_366))
    started = time.perf_counter()
    workload = parse_workload("requests:\n" + rows, "long.yaml")
    assert len(workload.requests) == 19_366
    assert time.perf_counter() - started < 10  # 1.3 s on two slow cores; tests run side by side


class TestFiles:
    def test_a_path_is_read(self, tmp_path: Path):
        path = tmp_path / "mine.yaml"
        path.write_bytes(b"\xef\xbb\xbf" + CHAT.encode())
        assert load_workload(path) == load_workload(str(path)) == parse_workload(CHAT, "chat.yaml")

    def test_errors_name_the_file(self, tmp_path: Path):
        path = tmp_path / "mine.yml"
        path.write_text("requests: 5")
        with pytest.raises(InputError) as error:
            load_workload(path)
        assert str(error.value).startswith(f"{path}:1: requests: found 5, expected")

    def test_bytes_that_are_not_utf8(self, tmp_path: Path):
        path = tmp_path / "latin.yaml"
        path.write_bytes(b"name: x\ndescription: caf\xe9\n")
        with pytest.raises(InputError) as error:
            load_workload(path)
        assert str(error.value) == (
            f"{path}:2: found bytes that are not UTF-8, expected UTF-8 text"
        )

    def test_what_cannot_be_read(self, tmp_path: Path):
        missing = tmp_path / "missing.yaml"
        for path, sentence in (
            (missing, f"{missing}: found no such file, expected a YAML file"),
            (tmp_path, f"{tmp_path}: found a folder, expected a YAML file"),
            ("x\x1b/\0.yaml", r"x\x1b/\x00.yaml: cannot be read (embedded null byte)"),
            (f"{tmp_path}/{'a' * 5000}", "cannot be read (File name too long)"),
        ):
            with pytest.raises(InputError) as error:
                load_workload(path)
            assert sentence in str(error.value)

    def test_an_unknown_name_lists_the_bundled_ones(self):
        with pytest.raises(InputError) as error:
            load_workload("chatt")
        assert str(error.value) == (
            "found no workload called 'chatt', expected a file (*.yaml or a trace) or one of "
            "notebook, illustrative, mixed-lengths, chat, code-completion, rag, bursty, "
            "summarize-burst, overload, notebook-load, notebook-batch-size, notebook-large, "
            "anyscale-32, anyscale-128, anyscale-512, anyscale-1536 "
            "(did you mean 'chat'?)"
        )

    def test_a_name_without_folder_is_not_looked_for_in_the_working_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        (tmp_path / "chat").write_text("broken")
        monkeypatch.chdir(tmp_path)
        assert load_workload("chat").name == "chat"


class TestLists:
    def workload(self, *times: str) -> Workload:
        rows = [ONE.replace("arrival_time: 0", f"arrival_time: {time}") for time in times]
        return parse_workload(f"requests: [{', '.join(rows)}]", "list.yaml")

    def test_the_rate_counts_gaps(self):
        assert self.workload("1s", "2s", "5s").source.rate == 0.5

    def test_another_rate_scales_about_the_first_arrival_exactly(self):
        source = self.workload("1s", "2s", "5s").source.with_rate(0.3)
        expected = [SECOND, SECOND + 1_666_666_666_667, SECOND + 6_666_666_666_667]
        assert source.make_requests().arrival_time.tolist() == expected

    def test_the_same_rate_changes_nothing(self):
        source = self.workload("1ps", "2s", "5s").source
        assert source.rate is not None
        same = source.with_rate(source.rate).make_requests().arrival_time
        assert same.tolist() == source.make_requests().arrival_time.tolist()

    def test_all_at_once_there_is_no_rate(self):
        source = self.workload("1s", "1s").source
        assert source.rate is None
        with pytest.raises(InputError, match="all requests arrive at once"):
            source.with_rate(1)

    def test_a_rate_beyond_the_clock_is_refused(self):
        with pytest.raises(InputError, match="beyond 106 days"):
            self.workload("1s", "2s").source.with_rate(1e-9)

    @pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf")])
    def test_what_is_no_rate_is_refused(self, rate: float):
        for source in (self.workload("1s", "2s").source, recipe()):
            with pytest.raises(InputError, match=r"^rate: found .*, expected a finite number > 0"):
                source.with_rate(rate)

    def test_count_takes_the_first_to_arrive(self):
        source = self.workload("3s", "1s", "2s").source.with_count(2)
        assert source.make_requests().id.tolist() == [1, 2]

    @pytest.mark.parametrize("count", [0, 4])
    def test_no_more_than_there_are(self, count: int):
        with pytest.raises(InputError, match=f"found {count}, expected a whole number from 1 to 3"):
            self.workload("3s", "1s", "2s").source.with_count(count)

    def test_a_list_has_no_seed(self):
        source = self.workload("1s").source
        assert isinstance(source, ListedRequests)
        assert source.seed is None
        with pytest.raises(InputError, match="a list of requests has no seed"):
            source.with_seed(1)
