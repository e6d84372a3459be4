// One message: who, when, what, and what can be done with it.

import * as api from "./api.js";
import { attachment, blocks } from "./blocks.js";
import { avatar, el, icon } from "./dom.js";
import { emoji } from "./emoji.js";
import { fileCard } from "./files.js";
import { menu } from "./menu.js";
import { mrkdwn, summary } from "./mrkdwn.js";
import { attempt, expectAnswer, go, isBot, store } from "./state.js";
import { ago, clock, full } from "./time.js";

/** The author as far as the page knows one. */
export function author(message, world) {
  if (isBot(message)) return { id: world.bot.id, real_name: world.bot.name, bot: true };
  return world.people.get(message.user) ?? { id: message.user ?? "?", real_name: message.username ?? "Slackbot", bot: message.user === "USLACKBOT" };
}

/** What receives presses on a message's elements. */
function hostOf(message) {
  const place = { as: store.as, channel: message.channel, ts: message.ts };
  return {
    name: `m${message.ts}${message.where ?? ""}`,
    kept: message.chosen,
    options: (block, item, value) => api.getOptions({ ...place, block_id: block.block_id, action_id: item.action_id, value }),
    press: (block, item, payload, node) => {
      const stateful = !["button", "overflow", "workflow_button"].includes(item.type);
      node.classList.add("busy");
      node.setAttribute("aria-disabled", "true");
      const done = () => {
        node.classList.remove("busy");
        node.removeAttribute("aria-disabled");
      };
      setTimeout(done, stateful ? 300 : 5000);
      const act = () => api.press({ ...place, block_id: block.block_id, action_id: item.action_id, ...payload });
      const answer = stateful ? attempt(act, done) : expectAnswer({ channel: message.channel, thread: threadOf(message), settled: done }, act);
      answer.then((given) => given === undefined && done());
    },
  };
}

const isReply = (message) => Boolean(message.thread_ts) && message.thread_ts !== message.ts;
const threadOf = (message) => (isReply(message) ? message.thread_ts : store.thread);
const isTable = (block) => block.type === "table";
const others = (list) => (list ?? []).filter((block) => !isTable(block));

/** What a message says. Slack puts a table below everything else of it. */
function content(message, world) {
  const host = hostOf(message);
  const body = [];
  const tables = [message, ...(message.attachments ?? [])].flatMap((part) => (part.blocks ?? []).filter(isTable));
  if (message.blocks?.length) body.push(...blocks(others(message.blocks), world, host));
  else if (message.text) body.push(el("div", { class: "text" }, mrkdwn(message.text, world, { verbatim: isBot(message) })));
  for (const item of message.attachments ?? []) {
    const shown = item.blocks && { ...item, blocks: others(item.blocks) };
    if (!shown || shown.blocks.length) body.push(attachment(shown ?? item, world, host));
  }
  body.push(...blocks(tables, world, host));
  for (const file of message.files ?? []) body.push(fileCard(file));
  return body;
}

function reactions(message) {
  if (!message.reactions?.length) return null;
  return el("div", { class: "reactions" }, message.reactions.map((item) =>
    el("span", { class: item.users?.includes(store.as) ? "reaction own" : "reaction", title: `:${item.name}:` },
      `${emoji(item.name) ?? `:${item.name}:`} ${item.users?.length ?? 1}`)));
}

/** A reply that the channel shows too says so in both places. */
function sentTwice(message) {
  if (message.subtype !== "thread_broadcast") return null;
  if (message.where === "thread") return el("div", { class: "also-sent" }, "Also sent to the channel");
  return el("button", { type: "button", class: "also-sent", on: { click: () => go({ thread: message.thread_ts }) } },
    "Replied to a thread: ", el("span", { class: "root" }, message.root ? summary(message.root) : "a message that was deleted"));
}

function repliesLink(message, world) {
  const count = message.replies?.length ?? 0;
  if (!count || message.where === "thread") return null;
  const last = message.replies[count - 1];
  const faces = [...new Map(message.replies.map((reply) => [reply.user, author(reply, world)])).values()].slice(0, 3);
  return el("button", {
    type: "button", class: store.thread === message.ts ? "replies open" : "replies",
    on: { click: () => go({ thread: message.ts }) },
  }, faces.map((person) => avatar(person, "small")),
  el("span", { class: "replies-count" }, `${count} ${count === 1 ? "reply" : "replies"}`),
  el("span", { class: "replies-last" }, `Last reply ${ago(Number(last.ts), world.now)}`));
}

function tools(message, world) {
  const items = [];
  if (message.ephemeral) {
    items.push({ label: "Dismiss message", icon: "close", act: () => attempt(() => api.dismiss({ as: store.as, channel: message.channel, ts: message.ts })) });
  } else if (message.where !== "thread") {
    items.push({ label: "Reply in thread", icon: "message", act: () => go({ thread: isReply(message) ? message.thread_ts : message.ts }) });
  }
  if (isBot(message) && !message.ephemeral && world.people.get(store.as)?.admin) {
    items.push({ label: "Delete message", icon: "close", act: () => attempt(() => api.dismiss({ as: store.as, channel: message.channel, ts: message.ts })) });
  }
  const shortcuts = message.ephemeral ? [] : world.bot.shortcuts.filter((shortcut) => shortcut.kind === "message");
  const buttons = items.map((item) =>
    el("button", { type: "button", class: "icon-button", title: item.label, aria: { label: item.label }, on: { click: item.act } }, icon(item.icon)));
  if (shortcuts.length) {
    const more = el("button", { type: "button", class: "icon-button", title: "Message shortcuts", aria: { label: "Message shortcuts", haspopup: "menu", expanded: "false" } }, icon("more"));
    more.addEventListener("click", () => menu(more, shortcuts.map((shortcut) => ({
      label: shortcut.name,
      choose: () => attempt(() => api.shortcut({ as: store.as, callback_id: shortcut.callback_id, channel: message.channel, ts: message.ts })),
    })), { label: "Message shortcuts", end: true }));
    buttons.push(more);
  }
  return buttons.length ? el("div", { class: "tools", role: "group", aria: { label: "Message actions" } }, buttons) : null;
}

/** Draw a message. `follows` means: by the same author as the one above, moments later. */
export function drawMessage(message, world, { follows = false, where = "channel" } = {}) {
  const shown = { ...message, where };
  const who = author(message, world);
  const seconds = Number(message.ts);
  const zone = world.me?.tz;
  const time = el("time", { class: "time", datetime: new Date(seconds * 1000).toISOString(), title: full(seconds, zone) }, clock(seconds, zone));
  const head = follows
    ? el("span", { class: "hidden" }, `${who.real_name}, `, time.cloneNode(true))
    : el("div", { class: "message-head" }, el("span", { class: "author" }, who.real_name),
        who.bot && el("span", { class: "badge" }, "APP"), who.stranger && el("span", { class: "badge other" }, "Partner"),
        who.guest && el("span", { class: "badge other" }, "Guest"), time);
  return el("li", {
    class: ["message", follows && "follows", message.ephemeral && "ephemeral", where === "channel" && store.thread === message.ts && "selected"].filter(Boolean).join(" "),
    tabindex: -1, data: { ts: message.ts },
  },
  el("div", { class: "gutter" }, follows ? time : avatar(who)),
  el("div", { class: "message-body" },
    message.ephemeral && el("div", { class: "only-you" }, icon("eye", 13), "Only visible to you"),
    head, sentTwice(shown),
    el("div", { class: "content" }, content(shown, world), message.edited && el("span", { class: "edited", title: edited(message, zone) }, "(edited)")),
    reactions(message), repliesLink(shown, world)),
  tools(shown, world));
}

const edited = (message, zone) => (message.edited?.ts ? `Edited ${full(Number(message.edited.ts), zone)}` : "Edited");
