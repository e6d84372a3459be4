"""What is checked before anything depends on it."""

import pytest
from fake_slack import BOT, BOT_USER, TEAM, Fault, refusal

from bot.core.errors import Refusal
from bot.slack.gateway import ConnectionSettings, SlackGateway
from bot.slack.preflight import SlackBusy, SlackDown


async def test_the_bot_learns_who_it_is(stage, slack):
    gateway = stage.gateway()
    me = await gateway.preflight()
    assert (me.team, me.user, me.bot, me.workspace_key) == (TEAM, BOT_USER, BOT, TEAM)
    assert me.url == "https://demo.slack.com/"
    assert "chat:write" in me.scopes
    assert gateway.poster.me == me
    assert [(call.method, call.token) for call in slack.calls] == [
        ("auth.test", "xoxb-demo"),
        ("apps.connections.open", "xapp-demo"),
    ]


async def test_in_an_enterprise_people_are_known_by_it(stage, slack):
    slack.answers["auth.test"] = {"team_id": TEAM, "user_id": BOT_USER, "bot_id": BOT, "enterprise_id": "E1"}
    me = await stage.gateway().preflight()
    assert (me.enterprise, me.workspace_key) == ("E1", "E1")


@pytest.mark.parametrize(
    ("method", "fault", "said"),
    [
        ("auth.test", refusal("invalid_auth"), "Slack does not know the token in SLACK_BOT_TOKEN."),
        ("auth.test", refusal("token_revoked"), "The token in SLACK_BOT_TOKEN was revoked."),
        ("apps.connections.open", refusal("invalid_auth"), "Slack does not know the token in SLACK_APP_TOKEN."),
        (
            "apps.connections.open",
            refusal("not_allowed_token_type"),
            "The token in SLACK_APP_TOKEN is of another kind.",
        ),
        (
            "apps.connections.open",
            refusal("missing_scope", needed="connections:write"),
            "The token in SLACK_APP_TOKEN lacks a scope. Slack says: “needed: connections:write”.",
        ),
        ("apps.connections.open", refusal("x_y"), "Slack refuses the token in SLACK_APP_TOKEN (x_y)."),
    ],
)
async def test_a_bad_token_is_refused_with_what_to_correct(stage, slack, method, fault, said):
    slack.fail(method, fault)
    with pytest.raises(Refusal) as refused:
        await stage.gateway().preflight()
    assert str(refused.value).startswith(said)
    assert refused.value.reason == fault.json["error"]
    assert "OAuth & Permissions" in str(refused.value) or "Basic Information" in str(refused.value)
    assert "xoxb-demo" not in str(refused.value)


async def test_a_persons_token_is_refused(stage, slack):
    slack.answers["auth.test"] = {"team_id": TEAM, "user_id": "U0MAYA00001"}
    with pytest.raises(Refusal, match="belongs to a person"):
        await stage.gateway().preflight()


@pytest.mark.parametrize("method", ["auth.test", "apps.connections.open"])
async def test_a_slack_that_asks_to_wait_is_not_reported_as_down(stage, slack, method):
    slack.fail(method, Fault(status=429, json={}, headers={"Retry-After": "30"}))
    with pytest.raises(SlackBusy) as busy:
        await stage.gateway().preflight()
    assert str(busy.value) == "Slack asks flowbot to wait 30 s. Nothing is wrong. Try again after that."
    assert busy.value.seconds == 30


@pytest.mark.parametrize("fault", [Fault(status=503, text="x"), Fault(cut=True)])
async def test_a_slack_that_does_not_answer_is_an_outage(stage, slack, fault):
    slack.fail("auth.test", fault)
    with pytest.raises(SlackDown, match="Slack can't be reached"):
        await stage.gateway().preflight()


async def test_missing_scopes_are_named_with_what_will_not_work(stage, slack, caplog):
    slack.scopes = "commands,chat:write"
    await stage.gateway().preflight()
    assert "lacks the scope usergroups:read: who is on call" in caplog.text
    assert "commands" not in caplog.text


async def test_starting_without_a_preflight_makes_one(stage, slack):
    slack.fail("auth.test", refusal("invalid_auth"))
    with pytest.raises(Refusal):
        await stage.gateway().start()


async def test_tokens_do_not_show_in_what_is_printed(stage):
    assert "xapp" not in repr(ConnectionSettings(app_token="xapp-demo", signing_secret="hush"))
    assert "hush" not in repr(ConnectionSettings(app_token="xapp-demo", signing_secret="hush"))


async def test_a_gateway_uses_the_real_clock_by_default(slack):
    gateway = SlackGateway(
        "xoxb-demo", ConnectionSettings(app_token="xapp-demo"), "/flow", lambda _: None, api_url=slack.api_url
    )
    assert gateway.runtime.now().tzinfo is not None
    assert gateway.address == ""
    assert await gateway.stop(0) == 0
