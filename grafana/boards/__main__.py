"""Write every dashboard, provisioned and importable: `make dashboards`."""

from pathlib import Path

from grafana.boards import rendered
from grafana.boards.importable import importable

GRAFANA = Path(__file__).resolve().parent.parent
PROVISIONED = GRAFANA / "dashboards"
IMPORTABLE = GRAFANA / "import"


def main() -> None:
    """Write each dashboard's file, and print its path."""
    for name, text in rendered().items():
        for folder, content in ((PROVISIONED, text), (IMPORTABLE, importable(text))):
            folder.mkdir(exist_ok=True)
            path = folder / f"{name}.json"
            path.write_text(content, encoding="utf-8")
            print(path)


if __name__ == "__main__":
    main()
