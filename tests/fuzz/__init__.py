"""A fuzzer of our own: mutated inputs, kept where they reach new lines of overlap.

`make fuzz` runs it; `python -m tests.fuzz --help` lists the targets and options. atheris has no
wheels for the newest Pythons that the gate runs on, and mutating bytes alone seldom passes a JSON
parser; this one changes values, keys and structure (`mutation`), and watches lines (`coverage`).
What a run finds is kept in `found/`, what reaches new lines in `corpus/`; tests/fuzz/test_corpus.py
plays both again.
"""
