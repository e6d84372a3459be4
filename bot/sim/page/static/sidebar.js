// The left side: the workspace, its channels with unread marks, direct messages, and whom one acts as.

import { avatar, el, fill, icon, mark } from "./dom.js";
import { menu } from "./menu.js";
import { cast, roleOf } from "./roles.js";
import { go, store } from "./state.js";
import { clock } from "./time.js";

function channelIcon(channel) {
  if (channel.direct) return avatar({ bot: true }, "small");
  return icon(channel.private ? "lock" : channel.shared ? "share" : "hash");
}

function row(channel, visit) {
  const current = channel.id === store.channel;
  return el("li", {}, el("button", {
    type: "button", class: ["channel", current && "current", channel.unread && !current && "unread", !channel.member && "outside"].filter(Boolean).join(" "),
    aria: { current: current ? "page" : null }, data: { channel: channel.id },
    on: { click: () => { go({ channel: channel.id }); visit(); } },
  }, channelIcon(channel), el("span", { class: "channel-name" }, channel.name),
  channel.direct && el("span", { class: store.world.bot.connected ? "presence on" : "presence", title: store.world.bot.connected ? "connected" : "not connected" }),
  channel.unread > 0 && !current && el("span", { class: "unread-count", aria: { label: `${channel.unread} unread` } }, String(channel.unread))));
}

/** Draw the sidebar into `node`; `visit` is called when a channel is opened. */
export function drawSidebar(node, visit) {
  const { world } = store;
  const focused = node.contains(document.activeElement) ? document.activeElement.dataset.channel : null;
  const all = [...world.channels.values()];
  const rooms = all.filter((channel) => !channel.direct);
  const direct = all.filter((channel) => channel.direct);
  fill(node,
    el("div", { class: "workspace" }, el("span", { class: "workspace-mark" }, mark(20)),
      el("div", {}, el("div", { class: "workspace-name" }, world.team.name), el("div", { class: "workspace-note" }, "Demo workspace"))),
    el("nav", { class: "channels", aria: { label: "Channels and direct messages" } },
      el("h2", {}, "Channels"), el("ul", {}, rooms.map((channel) => row(channel, visit))),
      !rooms.length && el("p", { class: "sidebar-note" }, "No channels to see as this person."),
      el("h2", {}, "Direct messages"), el("ul", {}, direct.map((channel) => row(channel, visit)))));
  if (focused) node.querySelector(`[data-channel="${CSS.escape(focused)}"]`)?.focus();
}

/** Draw the "acting as" control; `act` is called with the id of whom to become. */
export function drawPersona(node, act) {
  const { world } = store;
  const me = world.me;
  if (!me) return;
  const signature = JSON.stringify([me.id, world.people.size, clock(world.now, me.tz)]);
  if (node.dataset.signature === signature) return;
  node.dataset.signature = signature;
  const focused = node.contains(document.activeElement);
  const about = roleOf(me);
  const button = el("button", {
    type: "button", class: "persona", aria: { haspopup: "listbox", expanded: "false", label: `Acting as ${me.real_name}, ${about.role}. Change person` },
  }, avatar(me), el("span", { class: "persona-text" },
    el("span", { class: "persona-name" }, me.real_name, el("span", { class: "role" }, about.role)),
    el("span", { class: "persona-note" }, about.note)), icon("down", 14));
  button.addEventListener("click", () => menu(button, cast(world.people).map((person) => {
    const { role, note } = roleOf(person);
    return { label: el("span", {}, person.real_name, el("span", { class: "role" }, role)), note, lead: avatar(person), current: person.id === me.id, choose: () => act(person.id) };
  }), { label: "Act as", role: "listbox", wide: true }));
  fill(node, el("div", { class: "persona-label" }, "Acting as", el("span", { title: me.tz }, `${clock(world.now, me.tz)} in ${(me.tz ?? "UTC").split("/").pop().replaceAll("_", " ")}`)), button);
  if (focused) button.focus();
}
