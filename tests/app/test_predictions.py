"""The page of advice beside what happened: medians of several plays, and what does not hold."""

import json

from app import predictions


def played(predicted: float, measured: float, scenario: str = "serial") -> list[dict]:
    return [
        {
            "scenario": scenario,
            "pair": "gather",
            "changes": ["gather"],
            "what": "request",
            "today_ms": 3000.0,
            "predicted_ms": predicted,
            "measured_ms": measured,
            "holds": True,
        }
    ]


def test_each_figure_is_the_median_of_the_plays():
    """One play on a busy moment does not decide; what misses by more than a tenth is said."""
    plays = [played(2000, 2600), played(2010, 2020), played(2020, 2010)]
    [found] = predictions.medians(plays)
    assert (found["predicted_ms"], found["measured_ms"], found["holds"]) == (2010, 2020, True)
    [missed] = predictions.medians([played(2000, 2230)])
    assert missed["holds"] is False
    table = predictions.table([found, missed])
    assert (
        "| `serial` | gather | `gather` | request | 3,000 ms | 2,010 ms | 2,020 ms | yes |" in table
    )
    assert "| 2,230 ms | **no** |" in table
    assert "\n1 of 2 predictions hold.\n" in table
    assert table.endswith("`serial`: not explained.\n")


def test_a_prediction_of_one_play_in_three_is_a_busy_moment():
    """It is left out, in whichever play it was."""
    rare = played(300, 300, "rare")
    plays = [played(2000, 2000) + rare, played(2000, 2000), played(2000, 2000)]
    assert [each["scenario"] for each in predictions.medians(plays)] == ["serial"]
    often = [[], played(1, 1), played(1, 1)]
    assert [each["scenario"] for each in predictions.medians(often)] == ["serial"]


def test_the_page_is_written_from_what_play_printed(tmp_path, monkeypatch):
    """The exit status says whether every prediction holds."""
    monkeypatch.setattr(predictions, "PAGE", tmp_path / "page.md")
    readme = tmp_path / "README.md"
    monkeypatch.setattr(predictions, "README", readme)
    readme.write_text("# A\n\n| `serial` | gather | old |\n| `other` | gather | old |\n")
    files = []
    for number, (predicted, measured) in enumerate([(100, 110), (100, 130)]):
        file = tmp_path / f"{number}.json"
        file.write_text(json.dumps({"predictions": played(predicted, measured)}))
        files.append(str(file))
    assert predictions.main(files[:1]) == 0
    assert predictions.main(files[1:]) == 1
    text = (tmp_path / "page.md").read_text()
    assert text.startswith("# Advice beside what happened\n")
    assert "0 of 1 predictions hold." in text
    (row,) = (line for line in text.splitlines() if line.startswith("| `serial`"))
    assert readme.read_text() == f"# A\n\n{row}\n| `other` | gather | old |\n"


def test_the_shipped_page_is_this_modules():
    """The page in docs has the words and the columns that are written today."""
    text = predictions.PAGE.read_text(encoding="utf-8")
    assert text.startswith(predictions.HEAD)
    assert predictions.table([]).splitlines()[0] in text
