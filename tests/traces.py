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
