"""The Web API with Slack's own client: what it does, in which words it refuses, and what a scope is for."""

import json
from dataclasses import replace

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from workspace_kit import slack

from bot.sim.slack.seed import (
    ALEX,
    DATA_OPS,
    FINANCE,
    FLOWBOT,
    GENERAL,
    JONAS,
    MAYA,
    PRIVATE,
    SAM,
    STRANGER,
)

BUTTON = {"type": "button", "text": {"type": "plain_text", "text": "Go"}, "action_id": "a"}
LINE = {"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}
MODAL = {"type": "modal", "title": {"type": "plain_text", "text": "Hello"}, "blocks": [LINE]}


@pytest.mark.parametrize(
    ("method", "arguments", "word"),
    [
        ("chat.postMessage", {"channel": "C0NOWHERE1", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": PRIVATE, "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "#grid-team", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": GENERAL, "text": "x"}, "not_in_channel"),
        ("chat.postMessage", {"channel": FLOWBOT, "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": DATA_OPS}, "no_text"),
        ("chat.postMessage", {"channel": DATA_OPS, "text": ""}, "no_text"),
        ("chat.postMessage", {"text": "x"}, "invalid_arguments"),
        ("chat.postMessage", {"channel": DATA_OPS, "text": "x", "blocks": "not json"}, "invalid_blocks_format"),
        ("chat.postMessage", {"channel": DATA_OPS, "text": "x", "blocks": {}}, "invalid_blocks_format"),
        ("chat.postMessage", {"channel": DATA_OPS, "text": "x", "blocks": [LINE] * 51}, "invalid_blocks"),
        ("chat.postMessage", {"channel": DATA_OPS, "text": "x", "markdown_text": "y"}, "markdown_text_conflict"),
        ("chat.postMessage", {"channel": DATA_OPS, "markdown_text": "y" * 12_001}, "msg_too_long"),
        ("chat.postMessage", {"channel": DATA_OPS, "text": "x", "attachments": [{}] * 101}, "too_many_attachments"),
        (
            "chat.postMessage",
            {"channel": DATA_OPS, "text": "x", "metadata": {"event_type": "a"}},
            "invalid_metadata_format",
        ),
        ("chat.postEphemeral", {"channel": DATA_OPS, "user": STRANGER, "text": "x"}, "user_not_in_channel"),
        ("chat.postEphemeral", {"channel": GENERAL, "user": MAYA, "text": "x"}, "not_in_channel"),
        ("chat.update", {"channel": DATA_OPS, "ts": "1.2", "text": "x"}, "message_not_found"),
        ("chat.update", {"channel": PRIVATE, "ts": "1.2", "text": "x"}, "channel_not_found"),
        ("chat.delete", {"channel": DATA_OPS, "ts": "1.2"}, "message_not_found"),
        ("chat.getPermalink", {"channel": DATA_OPS, "message_ts": "1.2"}, "message_not_found"),
        ("conversations.history", {"channel": GENERAL}, "not_in_channel"),
        ("conversations.history", {"channel": PRIVATE}, "channel_not_found"),
        ("conversations.history", {"channel": DATA_OPS, "oldest": "yesterday"}, "invalid_ts_oldest"),
        ("conversations.history", {"channel": DATA_OPS, "cursor": "?"}, "invalid_cursor"),
        ("conversations.history", {"channel": DATA_OPS, "limit": "many"}, "invalid_limit"),
        ("conversations.replies", {"channel": DATA_OPS, "ts": "1.2"}, "thread_not_found"),
        ("conversations.join", {"channel": PRIVATE}, "channel_not_found"),
        ("conversations.open", {}, "users_list_not_supplied"),
        ("conversations.open", {"users": "U0NOBODY01"}, "user_not_found"),
        ("conversations.open", {"users": f"{MAYA},{SAM}"}, "missing_scope"),
        ("users.info", {"user": "U0NOBODY01"}, "user_not_found"),
        ("usergroups.users.list", {"usergroup": "S0NOTHING1"}, "no_such_subteam"),
        ("bots.info", {"bot": "B0OTHER001"}, "bot_not_found"),
        ("reactions.add", {"channel": DATA_OPS, "timestamp": "1.2", "name": "eyes"}, "message_not_found"),
        ("reactions.add", {"channel": DATA_OPS, "timestamp": "1.2", "name": ":eyes:"}, "invalid_name"),
        ("views.open", {"trigger_id": "1.2.3", "view": MODAL}, "invalid_trigger_id"),
        ("views.push", {"trigger_id": "1.2.3", "view": MODAL}, "invalid_trigger_id"),
        ("views.update", {"view_id": "V1", "view": MODAL}, "not_found"),
        ("views.update", {"view": MODAL}, "invalid_arguments"),
        ("views.open", {"trigger_id": "1.2.3", "view": {"type": "modal"}}, "invalid_arguments"),
        ("views.publish", {"user_id": MAYA, "view": MODAL}, "invalid_arguments"),
        ("views.publish", {"user_id": FLOWBOT, "view": {"type": "home", "blocks": []}}, "invalid_arguments"),
        ("files.info", {"file": "F0NOTHING1"}, "file_not_found"),
        ("files.getUploadURLExternal", {"filename": "a", "length": "none"}, "invalid_arguments"),
        ("files.getUploadURLExternal", {"filename": "a", "length": 9, "alt_txt": "x" * 1001}, "alt_txt_too_large"),
        ("files.completeUploadExternal", {"files": "[]"}, "invalid_arguments"),
        ("files.completeUploadExternal", {"files": [{"id": "F1"}]}, "file_not_found"),
        ("teams.dance", {}, "unknown_method"),
    ],
)
async def test_refusals_come_in_slacks_words(method, arguments, word):
    async with slack() as world:
        before = world.workspace.state.version
        assert await world.refusal(method, **arguments) == word
        assert world.workspace.state.version == before, "a refused call changed something"


async def test_archived_and_read_only_channels_and_deactivated_people():
    async with slack() as world:
        workspace = world.workspace
        posted = await world.client.chat_postMessage(channel=DATA_OPS, text="x")
        workspace.archive(DATA_OPS)
        assert await world.refusal("chat.postMessage", channel=DATA_OPS, text="x") == "is_archived"
        assert await world.refusal("chat.postEphemeral", channel=DATA_OPS, user=MAYA, text="x") == "is_archived"
        assert await world.refusal("chat.update", channel=DATA_OPS, ts=posted["ts"], text="x") == "is_inactive"
        assert (
            await world.refusal("reactions.add", channel=DATA_OPS, timestamp=posted["ts"], name="eyes") == "is_archived"
        )
        assert await world.refusal("conversations.join", channel=DATA_OPS) == "is_archived"
        workspace.state.channel(FINANCE).read_only = True
        word = await world.refusal("chat.postMessage", channel=FINANCE, text="x")
        assert word == "restricted_action_read_only_channel"
        await world.client.chat_postMessage(channel=MAYA, text="x")
        workspace.change_person(MAYA, deleted=True)
        assert await world.refusal("chat.postMessage", channel=MAYA, text="x") == "channel_not_found"
        assert await world.refusal("chat.postMessage", channel=workspace.dm(MAYA).id, text="x") == "is_inactive"
        assert await world.refusal("conversations.open", users=MAYA) == "user_disabled"
        workspace.state.app = replace(workspace.state.app, messages_tab=False, home_tab=False)
        assert await world.refusal("chat.postMessage", channel=SAM, text="x") == "messages_tab_disabled"
        assert await world.refusal("views.publish", user_id=SAM, view={"type": "home", "blocks": []}) == "not_enabled"


async def test_tokens():
    async with slack() as world:
        base = f"{world.url}/api/"

        async def word(method, token):
            client = AsyncWebClient(token=token, base_url=base, session=world.session, retry_handlers=[])
            with pytest.raises(SlackApiError) as caught:
                await client.api_call(method)
            return caught.value.response["error"]

        assert await word("auth.test", None) == "not_authed"
        assert await word("auth.test", "xoxb-other") == "invalid_auth"
        assert await word("auth.test", "xapp-demo") == "not_allowed_token_type"
        assert await word("apps.connections.open", "xoxb-demo") == "not_allowed_token_type"
        world.workspace.uninstall()
        assert await word("auth.test", "xoxb-demo") == "account_inactive"


async def test_an_app_is_installed_with_what_its_manifest_declares():
    slash = {"command": "/run", "description": "Run", "usage_hint": "FLOW", "should_escape": True}
    manifest = {
        "features": {
            "slash_commands": [slash],
            "shortcuts": [{"name": "Look", "callback_id": "look", "type": "message", "description": "x"}],
        },
        "oauth_config": {"scopes": {"bot": ["commands", "users:read"]}},
        "settings": {"event_subscriptions": {"bot_events": ["app_mention"]}},
    }
    async with slack() as world:
        world.workspace.install(manifest)
        answer = await world.client.auth_test()
        assert answer.headers["x-oauth-scopes"] == "commands,users:read"
        assert world.workspace.state.app.events == {"app_mention"}
        assert [(one.name, one.hint, one.should_escape) for one in world.workspace.state.app.commands] == [
            ("/run", "FLOW", True)
        ]
        app = world.workspace.state.app
        assert ([each.kind for each in app.shortcuts], app.home_tab) == (["message"], False)


async def test_scopes_are_told_and_needed():
    async with slack() as world:
        answer = await world.client.auth_test()
        assert "chat:write" in answer.headers["x-oauth-scopes"].split(",")
        assert (answer["user_id"], answer["bot_id"], answer["team_id"]) == (FLOWBOT, "B0FLOWBOT1", "T0DEMO0001")
        world.workspace.grant("channels:read")
        with pytest.raises(SlackApiError) as caught:
            await world.client.chat_postMessage(channel=DATA_OPS, text="x")
        refused = caught.value.response
        assert (refused["error"], refused["needed"], refused["provided"]) == (
            "missing_scope",
            "chat:write",
            "channels:read",
        )
        assert await world.refusal("conversations.history", channel=DATA_OPS) == "missing_scope"
        world.workspace.grant("chat:write", "chat:write.public")
        await world.client.chat_postMessage(channel=GENERAL, text="public, not a member")


async def test_every_encoding_is_understood():
    async with slack() as world:
        headers = {"Authorization": "Bearer xoxb-demo"}
        url = f"{world.url}/api/chat.postMessage"
        blocks = json.dumps([LINE])
        form = {"channel": DATA_OPS, "text": "form", "blocks": blocks, "token": "xoxb-demo"}
        async with world.session.post(url, data=form) as answer:
            assert (await answer.json())["ok"] is True
        async with world.session.get(url, params={"channel": DATA_OPS, "text": "query"}, headers=headers) as answer:
            assert (await answer.json())["ok"] is True
        async with world.session.post(url, data="{", headers={**headers, "Content-Type": "application/json"}) as answer:
            assert await answer.json() == {"ok": False, "error": "invalid_json"}
        async with world.session.post(url, json=[], headers=headers) as answer:
            assert await answer.json() == {"ok": False, "error": "json_not_object"}
        assert [message.text for message in world.workspace.messages(DATA_OPS)[-2:]] == ["form", "query"]
        assert world.workspace.messages(DATA_OPS)[-2].blocks[0]["text"]["text"] == "hello"
        assert "token" not in world.workspace.calls[0].arguments


async def test_metadata_is_kept_and_only_shown_whole_when_asked_for():
    async with slack() as world:
        metadata = {"event_type": "flowbot_post", "event_payload": {"post": "p3f9"}}
        parent = await world.client.chat_postMessage(channel=DATA_OPS, text="card", metadata=metadata)
        reply = await world.client.chat_postMessage(
            channel=DATA_OPS, text="reply", thread_ts=parent["ts"], metadata=metadata
        )

        async def shown(**options):
            page = await world.client.conversations_history(channel=DATA_OPS, limit=1, **options)
            thread = await world.client.conversations_replies(channel=DATA_OPS, ts=parent["ts"], **options)
            return page["messages"][0].get("metadata"), thread["messages"][1].get("metadata")

        assert await shown() == ({"event_type": "flowbot_post"}, {"event_type": "flowbot_post"})
        assert await shown(include_all_metadata=True) == (metadata, metadata)
        await world.client.chat_update(channel=DATA_OPS, ts=reply["ts"], text="new")
        assert (await shown(include_all_metadata=True))[1] == metadata
        await world.client.chat_update(channel=DATA_OPS, ts=reply["ts"], text="new", metadata={})
        assert (await shown(include_all_metadata=True))[1] is None
        await world.client.chat_postEphemeral(channel=DATA_OPS, user=MAYA, text="x", metadata=metadata)
        assert world.workspace.ephemerals(MAYA, DATA_OPS)[0].metadata is None


async def test_history_is_newest_first_and_replies_parent_first():
    async with slack() as world:
        workspace = world.workspace
        parent = (await world.client.chat_postMessage(channel=DATA_OPS, text="parent"))["ts"]
        for number in range(3):
            await world.client.chat_postMessage(channel=DATA_OPS, text=f"reply {number}", thread_ts=parent)
        told = await world.client.chat_postMessage(
            channel=DATA_OPS, text="to all", thread_ts=parent, reply_broadcast=True
        )
        history = await world.client.conversations_history(channel=DATA_OPS, limit=2)
        assert [message["text"] for message in history["messages"]] == ["to all", "parent"]
        assert history["has_more"] is True
        rest = await world.client.conversations_history(
            channel=DATA_OPS, cursor=history["response_metadata"]["next_cursor"]
        )
        assert [message["user"] for message in rest["messages"]] == [SAM, JONAS, MAYA]
        exactly = await world.client.conversations_history(
            channel=DATA_OPS, oldest=parent, latest=parent, inclusive=True, limit=1
        )
        assert [message["ts"] for message in exactly["messages"]] == [parent]
        assert exactly["messages"][0]["reply_count"] == 4
        assert (await world.client.conversations_history(channel=DATA_OPS, oldest=told["ts"]))["messages"] == []
        thread = await world.client.conversations_replies(channel=DATA_OPS, ts=told["ts"])
        texts = [message["text"] for message in thread["messages"]]
        assert texts == ["parent", "reply 0", "reply 1", "reply 2", "to all"]
        assert thread["messages"][1]["parent_user_id"] == FLOWBOT
        assert [message.text for message in workspace.thread(DATA_OPS, parent)] == texts


async def test_a_reply_to_nothing_stands_in_the_channel_and_the_answer_names_no_thread():
    async with slack() as world:
        told = await world.client.chat_postMessage(channel=DATA_OPS, text="lost", thread_ts="1.2")
        assert "thread_ts" not in told["message"]
        assert world.workspace.visible(MAYA, DATA_OPS)[-1].endswith(": lost")


async def test_a_reply_to_what_an_admin_deleted_stands_in_the_channel_and_old_ones_stay_below():
    async with slack() as world:
        parent = (await world.client.chat_postMessage(channel=DATA_OPS, text="card"))["ts"]
        kept = await world.client.chat_postMessage(channel=DATA_OPS, text="kept", thread_ts=parent)
        assert kept["message"]["thread_ts"] == parent
        world.workspace.delete(ALEX, world.workspace.find(DATA_OPS, parent))
        told = await world.client.chat_postMessage(channel=DATA_OPS, text="loose", thread_ts=parent)
        assert "thread_ts" not in told["message"]
        assert world.workspace.visible(MAYA, DATA_OPS)[-3:] == [
            "Slackbot: This message was deleted.",
            "↳ flowbot: kept",
            "flowbot: loose",
        ]
        assert await world.refusal("chat.update", channel=DATA_OPS, ts=parent, text="x") == "message_not_found"


async def test_a_fault_may_concern_one_message_alone():
    async with slack() as world:
        first, second = [(await world.client.chat_postMessage(channel=DATA_OPS, text="x"))["ts"] for _ in range(2)]
        await world.workspace.fault("error", method="chat.update", ts=first, error="edit_window_closed")
        assert await world.refusal("chat.update", channel=DATA_OPS, ts=first, text="y") == "edit_window_closed"
        await world.client.chat_update(channel=DATA_OPS, ts=second, text="y")


async def test_an_app_that_is_distributed_reads_15_messages_a_minute():
    async with slack() as world:
        world.workspace.state.rate_limits.posting = False
        world.workspace.state.rate_limits.distributed = True
        stamps = [
            (await world.client.chat_postMessage(channel=DATA_OPS, text=f"m{number}"))["ts"] for number in range(40)
        ]
        page = await world.client.conversations_history(channel=DATA_OPS, limit=200)
        assert ([each["text"] for each in page["messages"]][::14], page["has_more"]) == (["m39", "m25"], True)
        assert await world.refusal("conversations.history", channel=DATA_OPS) == "ratelimited"
        world.clock.now += 60
        older = await world.client.conversations_history(channel=DATA_OPS, limit=200, latest=stamps[25])
        assert [each["text"] for each in older["messages"]][::14] == ["m24", "m10"]
        world.clock.now += 60
        rest = await world.client.conversations_history(channel=DATA_OPS, latest=stamps[3], oldest=stamps[0])
        assert ([each["text"] for each in rest["messages"]], rest["has_more"]) == (["m2", "m1"], False)


async def test_updates_keep_and_drop_what_slack_keeps_and_drops():
    async with slack() as world:
        posted = await world.client.chat_postMessage(
            channel=DATA_OPS, text="a", blocks=[LINE], attachments=[{"color": "#f00", "text": "red"}]
        )
        message = world.workspace.find(DATA_OPS, posted["ts"])
        await world.client.chat_update(channel=DATA_OPS, ts=message.ts, text="a", blocks=[LINE, LINE])
        assert (len(message.blocks), message.edited) == (2, None)
        await world.client.chat_update(channel=DATA_OPS, ts=message.ts, text="b")
        assert (message.text, message.blocks, message.attachments) == ("b", [], [{"color": "#f00", "text": "red"}])
        assert message.edited["user"] == FLOWBOT
        await world.client.chat_update(channel=DATA_OPS, ts=message.ts, text="b", attachments=[])
        assert message.attachments == []
        assert await world.refusal("chat.update", channel=DATA_OPS, ts=message.ts, text="y" * 4001) == "msg_too_long"
        assert await world.refusal("chat.update", channel=DATA_OPS, ts=message.ts) == "no_text"
        assert await world.refusal("chat.update", channel=DATA_OPS, ts=message.ts, text="") == "no_text"
        human = world.workspace.messages(DATA_OPS)[0]
        assert await world.refusal("chat.update", channel=DATA_OPS, ts=human.ts, text="x") == "cant_update_message"
        assert await world.refusal("chat.delete", channel=DATA_OPS, ts=human.ts) == "cant_delete_message"
        await world.client.chat_delete(channel=DATA_OPS, ts=message.ts)
        assert world.workspace.find(DATA_OPS, message.ts) is None


async def test_a_deleted_parent_leaves_a_tombstone():
    async with slack() as world:
        parent = (await world.client.chat_postMessage(channel=DATA_OPS, text="parent"))["ts"]
        await world.client.chat_postMessage(channel=DATA_OPS, text="reply", thread_ts=parent)
        await world.client.chat_delete(channel=DATA_OPS, ts=parent)
        assert world.workspace.visible(MAYA, DATA_OPS)[-2:] == [
            "Slackbot: This message was deleted.",
            "↳ flowbot: reply",
        ]
        assert await world.refusal("chat.update", channel=DATA_OPS, ts=parent, text="x") == "message_not_found"
