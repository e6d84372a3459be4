"""The catalogues: nothing that people read is missing in a language, and the check notices what is."""

import ast
import re
import sys
from pathlib import Path

import pytest
from test_ci import program

from bot.core.text.language import EN, LANGUAGES
from bot.core.text.message import PLACEHOLDER

ROOT = Path(__file__).resolve().parents[2]
OTHERS = [language for language in LANGUAGES if language != EN]
catalogue = program("catalogue")
# Where messages are tables without data, and the data that they are filled with.
FILLED_IN = {
    "bot/core/command/wanted.py": {"after", "example", "found", "most", "flow", "command", "quoted"},
    "bot/messages/cards/background.py": {"time", "duration", "person"},
    "bot/messages/cards/expectations.py": {"flow"},
    "bot/messages/cards/lateness.py": {"time", "done"},
    "bot/messages/cards/retry.py": {"flow", "run", "person"},
    "bot/messages/cards/bulk.py": {"flows", "limit"},
    "bot/slack/preflight.py": {"setting", "error"},
}


def calls(*names):
    """Every call of these functions in the code: its place, its name, its texts and the names of its data."""
    for path in sorted((ROOT / "bot").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                count = 2 if node.func.id == "plural" else 1
                data = {keyword.arg for keyword in node.keywords}
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node.func.id, node.args[:count], data


def placeholders(text):
    return set(PLACEHOLDER.findall(text.value))


def test_each_sentence_is_a_literal_and_its_data_fits():
    wrong = []
    for place, name, texts, data in calls("msg", "plural", "layout"):
        if "core/text/message.py" in place and not all(isinstance(each, ast.Constant) for each in texts):
            continue  # the definitions
        if not all(isinstance(each, ast.Constant) and isinstance(each.value, str) for each in texts):
            wrong.append(f"{place}: not a literal")
            continue
        known = data | ({"n"} if name == "plural" else set())
        if not data and name != "layout":
            known |= FILLED_IN.get(place.partition(":")[0], set())
        if None in data:
            continue  # a dictionary of data
        wrong += [f"{place}: no data for {text.value!r}" for text in texts if not placeholders(text) <= known]
        if data - {"total"} - set().union(*map(placeholders, texts)):
            wrong.append(f"{place}: data that nobody reads in {texts[0].value!r}")
        if name == "layout" and re.search(r"[A-Za-z]", PLACEHOLDER.sub("", texts[0].value)):
            wrong.append(f"{place}: words in a layout: {texts[0].value!r}")
    assert wrong == []


def test_the_catalogue_holds_each_sentence():
    """Babel passes over a call within another one's arguments."""
    found = {
        text for entry in catalogue.said() if entry.id for text in (entry.id if entry.pluralizable else [entry.id])
    }
    texts = [(place, text) for place, _, texts, _ in calls("msg", "plural") for text in texts]
    said = {(place, each.value) for place, each in texts if isinstance(each, ast.Constant) and "/sim/" not in place}
    assert sorted((place, text) for place, text in said if text not in found) == []


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of two sentences with a Chinese catalogue that is complete."""
    code = tmp_path / "bot" / "words.py"
    code.parent.mkdir()
    code.write_text('msg("{flow} failed.", flow=1)\nplural("{n} run", "{n} runs", 2)\n', "utf-8")
    monkeypatch.setattr(catalogue, "FOLDER", tmp_path / "locale")
    monkeypatch.setattr(catalogue, "ROOT", tmp_path)
    template = catalogue.said(tmp_path / "bot")
    made = catalogue.merged("", template, "zh")
    made.get("{flow} failed.").string = "{flow} 失败。"
    made.get("{n} run").string = ("{n} 次运行",)
    path = tmp_path / "locale" / "zh" / "LC_MESSAGES" / "flowbot.po"
    path.parent.mkdir(parents=True)
    write(path, *catalogue.written(made))
    return code, path


def write(path, po, mo):
    path.write_text(po, "utf-8")
    path.with_suffix(".mo").write_bytes(mo)


def run(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["catalogue.py", *arguments])
    code = catalogue.main()
    return code, capsys.readouterr().out


def test_what_is_whole_passes_and_writing_it_again_changes_nothing(project, monkeypatch, capsys):
    path = project[1]
    before = path.read_bytes(), path.with_suffix(".mo").read_bytes()
    assert run(monkeypatch, capsys, "--check") == (0, "every sentence is translated\n")
    assert run(monkeypatch, capsys)[0] == 0
    assert (path.read_bytes(), path.with_suffix(".mo").read_bytes()) == before


def missing(code, path):
    code.write_text(code.read_text("utf-8") + 'msg("Nobody is on it.")\n', "utf-8")
    return "not translated: 'Nobody is on it.'"


def replaced(file, old, new, complaint):
    """Break the project by other words in one of its files: 0 is its code, 1 its catalogue."""

    def break_it(*project):
        path = project[file]
        path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
        return complaint

    return break_it


def uncompiled(code, path):
    path.with_suffix(".mo").write_bytes(b"")
    return "not current"


def gone(code, path):
    path.unlink()
    return "not translated"


def unsaid(code, path):
    code.write_text('msg("{flow} failed.", flow=1)\n', "utf-8")
    return "not current"


BROKEN = {
    "missing": missing,
    "changed": replaced(0, "failed.", "failed!", "fuzzy: '{flow} failed!'"),
    "empty": replaced(1, "{n} 次运行", "", "not translated: '{n} run'"),
    "lost": replaced(1, "{flow} 失败。", "失败。", "other placeholders: '失败。'"),
    "invented": replaced(1, "{n} 次运行", "{n} 次运行 {who}", "other placeholders: '{n} 次运行 {who}'"),
    "uncompiled": uncompiled,
    "gone": gone,
    "unsaid": unsaid,
}


@pytest.mark.parametrize("break_it", BROKEN.values(), ids=BROKEN)
def test_what_is_broken_is_noticed(break_it, project, monkeypatch, capsys):
    complaint = break_it(*project)
    code, said = run(monkeypatch, capsys, "--check")
    assert code == 1
    assert complaint in said


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_is_left_in_english_but_names(language):
    """A translation that is its English is one of names, codes and symbols alone."""
    text = (catalogue.FOLDER / language / "LC_MESSAGES" / "flowbot.po").read_text("utf-8")
    for message in catalogue.merged(text, catalogue.said(), language):
        if message.id and message.string == message.id:
            assert not re.search(r"[a-z]{3}", PLACEHOLDER.sub("", re.sub(r"`[^`]*`", "", message.id))), message.id
