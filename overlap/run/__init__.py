"""`overlap run`: run a server command with pocket, and instrument the Django project it serves.

- `bootstrap/` is added to PYTHONPATH. Python imports its sitecustomize when it starts, and that
  waits until one of Django's entry points is imported;
- `served_process` then instruments the process that serves;
- `backend` finds or starts the backend that receives the telemetry;
- `command` runs the command and forwards signals;
- `process_notes` has the notes in which these processes report to `overlap run`.
"""
