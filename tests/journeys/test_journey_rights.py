"""Who may do what: unlinked, colleague, guest, stranger and admin; linking, the people and the record of it all."""

from dataclasses import replace

from journey_kit import ALEX, DATA_OPS, DIRECT, FINANCE, GENERAL, GUEST, JONAS, MAYA, PRIYA, SAM, STRANGER, story

from bot.sim.slack.seed import ON_CALL


@story()
async def test_people_are_told_privately_what_they_may_not_and_who_may(town):
    flow = town.flow("guarded-load")
    town.breaks(flow)
    card = await town.card(flow, "FAIL")

    for text in ("failed", "trigger 3377", f"ack {flow.id}"):
        await town.asks(PRIYA, f"/flow {text}", "do not know yet who you are in EnOS", "@Alex Kim", "link")
    await town.asks(PRIYA, "/flow whoami", "not linked", "@Alex Kim")
    await town.asks(PRIYA, "/flow help", "whoami")
    town.press(PRIYA, card, "Rerun")
    await town.hears(PRIYA, "do not know yet who you are", number=4)

    town.press(JONAS, card, "Acknowledge")
    await town.hears(JONAS, "owners of", "people on call", "@Maya Chen")
    town.press(JONAS, card, "Close")
    await town.hears(JONAS, "owners of", "@Maya Chen", number=2)
    await town.asks(JONAS, "/flow link @Priya Nair u15432100000000013 priya.nair", "Only an admin", "@Alex Kim")
    await town.asks(JONAS, "/flow audit", "Only an admin")
    await town.asks(JONAS, "/flow people", "Only an admin")

    for text in ("whoami", "help", "trigger 3377"):
        await town.asks(GUEST, f"/flow {text}", "guest", "linked to an EnOS user")
    stranger = await town.asks(STRANGER, "@flowbot help", "people of my own workspace only", where=FINANCE)
    assert stranger.only_for == STRANGER
    await town.asks(STRANGER, "/flow trigger 3377", "people of my own workspace only", where=FINANCE)

    assert town.says(town.fresh(card), "Nobody has acknowledged it yet")
    town.press(SAM, card, "Acknowledge")
    await town.sees(card, "@Sam Lee has it")
    assert not town.enos.called("trigger")
    assert not town.enos.called("triggerFromTask")


@story()
async def test_an_admin_links_proves_changes_and_unlinks(town):
    flow = town.flow("priyas-load", owners=["priya.nair"])
    done = await town.asks(
        ALEX, "/flow link @Priya Nair u15432100000000013 priya.nair", "linked @Priya Nair", "proves it"
    )
    assert done.only_for == ALEX
    await town.hears(PRIYA, "@Alex Kim linked @Priya Nair to EnOS user", where=DIRECT)
    town.say(PRIYA, f"/flow trigger {flow.id}")
    await town.message("@Priya Nair", flow.name, "ended with SUCCESS")

    taken = await town.asks(ALEX, "/flow link @Sam Lee u15432100000000013 priya.nair", "linked to @Priya Nair already")
    assert town.says(taken, "[Unlink them]", "nothing was changed")
    await town.asks(ALEX, "/flow link @Robin Guest u15432100000000099 robin.fox", "linked @Robin Guest", "not proven")
    await town.asks(ALEX, "/flow people", "*Linked people*: 6", "priya.nair", "proven", "robin.fox", "reads only")
    await town.asks(GUEST, "/flow whoami", "robin.fox", "not proven yet")
    await town.asks(GUEST, f"/flow trigger {flow.id}", "EnOS does not know the user", "check the link")
    assert len(town.enos.called("trigger")) == 1

    gone = await town.asks(ALEX, "/flow unlink @Priya Nair", "removed the link of @Priya Nair", "[Link again]")
    await town.asks(PRIYA, "/flow failed", "do not know yet who you are")
    town.press(ALEX, gone, "Link again")
    await town.hears(ALEX, "linked @Priya Nair", number=2)
    await town.asks(PRIYA, "/flow failed", "today")

    # Rights are those of this moment: EnOS and Slack are asked when the button is pressed.
    shown = await town.asks(PRIYA, f"/flow show {flow.id}", "[Enable]")
    town.enos.edit(flow.id, owners=("sam.lee",))
    town.press(PRIYA, shown, "Enable")
    await town.hears(PRIYA, "not an owner", "@Sam Lee")
    assert not flow.active

    audit = await town.asks(
        ALEX, "/flow audit today", "*Audit*", "@Priya Nair", f"trigger {flow.id}", "done", "refused"
    )
    assert audit.only_for == ALEX
    town.say(ALEX, "@flowbot audit today @Priya Nair")
    only = await town.hears(ALEX, "*Audit* by @Priya Nair")
    assert "robin.fox" not in town.slack.shown(only)


@story(first=True, waits=True, FLOWBOT_REMIND_MINUTES="0.1")
async def test_an_owner_whose_account_is_deactivated_is_named_and_not_mentioned(town):
    town.slack.change_person(MAYA, deleted=True)
    town.refusals.add("chat.postMessage: channel_not_found")  # nobody reads there that they were linked
    town.excused.append("was given up: channel_not_found")
    await town.start()
    flow = town.flow("left-behind", owners=["maya.chen", "jonas.weber"])
    await town.asks(ALEX, f"/flow enable {flow.id}", "Its owners are `maya.chen`, @Jonas Weber: ask one of them")
    town.breaks(flow)
    card = await town.card(flow, "FAIL", "`maya.chen`, @Jonas Weber")
    called = await town.reply(card, "and nobody has acknowledged it")
    assert town.says(called, "@Jonas Weber: who takes it?")
    assert not town.says(called, "@Maya Chen")
    assert not town.says(town.fresh(card), "@Maya Chen")


@story(FLOWBOT_ONCALL="")
async def test_without_an_on_call_group_every_linked_member_of_the_channel_may_take_it(town):
    flow = town.flow("open-load")
    town.breaks(flow)
    card = await town.card(flow, "FAIL")
    town.slack.leave(SAM, DATA_OPS)
    await town.asks(SAM, f"/flow ack {flow.id}", "Only owners", "@Maya Chen", where=GENERAL)
    await town.asks(PRIYA, f"/flow ack {flow.id}", "do not know yet who you are")
    await town.asks(JONAS, f"/flow ack {flow.id} for 30m", "You have it")
    await town.sees(card, "@Jonas Weber has it until")
    await town.asks(JONAS, f"/flow close {flow.id} because it is a test", "You closed it")
    await town.sees(card, "CLOSED", "it is a test")


@story()
async def test_the_incident_of_a_deleted_flow_is_ended_by_its_owner(town):
    flow = town.flow("short-lived-load")
    town.breaks(flow)
    card = await town.card(flow, "FAIL")
    town.enos.remove_flow(flow.id)
    town.press(MAYA, card, "Acknowledge")
    await town.sees(card, "@Maya Chen has it")
    said = await town.reply(card, "EnOS no longer shows me the flow", "short-lived-load")
    assert town.says(said, "I stop the reminders", "[Close]")
    await town.asks(JONAS, f"/flow close {flow.id}", "I know of no incident of flow")
    town.press(MAYA, said, "Close")
    await town.sees(card, "closed")
    town.say(MAYA, f"/flow reopen {flow.id}")
    await town.reply(card, "reopened")
    assert len([each for each in town.slack.replies(card) if town.says(each, "no longer shows me")]) == 1


@story(FLOWBOT_REMIND_MINUTES="0.1")
async def test_instead_of_a_reminder_comes_the_word_that_the_flow_is_gone(town):
    flow = town.flow("forgotten-load")
    town.breaks(flow)
    card = await town.card(flow, "FAIL")
    town.enos.remove_flow(flow.id)
    await town.reply(card, "EnOS no longer shows me the flow", "I stop the reminders")
    await town.polls(10)
    assert [each for each in town.slack.replies(card) if town.says(each, "nobody has acknowledged it")] == []
    assert len([each for each in town.slack.replies(card) if town.says(each, "no longer shows me")]) == 1


@story()
async def test_links_go_with_the_workspace_into_an_organization_and_back(town):
    flow = town.flow("travelling-load")
    town.breaks(flow)
    card = await town.card(flow, "FAIL")
    town.press(MAYA, card, "Acknowledge")
    await town.sees(card, "@Maya Chen has it")
    csv = town.folder / "people-then.csv"
    csv.write_text((await town.flowbot("people", "list"))[1], encoding="utf-8")
    assert "T0DEMO0001:" in csv.read_text(encoding="utf-8")

    for enterprise, home in (("E0DEMO0001", "E0DEMO0001"), ("", "T0DEMO0001")):
        town.slack.becomes_part_of(enterprise)
        await town.asks(MAYA, "/flow whoami", "In EnOS you are", "maya.chen", "proven")  # before the bot has noticed
        assert await town.stop() == 0
        await town.start()
        await town.asks(MAYA, "/flow whoami", f"{home}:", "In EnOS you are", "maya.chen", "The link is proven")
        await town.asks(MAYA, f"/flow unack {flow.id}", "You gave it back")
        await town.asks(MAYA, f"/flow ack {flow.id}", "You have it")
        code, out, errors = await town.flowbot("people", "import", str(csv))  # of the first time
        assert (code, out.partition(",")[0]) == (0, "0 added"), errors
        await town.asks(ALEX, "/flow audit today @Maya Chen", f"unack {flow.id}", f"ack {flow.id}")
        await town.asks(ALEX, "/flow audit", f"are known by {home}")


@story(waits=True)
async def test_an_on_call_group_that_was_disabled_is_told_to_all_whom_it_concerns(town):
    group = town.slack.groups[ON_CALL]
    town.slack.groups[ON_CALL] = replace(group, disabled=True)
    town.refusals.add("usergroups.users.list: no_such_subteam")
    await town.start()
    await town.hears(ALEX, "I could not read the on-call group", "no_such_subteam", "Reminders skip it", where=DIRECT)
    flow = town.flow("unattended-load", owners=("jonas.weber",))
    town.breaks(flow)
    card = await town.card(flow, "FAIL")
    town.press(PRIYA, card, "Acknowledge")
    await town.hears(PRIYA, "I could not read the on-call group", "can't tell whether you are on call")
    await town.asks(PRIYA, "/flow status", "Not all is well", "I could not read the on-call group")
    town.press(JONAS, card, "Acknowledge")
    await town.sees(card, "@Jonas Weber has it")
