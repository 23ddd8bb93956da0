"""What a real server measured, and how far a simulation of it is right.

log ──► ServerLog ──► fit ──► IterationCost ──► Run ──► accuracy
(a file)  (facts)     (what an iteration costs)          (measured against simulated)
"""
