"""``flowbot people`` while no bot runs: who is imported is who will speak."""

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from click.testing import CliRunner

from bot.cli import main
from bot.core.errors import Refusal
from bot.ops import offline
from bot.settings import table

LINES = "slack_user,enos_user_id,enos_user_name\n"
MAYA = "U0MAYA00001,u15432100000000011,maya.chen\n"


TOLD = web.AppKey("TOLD", dict[str, Any])


@pytest.fixture
async def slack():
    """A Slack that says whose workspace it is; what it tells may be changed."""

    async def auth(_request: web.Request) -> web.Response:
        return web.json_response(app[TOLD])

    app = web.Application()
    app[TOLD] = {"ok": True, "team_id": "T0DEMO0001", "user_id": "U0FLOWBOT1", "bot_id": "B0FLOWBOT1"}
    app.router.add_post("/api/auth.test", auth)
    async with TestServer(app) as server:
        yield server


def configured(folder: Path, slack: TestServer) -> table.Settings:
    return table.load(
        {
            "SLACK_BOT_TOKEN": "xoxb-1",
            "SLACK_APP_TOKEN": "xapp-1",
            "SLACK_API_URL": str(slack.make_url("/api/")),
            "ENOS_API_URL": "https://gateway.example.com",
            "ENOS_ACCESS_KEY": "key",
            "ENOS_SECRET_KEY": "secret",
            "ENOS_ORG_ID": "o1",
            "ENOS_USER_ID": "u1",
            "FLOWBOT_CHANNEL": "C0DATAOPS1",
            "FLOWBOT_DATABASE": str(folder / "flowbot.db"),
        }
    )


async def test_people_named_without_a_team_are_of_the_bots_workspace(tmp_path: Path, slack: TestServer):
    wanted = configured(tmp_path, slack)
    assert await offline.import_people(wanted, LINES + MAYA) == (
        "Added: 1. Changed: 0. Unchanged: 0. flowbot verifies each link when it is first used.\n"
    )
    assert await offline.list_people(wanted) == f"{LINES}T0DEMO0001:{MAYA}"


async def test_inside_an_enterprise_people_are_known_by_it(tmp_path: Path, slack: TestServer):
    slack.app[TOLD]["enterprise_id"] = "E0DEMO0001"
    wanted = configured(tmp_path, slack)
    others = "T0DEMO0001:U0JONAS0001,u15432100000000012,jonas.weber\n"
    await offline.import_people(wanted, LINES + MAYA + others)
    listed = await offline.list_people(wanted)
    assert listed == f"{LINES}E0DEMO0001:U0JONAS0001,u15432100000000012,jonas.weber\nE0DEMO0001:{MAYA}"


async def test_without_slack_the_file_has_to_name_the_team(tmp_path: Path, slack: TestServer):
    wanted = configured(tmp_path, slack)
    await slack.close()
    with pytest.raises(Refusal, match="Line 2: write U0MAYA00001 with its team"):
        await offline.import_people(wanted, LINES + MAYA)
    await offline.import_people(wanted, f"{LINES}T0DEMO0001:{MAYA}")
    assert await offline.list_people(wanted) == f"{LINES}T0DEMO0001:{MAYA}"


async def test_a_bad_token_is_said(tmp_path: Path, slack: TestServer):
    slack.app[TOLD].update(ok=False, error="invalid_auth")
    with pytest.raises(Refusal, match="does not know the token in SLACK_BOT_TOKEN"):
        await offline.import_people(configured(tmp_path, slack), LINES + MAYA)


def test_a_file_that_is_not_text_is_reported(tmp_path: Path):
    file = tmp_path / "people.csv"
    file.write_bytes(b"\xff\xfe\x00")
    told = CliRunner().invoke(main, ["people", "import", str(file)])
    assert told.exit_code == 1
    assert "it is not text in UTF-8" in told.output
