"""What a real server measured, and how far a simulation of it is right.

A log is read as facts, a `ServerLog`. A fit finds what an iteration costs, with which the same
requests are simulated; measured and simulated times are compared.
"""
