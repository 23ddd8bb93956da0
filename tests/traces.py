"""Small made-up traces in every format, with every trap, and what is to be read of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tui_batching.clock import SECOND
from tui_batching.errors import InputError
from tui_batching.workload import Workload, apply_settings, load_workload

AZURE_2023 = (
    "TIMESTAMP,ContextTokens,GeneratedTokens\r\n"
    "2023-11-16 23:59:59.9799600,4808,10\r\n"
    "2023-11-17 00:00:00.0319601,0,8"
)
AZURE_2024 = """\
TIMESTAMP,ContextTokens,GeneratedTokens
2024-05-10 00:00:00.009930+00:00,2162,5
2024-05-10 00:00:01+00:00,7,1
2024-05-10 02:00:01.5+02:00,8,2
"""
MOONCAKE = """\
{"timestamp": 0, "input_length": 6758, "output_length": 500, "hash_ids": [0, 1]}
{"timestamp": 0, "input_length": 7322, "output_length": 490, "hash_ids": [0, 14]}

{"timestamp": 27482.0000005, "input_length": 3, "output_length": 1}
"""
BURSTGPT_6 = """\
Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type
5,ChatGPT,472,18,490,Conversation log
45,"GPT-4, turbo",1087,0,1087,API log
118.5,GPT-4,417,276,693,Conversation log
"""
BURSTGPT_8 = """\
Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type
19440110.0,1722ac82-0a46,43,GPT-4,906,0,906,Conversation log
19440161.0,d5983bf9-4b48,2,ChatGPT,36,29,65,Conversation log
19440192.0,,2,ChatGPT,37,0,37,API log
19440192.25,,2,ChatGPT,38,30,68,API log
"""
VIDUR = """\
,arrived_at,num_prefill_tokens,num_decode_tokens
0,0.0,3772,54
1,2.828480710548229,2015,156
2,1e1,5,6
"""
VLLM_LOG = """\
{"request_id": "b-0", "input_toks": 2358, "output_toks": 531, "arrival_time": 1787267980.0827403, \
"queued_ts": 27536.660701067, "last_token_ts": 27554.231018618}
{"request_id": "b-1", "input_toks": 1034, "output_toks": 769, "arrival_time": 1787267980.3478317, \
"queued_ts": 27537.047603549, "last_token_ts": 27562.279894586}
"""
VLLM_BENCH = {
    "date": "20260101-000000",
    "completed": 2,
    "failed": 1,
    "total_input_tokens": 3,
    "request_throughput": 1.5,
    "input_lens": [5, 6, 7],
    "output_lens": [0, 8, 9],
    "ttfts": [0.0, 0.125, 0.25],
    "itls": [[], [0.1, 0.2], [0.3]],
    "start_times": [0.0, 27536.660701067, 27537.660701068],
    "generated_texts": ["", '"input_length": 5', "é"],
}
BAILIAN = """\
{"chat_id": 1, "parent_chat_id": -1, "timestamp": 0.5, "input_length": 310, "output_length": 40, \
"type": "text", "turn": 1, "hash_ids": [0]}
{"chat_id": 2, "parent_chat_id": 1, "timestamp": 1.75, "input_length": 420, "output_length": 20, \
"type": "text", "turn": 2, "hash_ids": [0, 1]}
"""
LLMSERVINGSIM = """\
{"input_toks": 4, "output_toks": 2, "arrival_time_ns": 0, "input_tok_ids": [7, 8, 9, 9], \
"output_tok_ids": [5, 6]}
{"input_toks": 8, "output_toks": 9, "arrival_time_ns": 1500000007, \
"input_tok_ids": [7, 8, 9, 9, 5, 6, 1, 2]}
"""
BLIS = """\
request_id,client_id,input_tokens,output_tokens,arrival_time_us,send_time_us,status,error_message
0,c,512,20,1000,1010,ok,
1,c,80,0,2000,2010,timeout,"too, late"
2,c,90,30,3500,3510,ok,
"""
BLIS_GROUPS = """\
request_id,session_id,prefix_group,prefix_length,input_tokens,output_tokens,server_input_tokens,\
arrival_time_us,status
0,,sys,100,10,5,131,0,ok
1,,,100,10,6,14,1500,ok
2,,,0,11,7,0,2500,ok
"""
"""A prompt of a group, one that the server counted, and one that it did not."""
APEX = """\
{"StartTimeOffset": 0, "ContextTokens": 374, "GeneratedTokens": 44}
{"StartTimeOffset": 4314579000, "ContextTokens": 396, "GeneratedTokens": 109}
"""
AIPERF = """\
{"metadata": {"session_num": 0, "request_start_ns": 1759813207532900363, "was_cancelled": false}, \
"metrics": {"input_sequence_length": {"value": 550, "unit": "tokens"}, \
"output_sequence_length": {"value": 9, "unit": "tokens"}}, "error": null}
{"metadata": {"session_num": 1, "request_start_ns": 1759813207632900363, "was_cancelled": true}, \
"metrics": {"error_isl": {"value": 550, "unit": "tokens"}}, "error": {"code": 499}}
{"metadata": {"session_num": 2, "request_start_ns": 1759813208532900370, "was_cancelled": false}, \
"metrics": {"input_sequence_length": {"value": 7, "unit": "tokens"}, \
"output_sequence_length": {"value": 3, "unit": "tokens"}}, "error": null}
"""
GUIDELLM = json.dumps(
    {
        "benchmarks": [
            {
                "config": {"strategy": {"type_": "constant"}},
                "requests": {
                    "successful": [
                        {"request_start_time": 100.5, "prompt_tokens": 12, "output_tokens": 3},
                        {"request_start_time": 102.25, "prompt_tokens": 14, "output_tokens": 5},
                    ],
                    "incomplete": [{"request_start_time": 101, "prompt_tokens": 9}],
                    "errored": [{"request_start_time": 103, "prompt_tokens": None}],
                },
            }
        ]
    }
)
INFERENCE_PERF = json.dumps(
    [
        {
            "start_time": start,
            "end_time": start + 1,
            "request": '{"prompt": "x"}',
            "response": "y",
            "info": {"input_tokens": inputs, "output_tokens": outputs},
            "error": error,
        }
        for start, inputs, outputs, error in (
            (16_000.5, 7, 4, None),
            (16_001.0, 8, 0, {"error_type": "ClientError", "error_msg": "?"}),
            (16_001.5, 9, 6, None),
        )
    ],
    indent=1,
)
LITELLM = """\
request_id,call_type,startTime,endTime,model,prompt_tokens,completion_tokens,status
a,acompletion,2024-05-01T12:00:00.250Z,2024-05-01T12:00:03.000Z,gpt-4,100,20,success
b,acompletion,2024-05-01T12:00:00.500Z,2024-05-01T12:00:01.000Z,gpt-4,0,0,failure
c,acompletion,2024-05-01 12:00:02.250+00:00,2024-05-01T12:00:04.000Z,gpt-4,50,10,success
"""


def litellm_answer(*rows: tuple[int, int, int], total: int = 3) -> dict[str, object]:
    """A page of spend logs as LiteLLM's API answers, with the second, prompt and answer of each."""
    names = ("startTime", "prompt_tokens", "completion_tokens")
    logs = [
        dict(zip(names, (f"2024-05-01T12:00:0{second}.250Z", *tokens), strict=True))
        | {"status": "success", "messages": [{}], "metadata": {"tags": ["a"]}}
        for second, *tokens in rows
    ]
    return {"data": logs, "total": total, "page": 1, "page_size": 50, "total_pages": 1}


LITELLM_PAGES = [litellm_answer((2, 50, 10), (0, 100, 20)), litellm_answer((5, 7, 8))]
SHAREGPT = json.dumps(
    [
        {
            "id": "a",
            "conversations": [
                {"from": "human", "value": "Hello there", "num_tokens": 7},
                {"from": "gpt", "value": "Hi.", "num_tokens": 3},
                {"from": "human", "value": "More?", "num_tokens": 2},
            ],
        },
        {"id": "b", "conversations": [{"from": "human", "value": "?", "num_tokens": 1}]},
        {"id": "c", "conversations": [{"from": "human", "value": 12}, {"from": "gpt", "value": 9}]},
    ]
)
"""A conversation of three messages, one without an answer, and one with counts for its text."""
PLAIN_HEAD = "arrival_time,input_tokens,output_tokens\n"
AZURE_HEAD = "TIMESTAMP,ContextTokens,GeneratedTokens\n"
PLAIN = PLAIN_HEAD + "1.5,3,4\n0.25,1,2\n1.5,5,6\n"
EIGHT = PLAIN_HEAD + "".join(f"{10 + k},{k},{10 * k + 1}\n" for k in range(8))
"""A request a second; each one's lengths tell which it is."""

READ = {
    "azure 2023": (AZURE_2023, [(0, 4808, 10), (52_000_100_000, 0, 8)]),
    "azure 2024": (
        AZURE_2024,
        [(0, 2162, 5), (990_070_000_000, 7, 1), (1_490_070_000_000, 8, 2)],
    ),
    "mooncake": (MOONCAKE, [(0, 6758, 500), (0, 7322, 490), (27_482_000_000_500, 3, 1)]),
    "burstgpt, 6 columns": (BURSTGPT_6, [(0, 472, 18), (113 * SECOND + SECOND // 2, 417, 276)]),
    "burstgpt, 8 columns": (BURSTGPT_8, [(0, 36, 29), (31 * SECOND + SECOND // 4, 38, 30)]),
    "vidur": (VIDUR, [(0, 3772, 54), (2_828_480_710_548, 2015, 156), (10 * SECOND, 5, 6)]),
    "vllm log": (VLLM_LOG, [(0, 2358, 531), (265_091_400_000, 1034, 769)]),
    "vllm bench": (json.dumps(VLLM_BENCH), [(0, 6, 8), (1_000_000_001_000, 7, 9)]),
    "vllm bench, indented": (
        json.dumps(VLLM_BENCH, indent=2),
        [(0, 6, 8), (1_000_000_001_000, 7, 9)],
    ),
    "plain": (PLAIN, [(0, 1, 2), (1_250_000_000_000, 3, 4), (1_250_000_000_000, 5, 6)]),
    "plain, other order": (
        'output_tokens, "id", input_tokens, arrival_time\n2, "a\nb", 1, 3e0',
        [(0, 1, 2)],
    ),
}

READ |= {
    "bailian": (BAILIAN, [(0, 310, 40), (1_250_000_000_000, 420, 20)]),
    "llmservingsim": (LLMSERVINGSIM, [(0, 4, 2), (1_500_000_007_000, 8, 9)]),
    "blis": (BLIS, [(0, 512, 20), (2_500_000_000, 90, 30)]),
    "blis, groups": (
        BLIS_GROUPS,
        [(0, 110, 5), (1_500_000_000, 14, 6), (2_500_000_000, 11, 7)],
    ),
    "apex": (APEX, [(0, 374, 44), (4_314_579_000_000, 396, 109)]),
    "aiperf": (AIPERF, [(0, 550, 9), (1_000_000_007_000, 7, 3)]),
    "guidellm": (GUIDELLM, [(0, 12, 3), (1_750_000_000_000, 14, 5)]),
    "inference-perf": (INFERENCE_PERF, [(0, 7, 4), (SECOND, 9, 6)]),
    "litellm": (LITELLM, [(0, 100, 20), (2 * SECOND, 50, 10)]),
    "litellm, answers": (
        "\n".join(map(json.dumps, LITELLM_PAGES)),
        [(0, 100, 20), (2 * SECOND, 50, 10), (5 * SECOND, 7, 8)],
    ),
    "litellm, one answer": (
        json.dumps(litellm_answer((1, 3, 4)), indent=2),
        [(0, 3, 4)],
    ),
    "plain, tabs": (
        PLAIN.replace(",", "\t"),
        [(0, 1, 2), (1_250_000_000_000, 3, 4), (1_250_000_000_000, 5, 6)],
    ),
    "mooncake, csv": (
        "timestamp,input_length,output_length\n5,6,7\n8,9.0,1\n",
        [(0, 6, 7), (3_000_000_000, 9, 1)],
    ),
    "mooncake, indented": (
        '{\n"timestamp": 5, "input_length": 6,\n"output_length": 7\n}\n' * 2,
        [(0, 6, 7), (0, 6, 7)],
    ),
    "azure, json": (
        '{"TIMESTAMP": "2023-11-16 23:59:59.5", "ContextTokens": 8, "GeneratedTokens": "2"}',
        [(0, 8, 2)],
    ),
}
FAILED = {
    "blis": (BLIS, READ["blis"][1], 1),
    "aiperf": (AIPERF, READ["aiperf"][1], 1),
    "guidellm": (GUIDELLM, READ["guidellm"][1], 2),
    "inference-perf": (INFERENCE_PERF, READ["inference-perf"][1], 1),
    "litellm": (LITELLM, READ["litellm"][1], 1),
    "plain": (PLAIN + "9,5,0\n10,5,\n", READ["plain"][1], 2),
    "mooncake": (
        MOONCAKE + '{"timestamp": 1, "input_length": 2}\n{"timestamp": 2, "output_length": null}\n',
        READ["mooncake"][1],
        2,
    ),
    "vllm bench": (
        json.dumps(VLLM_BENCH | {"errors": ["", "", "reset"]}),
        [(0, 6, 8)],
        2,
    ),
}
"""A text of a format, the rows of it that were answered, and how many were not."""


def written(folder: Path, text: str | bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def rows(workload: Workload) -> list[tuple[int, ...]]:
    requests = workload.requests
    columns = (requests.arrival_time, requests.input_tokens, requests.output_tokens)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def refusal(path: Path | str, *settings: str) -> str:
    """The sentence that refuses a trace, when it is loaded or when it is read."""
    with pytest.raises(InputError) as error:
        _ = apply_settings(load_workload(path), settings).requests
    return str(error.value)
