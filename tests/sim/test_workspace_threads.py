"""Replies that the channel shows too, tables in messages, presence, and direct messages as a place of their own."""

from workspace_kit import bolt_app, connected, slack

from bot.sim.slack.seed import DATA_OPS, FLOWBOT, MAYA, PRIYA


async def posted(world, **arguments):
    return (await world.client.chat_postMessage(channel=DATA_OPS, **arguments))["ts"]


async def history(world):
    return (await world.client.conversations_history(channel=DATA_OPS, limit=3, include_all_metadata=True))["messages"]


async def test_a_broadcast_reply_is_in_history_with_its_root_and_in_its_thread():
    async with slack() as world:
        parent = await posted(world, text="card")
        metadata = {"event_type": "post", "event_payload": {"id": "p1"}}
        reply = {"text": "to all", "thread_ts": parent, "reply_broadcast": True, "metadata": metadata}
        answer = await world.client.chat_postMessage(channel=DATA_OPS, **reply)
        assert (answer["message"]["subtype"], answer["message"]["thread_ts"]) == ("thread_broadcast", parent)
        newest = (await history(world))[0]
        assert (newest["text"], newest["subtype"], newest["root"]["text"]) == ("to all", "thread_broadcast", "card")
        assert newest["metadata"] == metadata
        assert newest["thread_ts"] == newest["root"]["ts"] == parent
        thread = (await world.client.conversations_replies(channel=DATA_OPS, ts=parent))["messages"]
        assert [one["ts"] for one in thread] == [parent, answer["ts"]]
        seen = world.workspace.visible(MAYA, DATA_OPS)
        assert seen[-3:] == ["flowbot: card", "↳ flowbot: to all", "flowbot: to all"]


async def test_an_edit_changes_it_in_both_places_and_a_deleted_one_is_in_neither():
    async with slack() as world:
        parent = await posted(world, text="card")
        ts = await posted(world, text="to all", thread_ts=parent, reply_broadcast=True)
        edited = await world.client.chat_update(channel=DATA_OPS, ts=ts, text="changed")
        assert edited["message"]["subtype"] == "thread_broadcast"
        assert [line.removeprefix("↳ ") for line in world.workspace.visible(MAYA, DATA_OPS)[-2:]] == [
            "flowbot: changed", "flowbot: changed",
        ]  # fmt: skip
        await world.client.chat_delete(channel=DATA_OPS, ts=ts)
        assert world.workspace.visible(MAYA, DATA_OPS)[-1] == "flowbot: card"


async def test_an_edit_may_broadcast_a_reply_but_no_other_message():
    async with slack() as world:
        parent = await posted(world, text="card")
        ts = await posted(world, text="reply", thread_ts=parent)
        assert (await history(world))[0]["ts"] == parent
        await world.client.chat_update(channel=DATA_OPS, ts=ts, text="reply", reply_broadcast=True)
        assert [one["ts"] for one in await history(world)][:2] == [ts, parent]
        again = {"channel": DATA_OPS, "ts": parent, "text": "card", "reply_broadcast": True}
        assert await world.refusal("chat.update", **again) == "cant_broadcast_message"


async def test_outside_of_threads_and_under_a_deleted_message_there_is_nothing_to_broadcast():
    async with slack() as world:
        plain = await posted(world, text="a", reply_broadcast=True)
        await world.client.chat_delete(channel=DATA_OPS, ts=plain)
        await posted(world, text="b", reply_broadcast=True)
        await posted(world, text="c", thread_ts=plain, reply_broadcast=True)
        assert [("subtype" in one, "thread_ts" in one) for one in (await history(world))[:2]] == [(False, False)] * 2


async def test_a_broadcast_reply_whose_card_a_person_deletes_names_no_root():
    async with slack() as world:
        parent = await posted(world, text="card")
        await posted(world, text="to all", thread_ts=parent, reply_broadcast=True)
        world.workspace.board._messages[DATA_OPS].pop(parent)
        assert "root" not in (await history(world))[0]


async def test_a_table_is_shown_below_everything_else_of_its_message():
    async with slack() as world:
        table = {"type": "table", "rows": [[{"type": "raw_text", "text": "Flow"}], [{"type": "raw_text", "text": "n"}]]}
        line = {"type": "section", "text": {"type": "mrkdwn", "text": "below"}}
        for place in ({"blocks": [table, line]}, {"attachments": [{"color": "good", "blocks": [table, line]}]}):
            ts = await posted(world, text="fallback", **place)
            shown = world.workspace.shown(world.workspace.find(DATA_OPS, ts))
            assert shown.removeprefix("fallback\n") == "below\nFlow\nn"


async def test_presence_needs_its_scope_and_an_account():
    async with slack() as world:
        assert (await world.client.api_call("users.getPresence"))["presence"] == "active"
        assert await world.refusal("users.getPresence", user="U0NOBODY01") == "user_not_found"
        world.workspace.grant("chat:write")
        assert await world.refusal("users.getPresence", user=MAYA) == "missing_scope"


async def test_direct_messages_are_a_place_for_commands_and_for_cards_with_threads():
    async with slack() as world:
        app, heard = bolt_app(world), []

        @app.command("/flow")
        async def flow(ack, command, respond):
            heard.append((command["channel_id"], command["text"]))
            await ack()
            await respond("seen")

        async with connected(world, app):
            world.workspace.say(PRIYA, "@flowbot", "/flow status")
            await world.workspace.until(lambda: "flowbot (only you): seen" in world.workspace.visible(PRIYA, direct))
        assert heard == [(direct, "status")]
        card = await world.client.chat_postMessage(channel=PRIYA, text="card")
        reply = {"text": "reply", "thread_ts": card["ts"], "reply_broadcast": True}
        await world.client.chat_postMessage(channel=direct, **reply)
        said = world.workspace.say(PRIYA, "@flowbot", "thanks", card["ts"]).message
        assert card["channel"] == said.channel == direct
        thread = await world.client.conversations_replies(channel=direct, ts=card["ts"])
        assert [(one["user"], one["text"]) for one in thread["messages"]] == [
            (FLOWBOT, "card"), (FLOWBOT, "reply"), (PRIYA, "thanks"),
        ]  # fmt: skip


direct = f"D{PRIYA[1:]}"
