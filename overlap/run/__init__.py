"""`overlap run`: a command with pocket beside it, and the instrument in whatever Django it serves.

- `bootstrap/` is put on PYTHONPATH: Python imports its sitecustomize at every start, which
  waits until something of Django's doors is imported;
- `inside` is what then happens, in the process that serves;
- `backend` finds or starts what takes the telemetry;
- `command` runs the command and passes signals on.
"""
