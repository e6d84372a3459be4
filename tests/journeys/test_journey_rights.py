"""Who may do what: unlinked, colleague, guest, stranger and admin; linking, the people and the record of it all."""

from dataclasses import replace

from journey_kit import ALEX, DATA_OPS, DIRECT, FINANCE, GENERAL, GUEST, JONAS, MAYA, PRIYA, SAM, STRANGER
from journey_stage import story

from bot.sim.slack.seed import ON_CALL


@story()
async def test_people_are_told_privately_what_they_may_not_and_who_may(world):
    flow = world.flow("guarded-load")
    world.breaks(flow)
    card = await world.card(flow, "FAIL")

    for text in ("failed", "trigger 3377", f"ack {flow.id}"):
        await world.asks(PRIYA, f"/flow {text}", "not linked to an EnOS user yet", "@Alex Kim", "link")
    await world.asks(PRIYA, "/flow whoami", "not linked", "@Alex Kim")
    await world.asks(PRIYA, "/flow help", "whoami")
    world.press(PRIYA, card, "Rerun")
    await world.hears(PRIYA, "not linked to an EnOS user yet", number=4)

    world.press(JONAS, card, "Acknowledge")
    await world.hears(JONAS, "owners of", "people on call", "@Maya Chen")
    world.press(JONAS, card, "Close")
    await world.submits(JONAS)
    await world.hears(JONAS, "owners of", "@Maya Chen", number=2)
    await world.asks(JONAS, "/flow link @Priya Nair u15432100000000013 priya.nair", "Only flowbot admins", "@Alex Kim")
    await world.asks(JONAS, "/flow audit", "Only flowbot admins")
    await world.asks(JONAS, "/flow people", "Only flowbot admins")

    for text in ("whoami", "help", "trigger 3377"):
        await world.asks(GUEST, f"/flow {text}", "guest", "linked to an EnOS user")
    stranger = await world.asks(STRANGER, "@flowbot help", "people of my own workspace only", where=FINANCE)
    assert stranger.only_for == STRANGER
    await world.asks(STRANGER, "/flow trigger 3377", "people of my own workspace only", where=FINANCE)

    assert world.says(world.fresh(card), "Nobody has acknowledged it yet")
    world.press(SAM, card, "Acknowledge")
    await world.sees(card, "@Sam Lee is on it")
    assert not world.enos.called("trigger")
    assert not world.enos.called("triggerFromTask")


@story()
async def test_an_admin_links_proves_changes_and_unlinks(world):
    flow = world.flow("priyas-load", owners=["priya.nair"])
    done = await world.asks(
        ALEX, "/flow link @Priya Nair u15432100000000013 priya.nair", "linked @Priya Nair", "verifies it"
    )
    assert done.only_for == ALEX
    await world.hears(PRIYA, "@Alex Kim linked @Priya Nair to EnOS user", where=DIRECT)
    world.say(PRIYA, f"/flow trigger {flow.id}")
    await world.message("@Priya Nair", flow.name, "succeeded")

    taken = await world.asks(ALEX, "/flow link @Sam Lee u15432100000000013 priya.nair", "already linked to @Priya Nair")
    assert world.says(taken, "[Unlink]", "Nothing was changed")
    await world.asks(
        ALEX, "/flow link @Robin Guest u15432100000000099 robin.fox", "linked @Robin Guest", "not verified"
    )
    await world.asks(ALEX, "/flow people", "Linked people: 7", "priya.nair", "verified", "robin.fox", "read-only")
    await world.asks(GUEST, "/flow whoami", "robin.fox", "not verified yet")
    await world.asks(GUEST, f"/flow trigger {flow.id}", "EnOS does not know the user", "EnOS user ID of your link")
    assert len(world.enos.called("trigger")) == 1

    gone = await world.asks(ALEX, "/flow unlink @Priya Nair", "@Alex Kim unlinked @Priya Nair", "[Link again]")
    await world.asks(PRIYA, "/flow failed", "not linked to an EnOS user yet")
    world.press(ALEX, gone, "Link again")
    await world.hears(ALEX, "@Alex Kim linked @Priya Nair", number=2)
    await world.asks(PRIYA, "/flow failed", "today")

    # Rights are those of this moment: EnOS and Slack are asked when the button is pressed.
    shown = await world.asks(PRIYA, f"/flow show {flow.id}", "[Enable schedule]")
    world.enos.edit(flow.id, owners=("sam.lee",))
    world.press(PRIYA, shown, "Enable schedule")
    await world.hears(PRIYA, "are not one", "@Sam Lee")
    assert not flow.active

    audit = await world.asks(
        ALEX, "/flow audit today", "Audit: ", "@Priya Nair", f"trigger {flow.id}", "done", "refused"
    )
    assert audit.only_for == ALEX
    world.say(ALEX, "@flowbot audit today @Priya Nair")
    only = await world.hears(ALEX, "Audit: ", "@Priya Nair", number=2)
    assert "robin.fox" not in world.slack.shown(only)


@story(first=True, waits=True, FLOWBOT_REMIND_MINUTES="0.1")
async def test_an_owner_whose_account_is_deactivated_is_named_and_not_mentioned(world):
    world.slack.change_person(MAYA, deleted=True)
    world.refusals.add("chat.postMessage: channel_not_found")  # they are not told there that they were linked
    world.excused.append("was given up: channel_not_found")
    await world.start()
    flow = world.flow("left-behind", owners=["maya.chen", "jonas.weber"])
    await world.asks(ALEX, f"/flow enable {flow.id}", "Ask `maya.chen`, @Jonas Weber.")
    world.breaks(flow)
    card = await world.card(flow, "FAIL", "`maya.chen`, @Jonas Weber")
    called = await world.reply(card, "and nobody is on it")
    assert world.says(called, "@Jonas Weber, who can take it?")
    assert not world.says(called, "@Maya Chen")
    assert not world.says(world.fresh(card), "@Maya Chen")


@story(FLOWBOT_ONCALL="")
async def test_without_an_on_call_group_every_linked_member_of_the_channel_may_take_it(world):
    flow = world.flow("open-load")
    world.breaks(flow)
    card = await world.card(flow, "FAIL")
    world.slack.leave(SAM, DATA_OPS)
    await world.asks(SAM, f"/flow ack {flow.id}", "Only owners", "@Maya Chen", where=GENERAL)
    await world.asks(PRIYA, f"/flow ack {flow.id}", "not linked to an EnOS user yet")
    await world.asks(JONAS, f"/flow ack {flow.id} for 30m", "You acknowledged")
    await world.sees(card, "@Jonas Weber is on it until")
    await world.asks(JONAS, f"/flow close {flow.id} because it is a test", "You closed")
    await world.sees(card, "CLOSED", "it is a test")


@story()
async def test_the_incident_of_a_deleted_flow_is_ended_by_its_owner(world):
    flow = world.flow("short-lived-load")
    world.breaks(flow)
    card = await world.card(flow, "FAIL")
    world.enos.remove_flow(flow.id)
    world.press(MAYA, card, "Acknowledge")
    await world.sees(card, "@Maya Chen is on it")
    said = await world.reply(card, "EnOS no longer shows me", flow.name)
    assert world.says(said, "Reminders about this incident have stopped", "[Close]")
    await world.asks(JONAS, f"/flow close {flow.id}", "I found no incident of flow")
    world.press(MAYA, said, "Close")
    await world.sees(card, "closed")
    world.say(MAYA, f"/flow reopen {flow.id}")
    await world.reply(card, "reopened")
    assert len([each for each in world.slack.replies(card) if world.says(each, "no longer shows me")]) == 1


@story(FLOWBOT_REMIND_MINUTES="0.1")
async def test_instead_of_a_reminder_comes_the_word_that_the_flow_is_gone(world):
    flow = world.flow("forgotten-load")
    world.breaks(flow)
    card = await world.card(flow, "FAIL")
    world.enos.remove_flow(flow.id)
    await world.reply(card, "EnOS no longer shows me", "Reminders about this incident have stopped")
    await world.polls(10)
    assert [each for each in world.slack.replies(card) if world.says(each, "nobody is on it")] == []
    assert len([each for each in world.slack.replies(card) if world.says(each, "no longer shows me")]) == 1


@story()
async def test_links_go_with_the_workspace_into_an_organization_and_back(world):
    flow = world.flow("travelling-load")
    world.breaks(flow)
    card = await world.card(flow, "FAIL")
    world.press(MAYA, card, "Acknowledge")
    await world.sees(card, "@Maya Chen is on it")
    csv = world.folder / "people-then.csv"
    csv.write_text((await world.flowbot("people", "list"))[1], encoding="utf-8")
    assert "T0DEMO0001:" in csv.read_text(encoding="utf-8")

    for enterprise, home in (("E0DEMO0001", "E0DEMO0001"), ("", "T0DEMO0001")):
        world.slack.becomes_part_of(enterprise)
        await world.asks(
            MAYA, "/flow whoami", "You are", "maya.chen", "in EnOS", "verified"
        )  # before the bot has noticed
        assert await world.stop() == 0
        await world.start()
        await world.asks(MAYA, "/flow whoami", f"{home}:", "maya.chen", "Your link is verified")
        await world.asks(MAYA, f"/flow unack {flow.id}", "You handed")
        await world.asks(MAYA, f"/flow ack {flow.id}", "You acknowledged")
        code, out, errors = await world.flowbot("people", "import", str(csv))  # of the first time
        assert (code, out.partition(".")[0]) == (0, "Added: 0"), errors
        await world.asks(ALEX, "/flow audit today @Maya Chen", f"unack {flow.id}", f"ack {flow.id}")
        await world.asks(ALEX, "/flow audit", f"are known by {home}")


@story(waits=True)
async def test_an_on_call_group_that_was_disabled_is_told_to_all_whom_it_concerns(world):
    group = world.slack.groups[ON_CALL]
    world.slack.groups[ON_CALL] = replace(group, disabled=True)
    world.refusals.add("usergroups.users.list: no_such_subteam")
    await world.start()
    await world.hears(ALEX, "I can't read the on-call group", "no_such_subteam", "Escalation skips it", where=DIRECT)
    flow = world.flow("unattended-load", owners=("jonas.weber",))
    world.breaks(flow)
    card = await world.card(flow, "FAIL")
    world.press(PRIYA, card, "Acknowledge")
    await world.hears(PRIYA, "I can't read the on-call group", "I don't know whether you are on call")
    await world.asks(PRIYA, "/flow status", "⚠️", "I can't read the on-call group")
    world.press(JONAS, card, "Acknowledge")
    await world.sees(card, "@Jonas Weber is on it")
