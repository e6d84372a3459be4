// The workspace itself: who is active, which channels and groups work, and whether it knows tables.

import * as api from "./api.js";
import { el, fill } from "./dom.js";
import { toggle } from "./panel_faults.js";
import { attempt, store } from "./state.js";

export function slackView() {
  const people = el("div", { class: "switches" });
  const channels = el("div", { class: "switches" });
  const groups = el("div", { class: "switches" });
  const workspace = el("div", { class: "switches" });
  const node = el("div", { class: "slack-view" },
    el("p", { class: "panel-intro" }, "Change who is there and what works. flowbot finds out when it next asks or posts."),
    el("h3", {}, "Workspace"), workspace, el("h3", {}, "Channels"), channels,
    el("h3", {}, "User groups"), groups, el("h3", {}, "People"), people);
  let drawn = "";

  function draw() {
    const { world } = store;
    if (!world) return;
    const rooms = [...world.channels.values()].filter((channel) => !channel.direct);
    const accounts = [...world.people.values()].filter((person) => !person.bot);
    const signature = JSON.stringify([world.tables, rooms, world.groupList, accounts]);
    if (signature === drawn) return;
    drawn = signature;
    const at = node.contains(document.activeElement) ? document.activeElement.dataset.fault : null;
    fill(workspace, switched("tables", "No tables", "As in older workspaces, a message with a table is refused.", !world.tables, "tables", true));
    fill(channels, rooms.flatMap((channel) => room(channel, world)));
    fill(groups, world.groupList.map((group) =>
      switched(group.id, `Disable @${group.handle}`, `It names ${group.members?.length ?? 0} people. Slack calls nobody by it then.`, group.disabled, `disabled ${group.id}`)));
    fill(people, accounts.flatMap((person) => account(person)));
    if (at) node.querySelector(`[data-fault="${CSS.escape(at)}"]`)?.focus();
  }
  return { node, draw };
}

/** A switch of the control API; `reversed` where being on means `false` there. */
function switched(key, label, note, on, name, reversed = false) {
  return toggle(`slack-${key}`, { label, note }, Boolean(on), () => attempt(() => api.slackSwitch({ name, value: reversed ? Boolean(on) : !on })));
}

function room(channel, world) {
  const turn = () => attempt(() => (channel.bot_member ? api.leave : api.join)({ as: world.bot.id, channel: channel.id }));
  return [
    switched(`archived-${channel.id}`, `Archive #${channel.name}`, "Nobody can post in it.", channel.archived, `archived ${channel.id}`),
    toggle(`slack-without-${channel.id}`, { label: `Keep ${world.bot.name} out of #${channel.name}`, note: "It can neither post nor read there." }, !channel.bot_member, turn),
  ];
}

function account(person) {
  return [
    switched(`away-${person.id}`, `${person.real_name} is away`, "Slack says who is active.", person.active === false && !person.deleted, `away ${person.id}`),
    switched(`deactivated-${person.id}`, `Deactivate ${person.real_name}`, "As if the person had left the company.", person.deleted, `deactivated ${person.id}`),
  ];
}
