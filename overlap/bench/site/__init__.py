"""The site that is measured: a Django project of four views, told apart by BENCH_VARIANT."""
