"""What names a server span: its route, as people read it, GraphQL's operation, and its view.

Each module is imported by its own name.
"""
