"""Export over OTLP/HTTP: encoding, the queue of encoded items, the exporters and the HTTP sender.

The pipelines of spans, logs and metrics use it.
"""
