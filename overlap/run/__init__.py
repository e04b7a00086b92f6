"""`overlap run`: run a command with pocket beside it, and instrument the Django that it serves.

- `bootstrap/` is put on PYTHONPATH: Python imports its sitecustomize at every start, which
  waits until one of Django's entry points is imported;
- `served_process` is what then happens, in the process that serves;
- `backend` finds or starts what receives the telemetry;
- `command` runs the command and passes signals on;
- `process_notes` is what the processes report.
"""
