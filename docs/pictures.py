"""The README's pictures, taken anew from the running demo: `make pictures`.

Needs `make demo` running, and the system's Chromium and chromedriver.
"""

import asyncio
import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from overlap import config as configuration
from overlap.backend import Backend
from overlap.play import Player, Result
from overlap.play.report import Report

PICTURES = Path(__file__).resolve().parent / "pictures"
COLUMNS = 104
TERMINAL = {
    "terminal": ["smoke_some_meats", "smoke_some_meats_sync", "burn_some_meats"],
    "killed": ["durable_killed"],
}
LESSONS = {
    "lesson": "burn_some_meats",
    "lesson-gather": "smoke_some_meats",
    "lesson-queries": "orm_gather",
}
TRACE = "smoke_some_meats"
# Without dithering, which would make flat areas noise, and the file larger than before.
PALETTE = ("+dither", "-strip", "-colors", "128", "-quality", "90")
OPTIONS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --hide-scrollbars "
    "--disable-background-networking --disable-component-update --disable-sync "
    "--force-device-scale-factor=1.5"
)


async def play() -> dict[str, Result]:
    """Play the lessons that the terminal's pictures show."""
    config = configuration.load()
    lessons = {each.name: each for each in configuration.load_scenarios(config)}
    async with (
        Backend(config.traces_url) as backend,
        Player(config.app_url, config.otlp_endpoint, backend, start_hint="make demo") as player,
    ):
        names = [name for picture in TERMINAL.values() for name in picture]
        return {name: await player.play(lessons[name]) for name in names}


def terminal(results: list[Result]) -> str:
    """What `overlap play` prints of them, as SVG."""
    console = Console(
        record=True, width=COLUMNS, force_terminal=True, color_system="truecolor",
        file=io.StringIO(),
    )  # fmt: skip
    for result in results:
        Report(console).lesson(result)
    return console.export_svg(title="overlap play", theme=DIMMED_MONOKAI)


def main() -> None:
    """Take every picture."""
    driver_path = shutil.which("chromedriver")
    if driver_path is None:
        sys.exit("pictures: chromedriver is not installed (Debian: chromium, chromium-driver)")
    PICTURES.mkdir(exist_ok=True)
    results = asyncio.run(play())
    options = webdriver.ChromeOptions()
    for option in OPTIONS.split():
        options.add_argument(option)
    browser = webdriver.Chrome(options=options, service=Service(driver_path))
    try:
        with tempfile.TemporaryDirectory() as folder:
            for picture, names in TERMINAL.items():
                svg = terminal([results[name] for name in names])
                (Path(folder) / f"{picture}.svg").write_text(svg, encoding="utf-8")
                page = Path(folder) / f"{picture}.html"
                page.write_text(f'<img src="{picture}.svg" width="1000">', encoding="utf-8")
                take(browser, page.as_uri(), picture, 1100, "img")
        base = configuration.load().traces_url
        for picture, lesson in LESSONS.items():
            take(browser, f"{base}/lessons/{lesson}", picture, 1280, "main")
        take(browser, results[TRACE].url, "trace", 1280, "main")
    finally:
        browser.quit()


def take(browser: webdriver.Chrome, url: str, name: str, width: int, element: str) -> None:
    """One picture: `element` of the page at `url`, in a window `width` pixels wide."""
    browser.set_window_size(width, 3000)
    browser.get(url)
    path = str(PICTURES / f"{name}.png")
    if not browser.find_element("css selector", element).screenshot(path):
        sys.exit(f"pictures: {path} could not be written")
    if (convert := shutil.which("convert")) is not None:  # ImageMagick: a third of the size
        subprocess.run([convert, path, *PALETTE, f"PNG8:{path}"], check=True)
    print(path)


if __name__ == "__main__":
    main()
