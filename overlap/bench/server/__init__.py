"""The servers under test: variants, their processes and vital signs, and the backend they send to.

`process` starts and ends them; `variants` names them.
"""
