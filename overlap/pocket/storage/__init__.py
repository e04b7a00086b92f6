"""What was received, in bounded memory: traces, logs and metrics, and the search over traces.

`store.Store` and `logs_and_metrics` are what the API and the pages read; `span_batch` splits an
export request into what the store keeps.
"""
