"""`python -m overlap` is `overlap`."""

from overlap.cli import main

if __name__ == "__main__":
    main()
