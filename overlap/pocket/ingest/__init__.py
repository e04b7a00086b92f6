"""The OTLP/HTTP receiver: reads a body within limits, decodes it and hands it to the storage.

`receiver.routes` serves it.
"""
