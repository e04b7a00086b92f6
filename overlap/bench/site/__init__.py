"""The site that is measured: a Django project with four views; BENCH_VARIANT sets its telemetry."""
