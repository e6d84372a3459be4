// The page as a whole: who draws what, and where the visitor goes.

import * as api from "./api.js";
import { blocks } from "./blocks.js";
import { composer } from "./composer.js";
import { announceNewest, channelItems, messageList, threadItems } from "./conversation.js";
import { el, fill, icon } from "./dom.js";
import { closeMenu } from "./menu.js";
import { drawModal } from "./modal.js";
import { panel } from "./panel.js";
import { drawPersona, drawSidebar } from "./sidebar.js";
import { attempt, become, changed, follow, go, onChange, onFailure, recall, refreshPlatform, remember, store } from "./state.js";
import { toast } from "./toast.js";
import { drawTour } from "./tour.js";

const PLATFORM_MS = 1500;
const byId = (id) => document.getElementById(id);
const shell = byId("shell");
const narrow = matchMedia("(max-width: 860px)");
const snug = matchMedia("(max-width: 1380px)"); // no room for a thread and the panel side by side
const small = matchMedia("(max-width: 1080px)");

const channelList = messageList("Messages");
const threadList = messageList("Thread");
const channelComposer = composer(() => {
  const channel = store.world?.channels.get(store.channel);
  return { channel: store.channel, thread: null, label: channel ? `Message ${channel.direct ? channel.name : `#${channel.name}`}` : "Message", refusal: refusalOf(channel) };
});
const threadComposer = composer(() => ({ channel: store.channel, thread: store.thread, label: "Reply…", refusal: refusalOf(store.world?.channels.get(store.channel)) }));
byId("channel-list").append(channelList.node);
byId("channel-composer").append(channelComposer.node);
byId("thread-list").append(threadList.node);
byId("thread-composer").append(threadComposer.node);
const platformPanel = panel(byId("panel"), () => showPanel(false));

function refusalOf(channel) {
  if (!channel) return null;
  if (channel.archived) return "This channel is archived. Nobody can post here.";
  if (channel.read_only && !store.world.me?.admin) return "Only admins can post here. You can still reply in threads.";
  return null;
}

// ── drawing ──────────────────────────────────────────────────────────────────

const homeShown = (channel) => Boolean(channel?.direct && store.tab === "home");

function draw() {
  const { world } = store;
  drawLine();
  if (!world) return;
  world.now = Date.now() / 1000;
  const channel = world.channels.get(store.channel);
  drawSidebar(byId("channels"), () => shell.classList.remove("menu-open"));
  drawPersona(byId("persona"), act);
  drawHead(channel);
  drawBody(channel);
  drawThread(channel);
  drawModal();
  drawTour(byId("tour"), channelComposer.put);
  platformPanel.draw();
  announceNewest(world);
  const unread = [...world.channels.values()].reduce((sum, item) => sum + (item.unread ?? 0), 0);
  document.title = `${unread ? `(${unread}) ` : ""}${channel ? `${channel.direct ? "" : "#"}${channel.name} · ` : ""}flowbot demo`;
}

/** The line that says when something between the visitor and flowbot is down. */
function drawLine() {
  const line = byId("line");
  const text = !store.connected && store.world ? "The demo’s server does not answer. This page tries again by itself."
    : store.world && !store.world.bot.connected ? `${store.world.bot.name} is not connected to Slack right now. What you send may go unanswered.` : "";
  line.hidden = !text;
  if (line.textContent !== text) line.textContent = text;
}

function drawHead(channel) {
  const node = byId("head");
  if (!channel) return void fill(node);
  const signature = JSON.stringify([channel.id, channel.name, channel.topic, channel.bot_member, channel.archived, channel.shared, store.tab, store.world.bot.connected, store.as, Boolean(store.world.home)]);
  if (node.dataset.signature === signature) return undefined;
  node.dataset.signature = signature;
  const symbol = channel.direct ? "message" : channel.private ? "lock" : "hash";
  const tab = (id, label) => el("button", { type: "button", class: "head-tab", aria: { pressed: String(store.tab === id) }, on: { click: () => openTab(id) } }, label);
  return void fill(node,
    el("h1", {}, icon(symbol, 18), el("span", {}, channel.name)),
    channel.direct && store.world.bot.home && el("div", { class: "head-tabs", role: "group", aria: { label: "View" } }, tab("messages", "Messages"), tab("home", "Home")),
    channel.topic && el("p", { class: "topic" }, channel.topic),
    el("div", { class: "head-chips" },
      channel.shared && el("span", { class: "chip", title: "Shared with another company" }, icon("share", 12), "shared"),
      channel.archived && el("span", { class: "chip" }, "archived"),
      !channel.direct && (channel.bot_member
        ? el("span", { class: "chip good", title: `${store.world.bot.name} is a member of this channel` }, `${store.world.bot.name} is here`)
        : el("button", { type: "button", class: "chip action", title: "Until then, its answers are only visible to you", on: { click: () => attempt(() => api.join({ as: store.world.bot.id, channel: channel.id })) } }, `Add ${store.world.bot.name}`))));
}

function openTab(tab) {
  go({ tab });
  if (tab === "home") attempt(() => api.openHome({ as: store.as, tab: "home" }));
}

function drawBody(channel) {
  const home = byId("home");
  const empty = byId("empty");
  const items = channelItems(store.world);
  home.hidden = !homeShown(channel);
  byId("channel-list").hidden = homeShown(channel);
  byId("channel-composer").hidden = homeShown(channel);
  if (homeShown(channel)) drawHome(home);
  channelList.show(`${store.as}/${store.channel}`, items);
  channelComposer.update();
  empty.hidden = items.length > 0 || homeShown(channel) || !channel;
  if (!empty.hidden) drawEmpty(empty, channel);
}

function drawHome(node) {
  const { world } = store;
  const view = world.home;
  const signature = JSON.stringify([view?.id, view?.hash, store.as]);
  if (node.dataset.signature === signature) return;
  node.dataset.signature = signature;
  const host = {
    name: "home", kept: view?.state?.values,
    options: (block, item, value) => api.getOptions({ as: store.as, view_id: view.id, block_id: block.block_id, action_id: item.action_id, value }),
    press: (block, item, payload) => attempt(() => api.press({ as: store.as, view_id: view.id, block_id: block.block_id, action_id: item.action_id, ...payload })),
  };
  fill(node, view ? el("div", { class: "home-body" }, blocks(view.blocks, world, host))
    : el("div", { class: "empty-note" }, `${world.bot.name} has published nothing here yet.`));
}

const EXAMPLES = ["failed today", "show 3377", "help"];

function drawEmpty(node, channel) {
  const signature = `${channel.id}/${store.as}`;
  if (node.dataset.signature === signature) return;
  node.dataset.signature = signature;
  const command = store.world.bot.commands[0]?.command ?? "/flow";
  const chips = EXAMPLES.map((text) => {
    const said = channel.direct ? text : `${command} ${text}`;
    return el("button", { type: "button", class: "example", on: { click: () => channelComposer.put(said) } }, said);
  });
  fill(node, el("h2", {}, channel.direct ? `Ask ${store.world.bot.name} anything about your flows` : `This is the very beginning of #${channel.name}`),
    el("p", {}, channel.direct ? "No slash needed here: what you write is the command. Try one of these." : "Type a command, mention flowbot, or break a flow in the panel on the right."),
    el("div", { class: "examples" }, chips));
}

let threadKey = null;
let steppedAside = false; // whether the panel was closed only because a thread needed its room
function drawThread(channel) {
  const pane = byId("thread");
  const open = Boolean(store.thread && channel);
  pane.hidden = !open;
  shell.classList.toggle("thread-open", open);
  if (open) {
    byId("thread-place").textContent = channel.direct ? channel.name : `#${channel.name}`;
    threadList.show(`${store.as}/${store.channel}/${store.thread}`, threadItems(store.world));
    threadComposer.update();
  }
  const key = open ? `${store.channel}/${store.thread}` : null;
  if (key !== threadKey) {
    threadKey = key;
    if (open && snug.matches && !byId("panel").hidden) {
      showPanel(false, { quiet: true });
      steppedAside = !narrow.matches;
    } else if (!open && steppedAside) showPanel(true, { quiet: true });
    if (open && !narrow.matches) threadComposer.box.focus({ preventScroll: true });
    remember();
  }
}

// ── acting ───────────────────────────────────────────────────────────────────

function act(id) {
  become(id);
  channelComposer.box.focus({ preventScroll: true });
}

function showPanel(open, { quiet = false } = {}) {
  const node = byId("panel");
  node.hidden = !open;
  steppedAside = false;
  shell.classList.toggle("panel-open", open);
  for (const button of document.querySelectorAll("[data-toggle=panel]")) button.setAttribute("aria-expanded", String(open));
  if (open && snug.matches && store.thread) go({ thread: null });
  if (open) {
    platformPanel.draw();
    if (narrow.matches) node.querySelector("button")?.focus();
  } else if (!quiet) byId("panel-button").focus();
}

function closeThread() {
  const ts = store.thread;
  go({ thread: null });
  queueMicrotask(() => document.querySelector(`#channel-list [data-ts="${CSS.escape(ts ?? "")}"]`)?.focus({ preventScroll: true }));
}

byId("thread-close").append(icon("close"));
byId("thread-close").addEventListener("click", closeThread);
byId("menu-button").append(icon("list", 18));
byId("menu-button").addEventListener("click", () => shell.classList.toggle("menu-open"));
byId("panel-button").append(icon("panel", 18), el("span", { class: "panel-button-text" }, "Platform"));
byId("panel-button").addEventListener("click", () => showPanel(byId("panel").hidden));
byId("veil").addEventListener("click", () => shell.classList.remove("menu-open"));

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  if (shell.classList.contains("menu-open")) shell.classList.remove("menu-open");
  else if (narrow.matches && !byId("panel").hidden) showPanel(false);
  else if (store.thread) closeThread();
});
document.addEventListener("click", (event) => {
  const target = event.target.closest?.("[data-open]");
  if (!target) return;
  event.preventDefault();
  go({ channel: target.dataset.open });
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  channelComposer.box.focus();
});
window.addEventListener("hashchange", () => {
  const as = recall();
  if (as !== store.as) follow(as);
  changed();
});

onChange(draw);
onFailure((sentence) => { closeMenu(); toast(sentence); });
follow(recall());
showPanel(!small.matches && !(snug.matches && store.thread), { quiet: true });
steppedAside = !small.matches && byId("panel").hidden;
refreshPlatform();
setInterval(() => { if (!document.hidden) refreshPlatform(); }, PLATFORM_MS);
