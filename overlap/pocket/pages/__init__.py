"""The pages: scenarios, traces, comparisons, background work. Server-rendered.

`routes.routes` serves them; `contents` collects what each page shows.
"""
