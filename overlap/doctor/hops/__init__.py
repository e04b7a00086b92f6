"""The hops of the road, each a module with one function that looks at it."""
