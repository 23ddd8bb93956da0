"""Benchmarks: how fast simulations, sweeps, traces and the app are, and what memory they take.

They are not collected by pytest. Run them from the project's root, on a quiet machine:

    python -m tests.benchmarks.simulation            # everything, about ten minutes
    python -m tests.benchmarks.simulation --quick    # a tenth of it, one minute
    python -m tests.benchmarks.engines               # real engines, one minute
    python -m tests.benchmarks.sweeps                # sweeps on processes, half a minute
    python -m tests.benchmarks.traces                # reading 5,000,000 rows, one minute
    python -m tests.benchmarks.terminal              # the app, against its budgets

Speeds differ from machine to machine, so the ratios come first: each divides two measurements of
the same process on the same requests.
"""
