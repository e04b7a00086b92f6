"""The hops of the telemetry pipeline, a module each, with one function `look` that checks it."""
