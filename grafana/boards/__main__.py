"""Write every dashboard: `make dashboards`."""

from pathlib import Path

from grafana.boards import rendered

FOLDER = Path(__file__).resolve().parent.parent / "dashboards"


def main() -> None:
    """Write each dashboard's file, and print its path."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in rendered().items():
        path = FOLDER / f"{name}.json"
        path.write_text(text, encoding="utf-8")
        print(path)


if __name__ == "__main__":
    main()
