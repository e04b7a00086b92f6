"""The flight recorder: what every request did, in a ring of fixed size, for when something happens.

`active.start` starts it; `active.RECORDER` is what code inside requests writes to, and
`active.ask` asks for a dump. `layout` is the format of the file, which overlap.recording reads.
"""
