"""Write, or with --check compare, what is computed from the code: tables of the README, manifest.yml."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bot.core.command import table as commands
from bot.ops.manifest import manifest_yaml
from bot.settings import table as settings
from bot.slack.manifest import EVENT_REASONS, EVENTS, SCOPES, SHORTCUTS


def scopes() -> str:
    """Return the README's tables of scopes, events and shortcuts, each with its reason."""
    asked = [
        "| scope | why |",
        "|---|---|",
        *(f"| `{scope}` | {reason} |" for scope, reason in SCOPES),
        "",
        "| event or shortcut | why |",
        "|---|---|",
        *(f"| `{event}` | {EVENT_REASONS[event]} |" for event in EVENTS),
        *(
            f"| *{name}* ({'on a message' if kind == 'message' else kind}) | {why} |"
            for _, kind, name, _, why in SHORTCUTS
        ),
    ]
    return "\n".join(asked)


def documents() -> dict[Path, str]:
    """Return each generated file with the text it should have."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    tables = {"commands": commands.markdown_table(), "settings": settings.markdown_table(), "scopes": scopes()}
    for name, table in tables.items():
        mark = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not mark.search(readme):
            sys.exit(f"README.md has no place for the table of {name}")
        readme = mark.sub(lambda found, table=table: found.group(1) + table + "\n" + found.group(2), readme)
    return {ROOT / "README.md": readme, ROOT / "manifest.yml": manifest_yaml({})}


def main() -> int:
    """Write, or return 1 and name what is not current."""
    stale = [path for path, text in documents().items() if not path.exists() or path.read_text("utf-8") != text]
    if "--check" in sys.argv:
        for path in stale:
            print(f"{path.name} is not current: run `make docs`")
        return 1 if stale else 0
    for path, text in documents().items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
