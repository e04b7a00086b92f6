"""What names a server span: its route, as people read it, and the operation of GraphQL.

Each module is imported by its own name.
"""
