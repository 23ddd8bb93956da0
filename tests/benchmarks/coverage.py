"""Measure how far fits to logs of our own engines are right, and how sure they are.

    python -m tests.benchmarks.coverage [--seeds FIRST LAST]

Each log has 1000 requests; every interval from when a request was scheduled to its first token, and
from there to its last, is off by 3 %. Memory is ample, or tight with a queue that is short, nearly
endless, or endless. Told are the share of prices within their intervals, of those that the server
had and of those that are told; and how far the means of a simulation with the fitted prices are off
those of the run without noise, beside one with the true prices, each a thousandth higher: so far a
queue, or who is evicted, takes what is off in a price.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tests.measured_logs import (
    COST,
    ENGINES,
    PRICES,
    dearer,
    engine_called,
    off,
    some_requests,
    write_vllm_log,
)
from tui_batching.measured.fit import fit
from tui_batching.measured.reading import read_log

LOADS = {"ample": (False, 1000), "tight": (True, 500), "nearly full": (True, 300)}
LOADS["saturated"] = (True, 100)


def main() -> None:
    """Print a row a load."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", nargs=2, type=int, default=(200, 216))
    first, last = parser.parse_args().seeds
    names = list(dict(ENGINES))
    heading = "load         prices within   TTFT, TPOT, E2EL off: mean, most (a thousandth dearer)"
    print(heading)
    for load, (tight, over) in LOADS.items():
        within, errors, worse = [], [], []
        for seed in range(first, last):
            engine = engine_called(names[seed % len(names)], tight=tight)
            run = engine.serve(some_requests(1000, over, seed), COST)
            with TemporaryDirectory() as folder:
                log = read_log(write_vllm_log(Path(folder) / "log.jsonl", run, 0.03, seed))
            found = fit(log, engine, log.measured)
            told = {each.name: each for each in found.coefficients}
            for name in told.keys() | PRICES.keys():
                price, each = PRICES.get(name, 0), told.get(name)
                within.append(each is not None and each.low <= price <= each.high)
            errors.append(off(found.run, run))
            worse.append(off(engine.serve(run.requests, dearer(0.001)), run))
        means = (np.mean(errors, axis=0), np.max(errors, axis=0), np.mean(worse, axis=0))
        mean, most, by_price = (" ".join(f"{100 * each:.2f}" for each in row) for row in means)
        share = f"{sum(within)}/{len(within)} {np.mean(within):.1%}"
        print(f"{load:12} {share:15} {mean} %, {most} % ({by_price} %)", flush=True)


if __name__ == "__main__":
    main()
