"""The tools of `overlap mcp`: what an agent can ask about a service, over MCP.

`server` gives the tools their names, schemas and descriptions; it alone needs the SDK, the package
`mcp`. A module each has the tools of one trace, of many, and of the app. Every answer is bounded:
`paging` divides rows into pages, `bounds` shortens what a trace may hold at any length.
"""
