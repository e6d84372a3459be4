"""Write the catalogues of sentences from the code, or with --check say what is wrong with them.

A language is ``bot/locale/LANGUAGE/LC_MESSAGES/flowbot.po``, which people edit, and the ``.mo`` made of it, which the
program reads. Writing adds new sentences without a translation, marks those whose English has changed as fuzzy, and
leaves out those that nobody says any more. The check fails on a sentence that is missing, not translated or fuzzy, on
placeholders that differ, and on files that are not what writing would make of them.
"""

import io
import sys
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bot.core.text.catalogue import DOMAIN, FOLDER
from bot.core.text.language import EN, LANGUAGES
from bot.core.text.message import PLACEHOLDER

KEYWORDS = {"msg": None, "plural": (1, 2)}
warnings.simplefilter("ignore")  # Babel takes data in f-strings for sentences
BEGUN = datetime(2026, 11, 30, tzinfo=UTC)  # in the header instead of now: writing twice writes the same


def said(root: Path | None = None) -> Catalog:
    """All sentences of the code."""
    template = Catalog(project=DOMAIN, charset="utf-8", creation_date=BEGUN, revision_date=BEGUN)
    for path, _, text, comments, context in extract_from_dir(
        root or ROOT / "bot",
        [("sim/**", "ignore"), ("**.py", "python")],
        keywords=KEYWORDS,
        comment_tags=("Translators:",),
    ):
        template.add(text, None, [(f"bot/{path}", 0)], auto_comments=comments, context=context)
    return template


def merged(old: str, template: Catalog, language: str) -> Catalog:
    """A language's catalogue brought up to the code."""
    catalog = read_po(io.StringIO(old), locale=language) if old else Catalog(locale=language, charset="utf-8")
    catalog.update(template)
    catalog.obsolete.clear()
    catalog.project, catalog.creation_date, catalog.revision_date = DOMAIN, BEGUN, BEGUN
    catalog.header_comment = f"# flowbot: {language}. Edit the translations; `make messages` does the rest."
    return catalog


def written(catalog: Catalog) -> tuple[str, bytes]:
    """The text of the ``.po`` and the bytes of the ``.mo``."""
    po, mo = io.BytesIO(), io.BytesIO()
    write_po(po, catalog, width=120, include_lineno=False, sort_output=True)
    write_mo(mo, catalog)
    return po.getvalue().decode(), mo.getvalue()


def problems(catalog: Catalog) -> Iterator[str]:
    """What is wrong with each translation."""
    for message in catalog:
        if not message.id:
            continue  # the header
        english = message.id if isinstance(message.id, tuple) else (message.id,)
        translated = message.string if isinstance(message.string, tuple) else (message.string,)
        if not all(translated):
            yield f"not translated: {english[0]!r}"
        elif message.fuzzy:
            yield f"fuzzy: {english[0]!r}"
        else:
            expected = placeholders(english[-1])
            yield from (f"other placeholders: {text!r}" for text in translated if placeholders(text) != expected)


def placeholders(text: str) -> frozenset[str]:
    """The data of a sentence. How many more there are ("{n} more") may be said as how many in all ("{total}")."""
    return frozenset("n" if name == "total" else name for name in PLACEHOLDER.findall(text))


def main() -> int:
    """Write, or return 1 and say what is wrong."""
    template, wrong = said(), list[str]()
    for language in LANGUAGES:
        if language == EN:
            continue
        path = FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po"
        old = path.read_text("utf-8") if path.exists() else ""
        catalog = merged(old, template, language)
        po, mo = written(catalog)
        if "--check" not in sys.argv:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(po, encoding="utf-8")
            path.with_suffix(".mo").write_bytes(mo)
        elif po != old or not path.with_suffix(".mo").exists() or path.with_suffix(".mo").read_bytes() != mo:
            wrong.append(f"{language}: the catalogue is not current: run `make messages`")
        wrong += [f"{language}: {problem}" for problem in problems(catalog)]
    print("\n".join(wrong) or "every sentence is translated")
    return 1 if wrong and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
