// Modals: what the app shows in front of everything, with inputs, errors and loading.

import * as api from "./api.js";
import { blocks } from "./blocks.js";
import { el, fill, icon, mark } from "./dom.js";
import { closeMenu } from "./menu.js";
import { plainText } from "./mrkdwn.js";
import { attempt, store } from "./state.js";

let dialog = null;
let drawn = "";
let readers = new Map(); // block id → Map(action id → how to read the value)
let before = null; // what had the focus when the modal came

/** What the person has entered so far, as Slack's `state.values`. */
function values() {
  const result = {};
  for (const [block, actions] of readers) {
    result[block] = {};
    for (const [action, read] of actions) result[block][action] = read();
  }
  return result;
}

const words = (object, otherwise) => (object ? plainText(object).join("") : otherwise);

/** Show the open modal of the person acted as, or none. */
export function drawModal() {
  const open = store.world?.modal;
  if (!open) return close();
  const signature = JSON.stringify([open.view.id, open.view.hash, open.errors, open.trouble, store.as]);
  if (signature === drawn && dialog?.open) return undefined;
  const same = dialog && dialog.dataset.view === open.view.id;
  const typed = same ? values() : {};
  const focus = same && dialog.contains(document.activeElement) ? document.activeElement.id || document.activeElement.dataset.part : null;
  drawn = signature;
  if (!dialog) {
    before = document.activeElement;
    dialog = el("dialog", { class: "dialog modal", aria: { labelledby: "modal-title" } });
    dialog.addEventListener("cancel", (event) => { event.preventDefault(); leave(true); });
    document.body.append(dialog);
  }
  dialog.dataset.view = open.view.id;
  readers = new Map();
  fill(dialog, body(open, typed));
  if (!dialog.open) dialog.showModal();
  settle(open, focus);
  return undefined;
}

function settle(open, focus) {
  const wrong = Object.keys(open.errors)[0];
  const invalid = wrong && dialog.querySelector(`[data-block="${CSS.escape(wrong)}"] :is(input, textarea, select)`);
  const again = focus && (document.getElementById(focus) ?? dialog.querySelector(`[data-part="${CSS.escape(focus)}"]`));
  const first = dialog.querySelector(".modal-body :is(input, textarea, select, button:not([disabled]))") ?? dialog.querySelector("[data-part=submit]");
  (invalid || again || first || dialog).focus?.();
}

function body(open, typed) {
  const { view } = open;
  const host = {
    name: "modal",
    errors: open.errors,
    kept: merged(view.state?.values ?? {}, typed),
    register: (block, item, read) => {
      if (!readers.has(block.block_id)) readers.set(block.block_id, new Map());
      readers.get(block.block_id).set(item.action_id, read);
    },
    options: (block, item, value) => api.getOptions({ as: store.as, view_id: view.id, block_id: block.block_id, action_id: item.action_id, value }),
    press: (block, item, payload) => attempt(() => api.press({ as: store.as, view_id: view.id, block_id: block.block_id, action_id: item.action_id, ...payload })),
  };
  const submit = view.submit && el("button", { type: "submit", class: "button primary", data: { part: "submit" } }, words(view.submit, "Submit"));
  const form = el("form", { class: "modal-form", novalidate: true },
    el("header", { class: "modal-head" },
      el("span", { class: "avatar app small" }, mark(15)),
      el("h2", { id: "modal-title" }, words(view.title, "flowbot")),
      el("button", { type: "button", class: "icon-button", aria: { label: "Close" }, on: { click: () => leave(true) } }, icon("close"))),
    el("div", { class: "modal-body" },
      open.trouble && el("div", { class: "block alert error", role: "alert" }, icon("alert"), el("div", {}, open.trouble)),
      blocks(view.blocks, store.world, host)),
    el("footer", { class: "modal-foot" },
      el("button", { type: "button", class: "button", data: { part: "cancel" }, on: { click: () => leave(false) } }, words(view.close, submit ? "Cancel" : "Close")),
      submit));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(view, submit, form);
  });
  return form;
}

function merged(base, over) {
  const result = { ...base };
  for (const [block, actions] of Object.entries(over)) result[block] = { ...base[block], ...actions };
  return result;
}

async function send(view, button, form) {
  if (!button || button.disabled) return;
  button.disabled = true;
  form.classList.add("sending");
  form.setAttribute("aria-busy", "true");
  const answer = await attempt(() => api.submit({ as: store.as, view_id: view.id, values: values() }));
  if (!form.isConnected) return;
  button.disabled = false;
  form.classList.remove("sending");
  form.removeAttribute("aria-busy");
  if (answer === undefined) button.focus();
}

/** Cancel closes this view; the X and Escape close the whole stack. */
function leave(cleared) {
  const open = store.world?.modal;
  if (!open) return close();
  return attempt(() => api.closeModal({ as: store.as, view_id: open.view.id, cleared }));
}

function close() {
  if (!dialog) return;
  closeMenu();
  dialog.close();
  dialog.remove();
  dialog = null;
  drawn = "";
  readers = new Map();
  if (before?.isConnected) before.focus();
}
