"""A survey as plain rows: the JSON contract."""
