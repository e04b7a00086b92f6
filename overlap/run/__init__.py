"""`overlap run`: run a command of a Django project with pocket, and instrument what it runs.

- `bootstrap/` is added to PYTHONPATH. Python imports its sitecustomize when it starts, and that
  waits until one of Django's entry points is imported;
- `served_process` then instruments the process that serves; `management_command` and `workers`
  one that runs a command of manage.py or the jobs of a queue;
- `backend` finds or starts the backend that receives the telemetry;
- `command` runs the command and forwards signals;
- `process_notes` has the notes in which these processes report to `overlap run`.
"""
