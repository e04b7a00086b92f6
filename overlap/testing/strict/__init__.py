"""`traced.strict()`: any call that blocks, made on an event loop, fails the test, however short.

Three ways to see one, all of them only while a block is strict: audit events of the interpreter
(`audit_events`), calls of C functions seen by a profile function (`c_calls`), and locks of the
project that are replaced meanwhile (`watched_locks`). `report` has the error.
"""
