"""What compose.scale.yml runs, as processes on loopback with the same files in otel/scale.

Two tiers of collectors with Kafka between them, Jaeger on Cassandra, and three hosts of the app.
`python -m otel.native scale` runs it; with `--load` it kills parts and counts what is lost.
"""
