"""The Web API: pace, people, channels, files, views and sockets."""

from dataclasses import replace

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from workspace_kit import slack

from bot.sim.slack.seed import (
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
    WEI,
)

LINE = {"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}


MODAL = {"type": "modal", "title": {"type": "plain_text", "text": "Hello"}, "blocks": [LINE]}


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
        world.workspace.state.rate_limits.posting = False
        await world.client.chat_postMessage(channel=DATA_OPS, text="limits off")
        world.workspace.state.rate_limits.tiers = True
        for _ in range(20):
            await world.client.usergroups_list()
        assert await world.refusal("usergroups.list") == "ratelimited"


async def test_people_channels_and_groups():
    async with slack() as world:
        user = (await world.client.users_info(user=WEI, include_locale=True))["user"]
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
        late = workspace.state.new_trigger_id(MAYA)
        world.clock.now += 3.1
        assert await world.refusal("views.open", trigger_id=late, view=MODAL) == "expired_trigger_id"
        named = {**MODAL, "external_id": "rerun-1"}
        view = (await world.client.views_open(trigger_id=workspace.state.new_trigger_id(MAYA), view=named))["view"]
        assert (
            await world.refusal("views.open", trigger_id=workspace.state.new_trigger_id(SAM), view=named)
            == "duplicate_external_id"
        )
        updated = await world.client.views_update(external_id="rerun-1", view=named, hash=view["hash"])
        assert updated["view"]["hash"] != view["hash"]
        assert await world.refusal("views.update", view_id=view["id"], view=MODAL, hash=view["hash"]) == "hash_conflict"
        home = {"type": "home", "blocks": []}
        assert await world.refusal("views.update", view_id=view["id"], view=home) == "invalid_arguments"
        assert (
            await world.refusal("views.push", trigger_id=workspace.state.new_trigger_id(SAM), view=MODAL) == "not_found"
        )
        for _ in range(2):
            await world.client.views_push(trigger_id=workspace.state.new_trigger_id(MAYA, view["id"]), view=MODAL)
        word = await world.refusal("views.push", trigger_id=workspace.state.new_trigger_id(MAYA), view=MODAL)
        assert word == "push_limit_reached"
        workspace.modal_acts.close(MAYA, cleared=True)
        assert await world.refusal("views.update", view_id=view["id"], view=MODAL) == "not_found"


async def test_what_bolt_adds_to_a_call_is_accepted_and_an_address_is_found_without_being_told():
    async with slack() as world:
        world.workspace.state.base_url = ""
        await world.client.api_call("auth.test", params={"team_id": "T0DEMO0001"})
        assert world.workspace.state.base_url == world.url


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
        world.workspace.state.app = replace(world.workspace.state.app, socket_mode=False)
        with pytest.raises(SlackApiError, match="socket_mode_disabled"):
            await world.client.apps_connections_open(app_token="xapp-demo")
