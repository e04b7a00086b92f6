"""The survey of the kept traces, kept up to date: what each trace shows, and the sum by route."""
