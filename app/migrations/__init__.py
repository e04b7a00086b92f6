"""The demo's tables, and what stands in them at first."""
