"""What a request calls: HTTP clients, database queries; and the threads it uses.

Each module has one `instrument_…` function that returns its own undo.
"""
