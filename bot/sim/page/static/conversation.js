// The message list of a channel and the thread pane: what is drawn is kept until it really changes.

import { announce, arrange, el, icon } from "./dom.js";
import { closeMenu } from "./menu.js";
import { author, drawMessage } from "./message.js";
import { summary } from "./mrkdwn.js";
import { messagesOf, parentOf, store } from "./state.js";
import { dayKey, dayName } from "./time.js";

const GROUP_SECONDS = 300;

/** A scrolling list of messages that stays at its end while the reader is there. */
export function messageList(label) {
  const list = el("ol", { class: "messages", aria: { label } });
  const below = el("button", { type: "button", class: "to-newest", hidden: true }, "Newer messages", icon("down", 14));
  const scroller = el("div", { class: "scroller", tabindex: 0, role: "region", aria: { label } }, list);
  const node = el("div", { class: "list-wrap" }, scroller, below);
  const kept = new Map();
  let shownKey = null;
  const atEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 60;
  const toEnd = () => { scroller.scrollTop = scroller.scrollHeight; };
  below.addEventListener("click", () => { toEnd(); below.hidden = true; });
  scroller.addEventListener("scroll", () => { if (atEnd()) below.hidden = true; }, { passive: true });
  const watch = new ResizeObserver(() => { if (scroller.dataset.end === "true") toEnd(); });
  watch.observe(list);
  watch.observe(scroller);
  scroller.addEventListener("scroll", () => { scroller.dataset.end = String(atEnd()); }, { passive: true });

  /** Show `items` ({key, signature, draw}); `key` names the place, a new one starts at the end. */
  function show(key, items) {
    // Where the reader was, not where a narrower list has put them.
    const stay = key === shownKey && scroller.dataset.end === "false";
    const before = list.lastElementChild;
    const focused = list.contains(document.activeElement) ? document.activeElement : null;
    const nodes = items.map((item) => {
      const old = kept.get(item.key);
      if (old?.signature === item.signature) return old.node;
      const fresh = item.draw();
      if (old && focused && old.node.contains(focused)) handOver(focused, old.node, fresh);
      kept.set(item.key, { signature: item.signature, node: fresh });
      return fresh;
    });
    const wanted = new Set(items.map((item) => item.key));
    for (const name of kept.keys()) if (!wanted.has(name)) kept.delete(name);
    arrange(list, nodes);
    if (!stay) toEnd();
    else if (before !== list.lastElementChild) below.hidden = false;
    scroller.dataset.end = String(!stay);
    shownKey = key;
  }
  return { node, scroller, show };
}

/** Keep the keyboard where it was when a message is drawn again: on the same control, or on the message. */
function handOver(focused, old, fresh) {
  closeMenu();
  const controls = [...old.querySelectorAll("[data-action]")];
  const at = controls.indexOf(focused);
  const block = focused.closest("[data-block]")?.dataset.block;
  queueMicrotask(() => {
    const same = [...fresh.querySelectorAll("[data-action]")].find((item) =>
      item.dataset.action === focused.dataset?.action && item.closest("[data-block]")?.dataset.block === block);
    (at >= 0 && same ? same : fresh).focus({ preventScroll: true });
  });
}

function divider(text) {
  return el("li", { class: "day", role: "separator", aria: { label: text } }, el("span", {}, text));
}

function itemOf(message, world, options) {
  const volatile = JSON.stringify(message).includes("{ago}") || message.replies?.length ? Math.floor(world.now / 60) : 0;
  const names = [world.me?.id, world.people.size, dayKey(world.now, world.me?.tz), volatile, store.thread === message.ts];
  return {
    key: `${options.where}/${message.channel}/${message.ts}`,
    signature: JSON.stringify([message, options, names]),
    draw: () => drawMessage(message, world, options),
  };
}

function items(list, world, where) {
  const zone = world.me?.tz;
  const result = [];
  let last = null;
  for (const message of list) {
    const seconds = Number(message.ts);
    const day = dayKey(seconds, zone);
    if (where === "channel" && (!last || dayKey(Number(last.ts), zone) !== day)) {
      const name = dayName(seconds, world.now, zone);
      result.push({ key: `day/${day}`, signature: name, draw: () => divider(name) });
      last = null;
    }
    const follows = Boolean(last) && author(last, world).id === author(message, world).id && !message.ephemeral && !last.ephemeral
      && !last.replies?.length && seconds - Number(last.ts) < GROUP_SECONDS;
    result.push(itemOf(message, world, { follows, where }));
    last = message;
  }
  return result;
}

/** The line "flowbot is working…" while an answer is awaited here. */
function waitingItem(channel, thread, world) {
  const here = store.waiting.filter((entry) => entry.channel === channel && (entry.thread ?? null) === thread);
  if (!here.length) return [];
  const late = here.every((entry) => entry.late);
  const text = late ? `${world.bot.name} has not answered yet. It may be busy, or not running.` : `${world.bot.name} is working…`;
  return [{
    key: "waiting", signature: text,
    draw: () => el("li", { class: "working", role: "status" }, late ? icon("clock", 14) : el("span", { class: "dots", aria: { hidden: true } }, el("i"), el("i"), el("i")), text),
  }];
}

export function channelItems(world) {
  return [...items(messagesOf(store.channel), world, "channel"), ...waitingItem(store.channel, null, world)];
}

export function threadItems(world) {
  const parent = parentOf(store.channel, store.thread);
  if (!parent) return [];
  const count = parent.replies.filter((reply) => !reply.ephemeral).length;
  const text = count ? `${count} ${count === 1 ? "reply" : "replies"}` : "No replies yet";
  return [
    itemOf({ ...parent, replies: [] }, world, { follows: false, where: "thread" }),
    { key: "replies", signature: text, draw: () => divider(text) },
    ...items(parent.replies, world, "thread"),
    ...waitingItem(store.channel, store.thread, world),
  ];
}

let newest = null;
/** Tell a screen reader of the newest message of somebody else, once. */
export function announceNewest(world) {
  const all = [...world.messages.values()].flat().flatMap((message) => [message, ...message.replies]);
  const last = all.reduce((best, message) => (!best || Number(message.ts) > Number(best.ts) ? message : best), null);
  const key = last && `${world.me?.id}/${last.ts}`;
  const first = newest === null || newest.split("/")[0] !== world.me?.id;
  if (!first && key && key !== newest && last.user !== world.me?.id) {
    announce(`${author(last, world).real_name} in ${world.channels.get(last.channel)?.name ?? "a channel"}: ${summary(last)}`);
  }
  if (key) newest = key;
}
