"""Where a process starts to serve and where it ends: event loops, servers, exit.

`setup` installs what is here; each module has one function that returns its own undo.
"""
