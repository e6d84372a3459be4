// The text box: Enter sends, and while one types it offers commands, people and channels.

import * as api from "./api.js";
import { offersFor } from "./complete.js";
import { el, fill, icon } from "./dom.js";
import { attempt, expectAnswer, store } from "./state.js";

let serial = 0;
const drafts = new Map();

/** Build a composer. `place()` tells {channel, thread, label, refusal} each time it is asked. */
export function composer(place) {
  serial += 1;
  const id = `composer-${serial}`;
  const box = el("textarea", {
    id, rows: 1, class: "composer-text", spellcheck: "true", autocomplete: "off", dir: "auto",
    role: "combobox", aria: { autocomplete: "list", expanded: "false", controls: `${id}-offers`, describedby: `${id}-hint` },
  });
  const offers = el("div", { class: "offers above", id: `${id}-offers`, role: "listbox", aria: { label: "Suggestions" }, hidden: true });
  const send = el("button", { type: "submit", class: "send", aria: { label: "Send" }, title: "Send" }, icon("send", 18));
  const slash = el("button", { type: "button", class: "icon-button", title: "Commands", aria: { label: "Insert a command" } }, "/");
  const at = el("button", { type: "button", class: "icon-button", title: "Mention somebody", aria: { label: "Mention somebody" } }, icon("at"));
  const hint = el("div", { class: "composer-hint", id: `${id}-hint` }, el("kbd", {}, "Enter"), " to send, ", el("kbd", {}, "Shift"), " + ", el("kbd", {}, "Enter"), " for a new line");
  const refusal = el("div", { class: "composer-refusal", hidden: true });
  const form = el("form", { class: "composer" }, offers, box,
    el("div", { class: "composer-foot" }, slash, at, hint, send));
  let offered = null;
  let active = 0;
  let key = "";

  const grow = () => {
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight, 180)}px`;
    send.disabled = !box.value.trim();
  };
  const hide = () => {
    offered = null;
    offers.hidden = true;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  };
  const take = (offer) => {
    box.setRangeText(offer.insert, offered.from, Math.max(offered.to, box.selectionEnd), "end");
    hide();
    grow();
    box.focus();
    look();
  };
  const drawOffers = () => {
    fill(offers, el("div", { class: "offers-title" }, offered.title), offered.offers.map((offer, index) =>
      el("div", {
        role: "option", id: `${id}-${index}`, class: index === active && !offered.passive ? "offer active" : "offer",
        aria: { selected: String(index === active && !offered.passive) },
        on: { pointerdown: (event) => { event.preventDefault(); if (!offered.passive) take(offer); } },
      }, offer.lead?.(), el("span", { class: offer.code ? "offer-label code" : "offer-label" }, offer.label), offer.note && el("span", { class: "offer-note" }, offer.note))));
    offers.hidden = false;
    box.setAttribute("aria-expanded", "true");
    if (!offered.passive) {
      box.setAttribute("aria-activedescendant", `${id}-${active}`);
      offers.querySelector(".active")?.scrollIntoView({ block: "nearest" });
    }
  };
  const look = () => {
    offered = store.world ? offersFor(box.value, box.selectionStart, store.world, where()) : null;
    active = 0;
    if (offered) drawOffers();
    else hide();
  };
  const where = () => {
    const { channel, thread } = place();
    return { thread: Boolean(thread), direct: Boolean(store.world.channels.get(channel)?.direct) };
  };
  const submit = async () => {
    const text = box.value.trim();
    const { channel, thread } = place();
    if (!text || !channel) return;
    box.value = "";
    drafts.delete(key);
    hide();
    grow();
    const act = () => api.say({ as: store.as, channel, text, ...(thread ? { thread_ts: thread } : {}) });
    const answer = await (addressed(text, channel, thread) ? expectAnswer({ channel, thread: thread ?? null }, act) : attempt(act));
    if (answer === undefined && !box.value) {
      box.value = text;
      grow();
    }
  };

  box.addEventListener("input", () => { grow(); look(); drafts.set(key, box.value); });
  box.addEventListener("click", look);
  box.addEventListener("blur", hide);
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const choosing = offered && !offered.passive;
    if (choosing && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      active = (active + (event.key === "ArrowDown" ? 1 : -1) + offered.offers.length) % offered.offers.length;
      drawOffers();
    } else if (choosing && (event.key === "Tab" || (event.key === "Enter" && !event.shiftKey && !complete(offered, box.value)))) {
      event.preventDefault();
      take(offered.offers[active]);
    } else if (event.key === "Escape" && offered) {
      event.preventDefault();
      event.stopPropagation();
      hide();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      submit();
    }
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
  slash.addEventListener("click", () => insert(store.world?.bot.commands[0] ? `${store.world.bot.commands[0].command} ` : "/", { start: true }));
  at.addEventListener("click", () => insert("@"));

  function insert(text, { start = false } = {}) {
    box.focus();
    if (start) box.value = box.value.startsWith("/") ? box.value : text + box.value;
    else box.setRangeText(/(^|\s)$/.test(box.value.slice(0, box.selectionStart)) ? text : ` ${text}`, box.selectionStart, box.selectionEnd, "end");
    grow();
    look();
  }
  /** Put a text into the box, ready to be sent or changed. */
  function put(text) {
    box.value = text;
    grow();
    box.focus();
    box.setSelectionRange(text.length, text.length);
    look();
  }
  function update() {
    const { channel, thread, label, refusal: why } = place();
    const now = `${store.as}/${channel}/${thread ?? ""}`;
    if (now !== key) {
      key = now;
      box.value = drafts.get(key) ?? "";
      hide();
      queueMicrotask(grow);
    }
    box.placeholder = label;
    box.setAttribute("aria-label", label);
    slash.hidden = Boolean(thread);
    box.disabled = Boolean(why);
    form.classList.toggle("refused", Boolean(why));
    refusal.hidden = !why;
    refusal.textContent = why ?? "";
  }
  return { node: el("div", { class: "composer-wrap" }, refusal, form), box, put, update };
}

/** Whether what is typed already is what the first offer would make of it. */
function complete(offered, text) {
  const word = text.slice(offered.from, offered.to).trim().toLowerCase();
  return offered.offers.some((offer) => offer.insert.trim().toLowerCase() === word && word !== "");
}

/** Whether flowbot should answer this: a command, a mention, or anything said to it directly. */
function addressed(text, channel, thread) {
  const { bot, channels } = store.world;
  if (text.startsWith("/") && !thread) return bot.commands.some((item) => item.command === text.split(/\s/)[0]);
  const mentioned = text.includes(`@${bot.name}`) || text.includes(`<@${bot.id}>`);
  return channels.get(channel)?.direct || (mentioned && Boolean(channels.get(channel)?.bot_member));
}
