"""The Slack app's manifest as a file, computed from the settings and the table of commands."""

from collections.abc import Mapping

from bot.core.command import table as commands
from bot.settings.table import SETTINGS
from bot.slack.manifest import manifest

_HEAD = "# Made by `flowbot manifest`. To update it, run `make docs`.\n"


def manifest_yaml(environ: Mapping[str, str]) -> str:
    """``manifest.yml`` under these settings. Raises Refusal where HTTP mode has no public address."""
    import yaml

    said = {row.name: environ.get(row.name) or row.default or "" for row in SETTINGS}
    wanted = manifest(
        said["FLOWBOT_COMMAND"], commands.usage_hint(), said["FLOWBOT_MODE"].lower(), said["FLOWBOT_PUBLIC_URL"]
    )
    return _HEAD + yaml.safe_dump(wanted, sort_keys=False, allow_unicode=True, width=100)
