"""The stack's servers without Docker: built from Go modules, run on loopback with the same files.

`python -m otel.native build` builds, `python -m otel.native run` runs (`make stack` does both, and
then starts the demo).
"""
