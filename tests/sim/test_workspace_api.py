"""The Web API with Slack's own client: what it does, in which words it refuses, and what a scope is for."""

import json
from dataclasses import replace

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from workspace_kit import slack

from bot.sim.workspace_seed import (
    ALEX,
    DATA_OPS,
    FINANCE,
    FLOWBOT,
    GENERAL,
    JONAS,
    MAYA,
    ON_CALL,
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
        before = world.workspace.version
        assert await world.refusal(method, **arguments) == word
        assert world.workspace.version == before, "a refused call changed something"


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
        workspace.channel(FINANCE).read_only = True
        word = await world.refusal("chat.postMessage", channel=FINANCE, text="x")
        assert word == "restricted_action_read_only_channel"
        await world.client.chat_postMessage(channel=MAYA, text="x")
        workspace.change_person(MAYA, deleted=True)
        assert await world.refusal("chat.postMessage", channel=MAYA, text="x") == "channel_not_found"
        assert await world.refusal("chat.postMessage", channel=workspace.dm(MAYA).id, text="x") == "is_inactive"
        assert await world.refusal("conversations.open", users=MAYA) == "user_disabled"
        workspace.app = replace(workspace.app, messages_tab=False, home_tab=False)
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


async def test_a_reply_to_nothing_is_taken_and_seen_by_nobody():
    async with slack() as world:
        await world.client.chat_postMessage(channel=DATA_OPS, text="lost", thread_ts="1.2")
        assert not any("lost" in line for line in world.workspace.visible(MAYA, DATA_OPS))


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


async def test_a_long_text_is_cut_and_a_link_points_into_the_thread():
    async with slack() as world:
        parent = (await world.client.chat_postMessage(channel="#data-ops", text="x" * 40_001))["ts"]
        assert len(world.workspace.find(DATA_OPS, parent).text) == 40_000
        reply = (await world.client.chat_postMessage(channel=DATA_OPS, text="r", thread_ts=parent))["ts"]
        link = await world.client.chat_getPermalink(channel=DATA_OPS, message_ts=reply)
        tail = f"/archives/{DATA_OPS}/p{reply.replace('.', '')}?thread_ts={parent}&cid={DATA_OPS}"
        assert link["permalink"].endswith(tail)
        link = await world.client.chat_getPermalink(channel=DATA_OPS, message_ts=parent)
        assert link["permalink"].endswith(f"/p{parent.replace('.', '')}")


async def test_one_message_a_second_and_channel_after_a_short_burst():
    async with slack() as world:
        for number in range(5):
            await world.client.chat_postMessage(channel=DATA_OPS, text=str(number))
        with pytest.raises(SlackApiError) as caught:
            await world.client.chat_postMessage(channel=DATA_OPS, text="too fast")
        assert caught.value.response.status_code == 429
        assert caught.value.response["error"] == "ratelimited"
        assert caught.value.response.headers["Retry-After"] == "1"
        await world.client.chat_postMessage(channel=FINANCE, text="another channel has its own pace")
        world.clock.now += 1
        await world.client.chat_postMessage(channel=DATA_OPS, text="after a second")
        assert await world.refusal("chat.postMessage", channel=DATA_OPS, text="again") == "ratelimited"
        world.workspace.pace.posting = False
        await world.client.chat_postMessage(channel=DATA_OPS, text="limits off")
        world.workspace.pace.tiers = True
        for _ in range(20):
            await world.client.usergroups_list()
        assert await world.refusal("usergroups.list") == "ratelimited"


async def test_people_channels_and_groups():
    async with slack() as world:
        user = (await world.client.users_info(user=MAYA, include_locale=True))["user"]
        assert (user["tz"], user["tz_offset"], user["locale"]) == ("Asia/Shanghai", 28800, "zh-CN")
        assert (user["deleted"], user["is_bot"], user["is_restricted"]) == (False, False, False)
        assert "email" not in user["profile"]
        assert (await world.client.users_info(user=FLOWBOT))["user"]["is_bot"] is True
        everyone = [person["id"] async for page in await world.client.users_list(limit=4) for person in page["members"]]
        assert {MAYA, STRANGER, FLOWBOT} <= set(everyone)
        assert (await world.client.bots_info(bot="B0FLOWBOT1"))["bot"]["user_id"] == FLOWBOT
        channel = (await world.client.conversations_info(channel=FINANCE, include_num_members=True))["channel"]
        assert (channel["is_ext_shared"], channel["is_member"], channel["num_members"]) == (True, True, 4)
        assert (await world.client.conversations_info(channel=GENERAL))["channel"]["is_member"] is False
        members = await world.client.conversations_members(channel=FINANCE, limit=2)
        assert members["members"] == [ALEX, MAYA]
        members = await world.client.conversations_members(
            channel=FINANCE, cursor=members["response_metadata"]["next_cursor"]
        )
        assert members["members"] == [STRANGER, FLOWBOT]
        joined = await world.client.conversations_join(channel=GENERAL)
        assert joined["channel"]["is_member"] is True
        assert (await world.client.conversations_join(channel=GENERAL))["warning"] == "already_in_channel"
        group = (await world.client.usergroups_list(include_users=True))["usergroups"][0]
        assert (group["id"], group["users"]) == (ON_CALL, [SAM, ALEX])
        assert (await world.client.usergroups_users_list(usergroup=ON_CALL))["users"] == [SAM, ALEX]
        opened = await world.client.conversations_open(users=[JONAS], return_im=True)
        assert (opened["channel"]["is_im"], opened["channel"]["user"]) == (True, JONAS)
        again = await world.client.conversations_open(channel=opened["channel"]["id"])
        assert again["already_open"] is True
        posted = await world.client.chat_postMessage(channel=JONAS, text="hello")
        assert posted["channel"] == opened["channel"]["id"]
        assert (await world.client.conversations_info(channel=posted["channel"]))["channel"]["user"] == JONAS


async def test_reactions():
    async with slack() as world:
        ts = (await world.client.chat_postMessage(channel=DATA_OPS, text="x"))["ts"]
        await world.client.reactions_add(channel=DATA_OPS, timestamp=ts, name="eyes")
        assert await world.refusal("reactions.add", channel=DATA_OPS, timestamp=ts, name="eyes") == "already_reacted"
        history = await world.client.conversations_history(channel=DATA_OPS, limit=1)
        assert history["messages"][0]["reactions"] == [{"name": "eyes", "users": [FLOWBOT], "count": 1}]
        await world.client.reactions_remove(channel=DATA_OPS, timestamp=ts, name="eyes")
        assert await world.refusal("reactions.remove", channel=DATA_OPS, timestamp=ts, name="eyes") == "no_reaction"
        for number in range(23):
            await world.client.reactions_add(channel=DATA_OPS, timestamp=ts, name=f"n{number}")
        assert await world.refusal("reactions.add", channel=DATA_OPS, timestamp=ts, name="last") == "too_many_reactions"


async def test_a_file_in_three_steps_and_its_message_a_little_later():
    async with slack() as world:
        parent = (await world.client.chat_postMessage(channel=DATA_OPS, text="log?"))["ts"]
        uploaded = await world.client.files_upload_v2(
            content="line 1\nline 2",
            filename="run.log",
            title="Log",
            channel=DATA_OPS,
            thread_ts=parent,
            initial_comment="the log",
        )
        file_id = uploaded["file"]["id"]
        early = (await world.client.files_info(file=file_id))["file"]
        assert (early["mimetype"], early["shares"]) == ("", {})
        late = (await world.client.files_info(file=file_id))["file"]
        (share,) = late["shares"]["public"][DATA_OPS]
        assert late["mimetype"] == "text/plain"
        message = world.workspace.find(DATA_OPS, share["ts"])
        assert (message.thread_ts, message.text) == (parent, "the log")
        assert world.workspace.visible(MAYA, DATA_OPS)[-1] == "↳ flowbot: the log\n[file Log]"
        assert world.workspace.files[file_id].content == b"line 1\nline 2"
        async with world.session.get(late["url_private"]) as answer:
            assert await answer.text() == "line 1\nline 2"
        async with world.session.get(f"{world.url}/files/F0/x") as answer:
            assert answer.status == 404


async def test_a_file_needs_a_channel_that_the_app_is_in():
    async with slack() as world:
        url = await world.client.files_getUploadURLExternal(filename="a.txt", length=3)
        complete = {"files": [{"id": url["file_id"], "title": "A"}]}
        assert await world.refusal("files.completeUploadExternal", **complete) == "file_not_found"
        async with world.session.post(url["upload_url"], data=b"four") as answer:
            assert answer.status == 400
        async with world.session.post(url["upload_url"], data=b"abc") as answer:
            assert answer.status == 200
        for channel, word in ((GENERAL, "not_in_channel"), (PRIVATE, "channel_not_found"), (MAYA, "channel_not_found")):
            assert await world.refusal("files.completeUploadExternal", **complete, channel_id=channel) == word
        world.workspace.archive(FINANCE)
        word = await world.refusal("files.completeUploadExternal", **complete, channel_id=FINANCE)
        assert word == "posting_to_channel_denied"
        im = world.workspace.dm(MAYA).id
        await world.client.files_completeUploadExternal(files=[{"id": url["file_id"]}], channel_id=im)
        assert world.workspace.visible(MAYA, im) == ["flowbot: [file a.txt]"]
        await world.client.files_info(file=url["file_id"])
        assert im in (await world.client.files_info(file=url["file_id"]))["file"]["shares"]["private"]
        big = {"filename": "a", "length": 1_000_001, "snippet_type": "text"}
        assert await world.refusal("files.getUploadURLExternal", **big) == "snippet_too_large"


async def test_trigger_ids_live_three_seconds_and_views_have_names_and_hashes():
    async with slack() as world:
        workspace = world.workspace
        late = workspace.new_trigger(MAYA)
        world.clock.now += 3.1
        assert await world.refusal("views.open", trigger_id=late, view=MODAL) == "expired_trigger_id"
        named = {**MODAL, "external_id": "rerun-1"}
        view = (await world.client.views_open(trigger_id=workspace.new_trigger(MAYA), view=named))["view"]
        assert (
            await world.refusal("views.open", trigger_id=workspace.new_trigger(SAM), view=named)
            == "duplicate_external_id"
        )
        updated = await world.client.views_update(external_id="rerun-1", view=named, hash=view["hash"])
        assert updated["view"]["hash"] != view["hash"]
        assert await world.refusal("views.update", view_id=view["id"], view=MODAL, hash=view["hash"]) == "hash_conflict"
        home = {"type": "home", "blocks": []}
        assert await world.refusal("views.update", view_id=view["id"], view=home) == "invalid_arguments"
        assert await world.refusal("views.push", trigger_id=workspace.new_trigger(SAM), view=MODAL) == "not_found"
        for _ in range(2):
            await world.client.views_push(trigger_id=workspace.new_trigger(MAYA, view["id"]), view=MODAL)
        word = await world.refusal("views.push", trigger_id=workspace.new_trigger(MAYA), view=MODAL)
        assert word == "push_limit_reached"
        workspace.close_modal(MAYA, cleared=True)
        assert await world.refusal("views.update", view_id=view["id"], view=MODAL) == "not_found"


async def test_what_bolt_adds_to_a_call_is_accepted_and_an_address_is_found_without_being_told():
    async with slack() as world:
        world.workspace.base_url = ""
        await world.client.api_call("auth.test", params={"team_id": "T0DEMO0001"})
        assert world.workspace.base_url == world.url


async def test_a_socket_address_is_for_one_use():
    async with slack() as world:
        url = (await world.client.apps_connections_open(app_token="xapp-demo"))["url"]
        async with world.session.ws_connect(url) as socket:
            hello = await socket.receive_json()
            assert (hello["type"], hello["num_connections"]) == ("hello", 1)
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await world.session.ws_connect(url)
        stale = (await world.client.apps_connections_open(app_token="xapp-demo"))["url"]
        world.clock.now += 31
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await world.session.ws_connect(stale)
        world.workspace.app = replace(world.workspace.app, socket_mode=False)
        with pytest.raises(SlackApiError, match="socket_mode_disabled"):
            await world.client.apps_connections_open(app_token="xapp-demo")
