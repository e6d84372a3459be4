"""The outbox: order, threads, edits, and what becomes of a post."""

import pytest
from store_makers import NOW, edit, incident, later, message

from bot.core.incident.facts import ChangeSet
from bot.core.outbox.posts import Lane, PostKind, PostState


async def ids(store, now=NOW):
    return [post.new.id for post in await store.due(now)]


async def send(store, id_, ts="1.0", now=NOW):
    post = await store.start_sending(id_, now)
    await store.mark_sent(id_, post.channel, ts, now)


async def test_what_was_queued_comes_back_as_it_was(store):
    new = message(text="<b> & “quotes” 中文", user="U1", response_url="https://hooks/1", incident="i1")
    await store.queue([new])
    (post,) = await store.due(NOW)
    assert (post.new, post.state, post.attempts, post.channel) == (new, PostState.QUEUED, 0, "C1")


async def test_a_post_is_due_at_its_time_and_not_before(store):
    await store.queue([message(due=later(seconds=2))])
    assert await ids(store, later(seconds=1)) == []
    assert await store.next_due(NOW) == (False, later(seconds=2))
    assert await ids(store, later(seconds=2)) == ["p1"]


async def test_queuing_an_id_again_queues_nothing(store):
    await store.queue([message(text="first")])
    await store.queue([message(text="second"), message("p2", "C2")])
    assert [post.new.body["text"] for post in await store.due(NOW)] == ["first", "hello"]


async def test_the_top_level_of_a_channel_goes_in_order_in_each_lane(store):
    await store.queue([message(each, lane=Lane.ANSWER) for each in ("a1", "a2")])
    await store.queue([message("b1", lane=Lane.HOUSEKEEPING), message("c1", "C2")])
    assert await ids(store) == ["a1", "b1", "c1"]
    await send(store, "a1")
    assert await ids(store) == ["a2", "b1", "c1"]


async def test_a_first_message_of_the_alert_lane_waits_for_no_other_nor_for_any_backlog_of_replies(store):
    await store.queue([message(f"r{n}", thread=f"{n}.0") for n in range(24)])
    await store.queue([message(f"first{n}") for n in range(20)])
    await store.start_sending("first0", NOW)
    offered = await ids(store)
    assert [each for each in offered if each.startswith("first")] == [*(f"first{n}" for n in range(1, 9)), "first19"]
    assert [each for each in offered if each.startswith("r")] == [*(f"r{n}" for n in range(8)), "r23"]


@pytest.mark.parametrize("more", [{"lane": Lane.HOUSEKEEPING}, {"lane": Lane.ANSWER, "kind": PostKind.FILE}])
async def test_outside_of_threads_what_waits_to_be_tried_again_holds_nothing_behind_it(store, more):
    await store.queue([message("a", "U1", **more), message("b", "U1", lane=more["lane"])])
    assert await ids(store) == ["a"]
    await store.start_sending("a", NOW)
    assert await ids(store) == []
    await store.requeue("a", later(seconds=5), "some trouble")
    assert await ids(store) == ["b"]


async def test_what_is_due_earlier_goes_first_whenever_it_was_queued(store):
    await store.queue([message("reminder", due=later(minutes=30)), message("alert")])
    assert await ids(store) == ["alert"]
    assert await ids(store, later(minutes=30)) == ["alert", "reminder"]


async def test_replies_wait_for_the_first_message_and_then_stand_in_its_thread(store):
    await store.queue([message("first"), message("r1", thread_of="first"), message("r2", thread_of="first")])
    assert await ids(store) == ["first"]
    await store.start_sending("first", NOW)
    assert await ids(store) == []
    await store.mark_sent("first", "C1", "10.5", NOW)
    (reply,) = await store.due(NOW)
    assert (reply.new.id, reply.channel, reply.new.thread) == ("r1", "C1", "10.5")
    await send(store, "r1", "11.0")
    assert await ids(store) == ["r2"]


async def test_a_reply_to_a_reply_joins_the_thread(store):
    await store.queue([message("first"), message("r1", thread_of="first"), message("r2", thread_of="r1")])
    await send(store, "first", "10.5")
    await send(store, "r1", "11.0")
    (reply,) = await store.due(NOW)
    assert reply.new.thread == "10.5"


async def test_a_thread_named_by_its_message_keeps_the_same_order_as_one_named_by_its_post(store):
    await store.queue([message("first")])
    await send(store, "first", "10.5")
    await store.queue([message("r1", thread="10.5"), message("r2", thread_of="first"), message("r3", thread="99.9")])
    assert await ids(store) == ["r1", "r3"]
    await send(store, "r1", "11.0")
    assert await ids(store) == ["r2", "r3"]


async def test_a_reply_in_a_foreign_thread_may_begin_a_line_of_replies_there(store):
    await store.queue([message("r1", thread="99.9"), message("r2", thread_of="r1")])
    await send(store, "r1", "100.0")
    (reply,) = await store.due(NOW)
    assert reply.new.thread == "99.9"


@pytest.mark.parametrize("parent", ["given up", "unknown", "a file", "an edit"])
async def test_replies_go_to_the_channel_where_no_message_began_their_thread(store, parent):
    await store.queue([message("first"), message("f", kind=PostKind.FILE)])
    await send(store, "f", "F123")
    thread_of = {"unknown": "nobody", "a file": "f", "an edit": "e"}.get(parent, "first")
    if parent == "an edit":
        await store.queue([edit("e", "first")])
    await store.queue([message("r", thread_of=thread_of)])
    await store.start_sending("first", NOW)
    if parent == "an edit":  # an edit stands for its message
        await store.mark_sent("first", "C1", "10.5", NOW)
    else:
        await store.give_up("first", "invalid_blocks", NOW)
    (reply,) = await store.due(NOW)
    assert (reply.new.id, reply.channel) == ("r", "C1")
    assert reply.new.thread == ("10.5" if parent == "an edit" else "")


async def test_what_waits_for_another_try_can_be_hastened_but_not_where_slack_asked_to_wait(store):
    for post, channel, why in (("a", "C1", "not_in_channel"), ("b", "C1", "ratelimited"), ("c", "C2", "token_revoked")):
        await store.queue([message(post, channel)])
        await store.start_sending(post, NOW)
        await store.requeue(post, later(minutes=5), why)
    assert await ids(store) == []
    await store.retry_now(NOW, "C1")
    assert await ids(store) == ["a"]
    await store.retry_now(NOW)
    assert await ids(store) == ["a", "c"]


async def test_a_post_that_is_tried_again_keeps_its_place_and_its_line_waits(store):
    await store.queue([message("r1", thread="9.9"), message("r2", thread="9.9"), message("other")])
    await store.start_sending("r1", NOW)
    await store.requeue("r1", later(seconds=5), "ratelimited")
    assert await ids(store) == ["other"]
    assert await store.next_due(NOW) == (True, later(seconds=5))  # "other" and "r2"; the line decides
    assert await ids(store, later(seconds=5)) == ["r1", "other"]
    again = await store.start_sending("r1", later(seconds=5))
    assert (again.attempts, again.first_tried, again.why) == (2, NOW, "ratelimited")


async def test_an_unclear_reply_holds_its_thread_and_an_unclear_message_holds_only_its_own(store):
    await store.queue([message("a"), message("b"), message("ra", thread_of="a")])
    await store.queue([message("r1", thread="9.9"), message("r2", thread="9.9")])
    for id_ in ("a", "r1"):
        await store.start_sending(id_, NOW)
        await store.mark_unclear(id_, "time-out", NOW)
    assert await ids(store) == ["b"]
    assert [(post.new.id, post.doubts, post.why) for post in (await store.to_look_up(NOW))[0]] == [
        ("a", 1, "time-out"),
        ("r1", 1, "time-out"),
    ]


async def test_a_post_can_be_sent_by_one_only(store):
    await store.queue([message()])
    assert (await store.start_sending("p1", NOW)).state is PostState.SENDING
    assert await store.start_sending("p1", NOW) is None
    assert await store.start_sending("nobody", NOW) is None


async def test_ephemeral_messages_to_one_person_keep_their_order(store):
    await store.queue(
        [message(id_, kind=PostKind.EPHEMERAL, user=user) for id_, user in [("1", "U1"), ("2", "U1"), ("3", "U2")]]
    )
    assert await ids(store) == ["1", "3"]


async def test_the_address_of_an_ephemeral_message_is_forgotten_once_it_is_settled(store):
    for id_ in ("w1", "w2"):
        await store.queue(
            [message(id_, kind=PostKind.EPHEMERAL, user=id_, response_url="https://hooks.example/secret")]
        )
    await send(store, "w1", "")
    await store.give_up("w2", "expired", NOW)
    assert (await store.post("w1")).new.response_url == ""
    assert (await store.post("w2")).new.response_url == ""


async def test_no_backlog_of_one_channel_hides_another(store):
    await store.queue([message(f"r{n}", thread=f"{n}.0") for n in range(300)])
    await store.queue([message("late", "C2", due=later(seconds=1))])
    assert "late" in await ids(store, later(seconds=1))


# ── edits ──


async def test_an_edit_waits_for_its_message_and_stands_where_it_stands(store):
    await store.queue([message("m", "U1")])
    await store.start_sending("m", NOW)
    await store.queue([edit("e", "m")])
    assert await ids(store) == []
    await store.mark_sent("m", "D77", "10.5", NOW)
    (post,) = await store.due(NOW)
    assert (post.new.id, post.channel, post.ts) == ("e", "D77", "10.5")


async def test_an_edit_of_a_queued_message_changes_the_message(store):
    await store.queue([message("m", text="old")])
    await store.queue([edit("e", "m", "new", incident="i1")])
    (post,) = await store.due(NOW)
    assert (post.new.id, post.new.body) == ("m", {"text": "new"})
    folded = await store.post("e")
    assert (folded.state, folded.new.incident) == (PostState.GIVEN_UP, "i1")
    assert await store.post_counts() == {"queued": 1, "replaced": 1}


async def test_a_newer_edit_takes_the_place_of_one_that_waits_and_its_time(store):
    await store.queue([message("m")])
    await send(store, "m")
    await store.queue([edit("e1", "m", "1", due=later(seconds=2))])
    await store.queue([edit("e2", "m", "2", due=later(seconds=4))])
    await store.queue([edit("e3", "e1", "3", due=later(seconds=6))])
    (post,) = await store.due(later(seconds=2))
    assert (post.new.id, post.new.body["text"], post.new.target) == ("e3", "3", "m")


async def test_an_edit_that_is_on_its_way_is_followed_by_the_newer_one(store):
    await store.queue([message("m")])
    await send(store, "m")
    await store.queue([edit("e1", "m")])
    await store.start_sending("e1", NOW)
    await store.queue([edit("e2", "m", due=later(seconds=-5))])
    assert await ids(store) == []
    await store.mark_unclear("e1", "time-out", NOW)
    assert await ids(store) == []
    await store.requeue("e1", NOW, "time-out")
    assert await ids(store) == ["e2"]
    await send(store, "e2")
    assert await ids(store) == [], "the older one would undo it"


async def test_an_unclear_edit_gives_way_to_a_newer_one(store):
    await store.queue([message("m")])
    await send(store, "m")
    await store.queue([edit("e1", "m", "old")])
    await store.start_sending("e1", NOW)
    await store.mark_unclear("e1", "time-out", NOW)
    await store.queue([edit("e2", "m", "new")])
    await store.requeue("e1", NOW, "time-out")  # too late: it was replaced
    assert await ids(store) == ["e2"]


async def test_an_older_edit_never_comes_after_one_that_the_message_took_in(store):
    await store.queue([message("m", text="0")])
    await store.start_sending("m", NOW)
    await store.queue([edit("e1", "m", "1")])
    await store.requeue("m", NOW, "unreachable")
    await store.queue([edit("e2", "m", "2")])
    await send(store, "m")
    assert (await store.post("m")).new.body["text"] == "2"
    assert await ids(store) == []


async def test_what_an_edit_said_is_forgotten_once_it_was_said_or_replaced(store):
    await store.queue([message("m")])
    await store.queue([edit("taken in", "m")])
    await send(store, "m")
    await store.queue([edit("older", "m")])
    await store.queue([edit("newer", "m")])
    await send(store, "newer")
    bodies = [(await store.post(id_)).new.body for id_ in ("taken in", "older", "newer", "m")]
    assert bodies == [{}, {}, {}, {"text": "changed"}]


async def test_an_edit_of_a_message_that_may_stand_already_goes_as_well(store):
    await store.queue([message("m", text="old")])
    await store.start_sending("m", NOW)
    await store.mark_unclear("m", "time-out", NOW)
    await store.requeue("m", NOW, "not there")
    await store.queue([edit("e", "m", "new")])
    assert await ids(store) == ["m"]
    await store.start_sending("m", NOW)
    await store.mark_unclear("m", "time-out", NOW)
    await store.mark_sent("m", "C1", "1.1", NOW)  # the look finds the first try, with the old words
    (post,) = await store.due(NOW)
    assert (post.new.id, post.new.body["text"], post.ts) == ("e", "new", "1.1")


async def test_an_edit_of_what_is_no_message_is_given_up(store):
    await store.queue([message("w", kind=PostKind.EPHEMERAL, user="U1"), message("m")])
    await store.queue([edit("e1", "w"), edit("e2", "nobody")])
    await store.start_sending("m", NOW)
    await store.queue([edit("e3", "m")])
    await store.give_up("m", "invalid_blocks", NOW)
    await store.queue([edit("e4", "m")])
    assert [(await store.post(id_)).state for id_ in ("e1", "e2", "e3", "e4")] == [PostState.GIVEN_UP] * 4


# ── settling ──


async def test_what_is_moved_leaves_its_thread(store):
    await store.queue([message("m"), message("r", thread_of="m")])
    await store.start_sending("m", NOW)
    await store.requeue("m", NOW, "is_archived", channel="CDEFAULT")
    (moved,) = await store.due(NOW)
    assert (moved.channel, moved.why) == ("CDEFAULT", "is_archived")
    await send(store, "m", "10.5")
    (reply,) = await store.due(NOW)
    assert (reply.channel, reply.new.thread) == ("CDEFAULT", "10.5")
    await store.start_sending("r", NOW)
    await store.requeue("r", NOW, "thread_not_found", channel="C1")
    assert [(post.channel, post.new.thread) for post in await store.due(NOW)] == [("C1", "")]


async def test_something_else_may_be_sent_in_its_place_under_its_id(store):
    await store.queue([message("w", kind=PostKind.EPHEMERAL, user="U1", response_url="https://hooks.example/1")])
    await store.start_sending("w", NOW)
    await store.requeue("w", NOW, "expired", instead=message("w", "U1", "plain"))
    (post,) = await store.due(NOW)
    assert (post.new.id, post.new.kind, post.channel, post.new.body) == ("w", PostKind.MESSAGE, "U1", {"text": "plain"})
    assert post.new.response_url == ""


async def test_at_start_what_was_being_sent_is_unclear(store):
    await store.queue([message("a"), message("b", "C2")])
    await store.start_sending("a", NOW)
    assert await store.mark_interrupted() == 1
    assert [(post.new.id, post.why) for post in (await store.to_look_up(NOW))[0]] == [("a", "interrupted")]
    assert await store.mark_interrupted() == 0


async def test_only_a_message_that_was_sent_again_after_doubt_is_looked_at_once_more(store):
    await store.queue([message("sure"), message("found", "C2"), message("again", "C3")])
    await store.start_sending("sure", NOW)
    await store.requeue("sure", NOW, "ratelimited")
    await send(store, "sure", "1.0")
    for id_ in ("found", "again"):
        await store.start_sending(id_, NOW)
        await store.mark_unclear(id_, "time-out", NOW)
    await store.mark_sent("found", "C2", "2.0", NOW)
    await store.requeue("again", NOW, "not there")
    await send(store, "again", "3.0", later(seconds=5))
    assert (await store.to_look_up(later(seconds=4)))[1] == ()
    (post,) = (await store.to_look_up(later(seconds=5)))[1]
    assert (post.new.id, post.channel, post.ts, post.first_tried) == ("again", "C3", "3.0", NOW)
    await store.mark_not_duplicated("again", again=later(seconds=25))
    assert (await store.to_look_up(later(seconds=24)))[1] == ()
    assert [post.new.id for post in (await store.to_look_up(later(seconds=25)))[1]] == ["again"]
    await store.mark_not_duplicated("again")
    assert (await store.to_look_up(later(days=1)))[1] == ()


async def test_a_files_id_is_known_before_anybody_sees_it(store):
    await store.queue([message("f", kind=PostKind.FILE)])
    await store.start_sending("f", NOW)
    await store.set_file_id("f", "F123")
    await store.mark_interrupted()
    (post,) = (await store.to_look_up(NOW))[0]
    assert post.ts == "F123"


async def test_what_is_sent_stays_sent(store):
    await store.queue([message()])
    await send(store, "p1", "10.5")
    await store.mark_sent("p1", "C9", "99.9", NOW)
    await store.requeue("p1", NOW, "again")
    await store.give_up("p1", "no", NOW)
    post = await store.post("p1")
    assert (post.state, post.channel, post.ts) == (PostState.SENT, "C1", "10.5")


async def test_the_incident_of_a_thread_is_the_one_whose_first_message_began_it(store):
    own, grouped = incident("i1", post="m"), incident("i2", 2, post="m", grouped=True)
    await store.observe([], [], lambda _: ChangeSet(incidents=(own, grouped), posts=(message("m"),)))
    assert await store.incident_of_thread("C1", "10.5") is None
    await send(store, "m", "10.5")
    assert await store.incident_of_thread("C1", "10.5") == own
    assert await store.incident_of_thread("C2", "10.5") is None
    assert await store.incident_of_thread("C1", "") is None
