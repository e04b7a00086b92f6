"""Findings for CI: at a file and line, as SARIF, acknowledged with a reason until a date.

`findings` has what a verdict or a survey found, as rows of one kind; `sarif` writes them;
`acknowledgments` reads the file that says which are known, and `gate` what remains.
"""
