"""Take the documentation's pictures from the running demo: `make pictures`.

Needs `make demo` running, and the system's Chromium and chromedriver. Grafana's two pictures are
not among them: they are taken by hand, with the stack up.
"""

import asyncio
import io
import shutil
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
from overlap.survey import survey
from overlap.survey.html import page as html_page

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
COLOURS = 64
"""A third of the file's size, and no difference to see. Without dithering, which makes noise."""
HIGHEST = 2400
"""In pixels: the rest of a long page is more of the same."""
OPTIONS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --hide-scrollbars "
    "--disable-background-networking --disable-component-update --disable-sync "
    "--force-device-scale-factor=1.4"
)


async def play() -> dict[str, Result]:
    """Play the scenarios that the pictures show, and their pairs; return the results by name."""
    config = configuration.load()
    scenarios = {each.name: each for each in configuration.load_scenarios(config)}
    async with (
        Backend(config.traces_url) as backend,
        Player(config.app_url, config.otlp_endpoint, backend, start_hint="make demo") as player,
    ):
        shown = [name for picture in TERMINAL.values() for name in picture] + [*LESSONS.values()]
        pairs = [pair for name in LESSONS.values() if (pair := scenarios[name].pair)]
        names = dict.fromkeys([*shown, *pairs])
        return {name: await player.play(scenarios[name]) for name in names}


def terminal(results: list[Result]) -> str:
    """Return what `overlap play` prints of these results, as SVG."""
    console = Console(
        record=True, width=COLUMNS, force_terminal=True, color_system="truecolor",
        file=io.StringIO(),
    )  # fmt: skip
    for result in results:
        Report(console).scenario(result)
    return console.export_svg(title="overlap play", theme=DIMMED_MONOKAI)


def survey_page(results: dict[str, Result]) -> str:
    """Return the page that `overlap survey --html` writes of the traces of these results."""
    traces = [result.trace for result in results.values() if result.trace]
    return html_page(survey(traces).as_dict(), traces_url=configuration.load().traces_url)


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
            summed = Path(folder) / "survey.html"
            summed.write_text(survey_page(results), encoding="utf-8")
            take(browser, summed.as_uri(), "survey", 1280, "main")
        base = configuration.load().traces_url
        for picture, lesson in LESSONS.items():
            take(browser, f"{base}/lessons/{lesson}", picture, 1280, "main")
        take(browser, results[TRACE].url, "trace", 1280, "main")
        take(browser, f"{base}/routes", "routes", 1280, "main")
    finally:
        browser.quit()


def take(browser: webdriver.Chrome, url: str, name: str, width: int, element: str) -> None:
    """Take one picture: `element` of the page at `url`, in a window `width` pixels wide."""
    browser.set_window_size(width, 3000)
    browser.get(url)
    path = str(PICTURES / f"{name}.png")
    if not browser.find_element("css selector", element).screenshot(path):
        sys.exit(f"pictures: {path} could not be written")
    from PIL import Image  # of the docs' dependencies, not of the tests'

    with Image.open(path) as picture:
        top = picture.crop((0, 0, picture.width, min(picture.height, HIGHEST)))
        small = top.convert("RGB").quantize(
            COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
        )
    small.save(path, optimize=True)
    print(path)


if __name__ == "__main__":
    main()
