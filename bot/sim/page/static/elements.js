// Block Kit's interactive elements: buttons, menus, selects and inputs, in messages and in modals.

import { el, icon } from "./dom.js";
import { confirmed, menu } from "./menu.js";
import { plainText, safeUrl } from "./mrkdwn.js";
import { combobox } from "./combobox.js";

const NATIVE = {
  datepicker: { input: "date", key: "selected_date", initial: "initial_date" },
  timepicker: { input: "time", key: "selected_time", initial: "initial_time" },
  datetimepicker: { input: "datetime-local", key: "selected_date_time", initial: "initial_date_time" },
  number_input: { input: "number", key: "value", initial: "initial_value" },
  email_text_input: { input: "email", key: "value", initial: "initial_value" },
  url_text_input: { input: "url", key: "value", initial: "initial_value" },
};

const ENTITIES = {
  users_select: { key: "selected_user", initial: "initial_user", of: (view) => people(view) },
  channels_select: { key: "selected_channel", initial: "initial_channel", of: (view) => rooms(view, false) },
  conversations_select: { key: "selected_conversation", initial: "initial_conversation", of: (view) => rooms(view, true) },
};

const people = (view) => [...view.people.values()].filter((person) => !person.bot).map((person) => ({ value: person.id, label: person.real_name }));
const rooms = (view, direct) => [...view.channels.values()].filter((channel) => direct || !channel.direct).map((channel) => ({ value: channel.id, label: channel.direct ? "flowbot" : `#${channel.name}` }));

/** Render one element of `block`. In an `input` block its value is registered; elsewhere a change is a press. */
export function element(given, block, view, host) {
  const item = withKept(given, host.kept?.[block.block_id]?.[given.action_id]);
  const use = { item, block, view, host, form: block.type === "input" };
  switch (item.type) {
    case "button": return button(use);
    case "workflow_button": return button(use);
    case "overflow": return overflow(use);
    case "static_select": return select(use, options(item), "selected_option", item.initial_option?.value);
    case "external_select": return external(use);
    case "multi_static_select": case "checkboxes": return choices(use, "checkbox");
    case "radio_buttons": return choices(use, "radio");
    case "plain_text_input": case "rich_text_input": return textInput(use);
    case "image": return el("span", { class: "image-stand-in", title: item.alt_text }, icon("image"), el("span", {}, item.alt_text ?? "picture"));
    default:
      if (item.type in NATIVE) return native(use);
      if (item.type in ENTITIES) return entity(use);
      return el("span", { class: "unknown" }, `This page cannot draw a “${item.type}” element.`);
  }
}

const KEPT = {
  value: "initial_value", selected_option: "initial_option", selected_options: "initial_options", selected_date: "initial_date",
  selected_time: "initial_time", selected_date_time: "initial_date_time", selected_user: "initial_user",
  selected_channel: "initial_channel", selected_conversation: "initial_conversation",
};

/** The element with what the person entered before in place of what the app suggested. */
function withKept(item, kept) {
  if (!kept || kept.type !== item.type) return item;
  const entered = Object.entries(KEPT).filter(([key]) => key in kept).map(([key, initial]) => [initial, kept[key] ?? undefined]);
  return { ...item, ...Object.fromEntries(entered) };
}

const options = (item) => item.options ?? (item.option_groups ?? []).flatMap((group) => group.options);
const words = (object) => plainText(object).join("");

function press(use, payload, node) {
  return use.host.press?.(use.block, use.item, payload, node);
}

function register(use, read) {
  use.host.register?.(use.block, use.item, read);
}

/** Attributes that tie an input to its label, hint and error. */
const tied = (use) => ({
  id: use.host.label ?? null,
  aria: {
    describedby: use.host.described ?? null,
    invalid: use.host.invalid ? "true" : null,
    label: use.host.label ? null : use.item.accessibility_label ?? (use.item.placeholder ? words(use.item.placeholder) : use.item.action_id),
  },
  data: { action: use.item.action_id ?? "" },
});

function button(use) {
  const { item, view } = use;
  const name = `button ${["primary", "danger"].includes(item.style) ? item.style : ""}`;
  const url = item.url && safeUrl(item.url);
  const act = async (event) => {
    const node = event.currentTarget;
    if (node.getAttribute("aria-disabled") === "true") return;
    if (!(await confirmed(item.confirm, view))) return;
    press(use, { value: item.value ?? "" }, node);
  };
  const shared = { class: name, data: { action: item.action_id ?? "" }, aria: { label: item.accessibility_label } };
  if (url) {
    return el("a", { ...shared, href: url, target: "_blank", rel: "noopener noreferrer", on: { click: act } },
      plainText(item.text), icon("share", 13));
  }
  return el("button", { ...shared, type: "button", on: { click: act } }, plainText(item.text));
}

function overflow(use) {
  const { item, view } = use;
  const node = el("button", {
    type: "button", class: "button square", data: { action: item.action_id ?? "" },
    aria: { label: item.accessibility_label ?? "More actions", haspopup: "menu", expanded: "false" },
  }, icon("more", 18));
  node.addEventListener("click", () => menu(node, options(item).map((option) => ({
    label: words(option.text),
    note: option.description && words(option.description),
    choose: async () => {
      if (!(await confirmed(item.confirm, view))) return;
      if (option.url && safeUrl(option.url)) window.open(safeUrl(option.url), "_blank", "noopener");
      press(use, { selected_option: option }, node);
    },
  })), { label: item.accessibility_label ?? "More actions", end: true }));
  return node;
}

/** A native select: small, accessible everywhere, and right on a phone. */
function select(use, list, key, initial) {
  const { item, view } = use;
  const chosen = list.findIndex((option) => option.value === initial);
  const option = (one) => el("option", { value: String(list.indexOf(one)), selected: list.indexOf(one) === chosen },
    one.label ?? words(one.text));
  const groups = item.option_groups
    ? item.option_groups.map((group) => el("optgroup", { label: words(group.label) }, group.options.map(option)))
    : list.map(option);
  const blank = el("option", { value: "", disabled: !item.optional && !use.block.optional, selected: chosen < 0 },
    item.placeholder ? words(item.placeholder) : "Choose…");
  const node = el("select", { class: "select", ...tied(use) }, blank, groups);
  const current = () => list[Number(node.value)];
  const value = () => {
    const one = node.value === "" ? null : current();
    return one && (key === "selected_option" ? one : one.value);
  };
  if (use.form) register(use, () => ({ type: item.type, [key]: value() }));
  if (!use.form || use.block.dispatch_action) {
    node.addEventListener("change", async () => {
      if (node.value === "") return;
      if (await confirmed(item.confirm, view)) press(use, { [key]: value() }, node);
      else node.value = chosen < 0 ? "" : String(chosen);
    });
  }
  return el("span", { class: "select-wrap" }, node, icon("down", 14));
}

function entity(use) {
  const { key, initial, of } = ENTITIES[use.item.type];
  return select(use, of(use.view), key, use.item[initial]);
}

function external(use) {
  const { item, host, block, view } = use;
  const box = combobox({
    attributes: tied(use),
    placeholder: item.placeholder ? words(item.placeholder) : "Type to search…",
    initial: item.initial_option,
    least: item.min_query_length ?? 3,
    search: (text) => host.options(block, item, text),
    choose: async (option) => {
      if (use.form && !block.dispatch_action) return;
      if (await confirmed(item.confirm, view)) press(use, { selected_option: option }, box.node);
    },
  });
  if (use.form) register(use, () => ({ type: item.type, selected_option: box.chosen() }));
  return box.node;
}

function choices(use, kind) {
  const { item, block } = use;
  const many = kind === "checkbox";
  const list = options(item);
  const initial = new Set((item.initial_options ?? (item.initial_option ? [item.initial_option] : [])).map((option) => option.value));
  const name = `${use.host.name ?? "choice"}-${block.block_id}-${item.action_id}`;
  const boxes = list.map((option) => el("input", { type: kind, name, checked: initial.has(option.value), data: { action: item.action_id ?? "" } }));
  const value = () => {
    const chosen = list.filter((_, index) => boxes[index].checked);
    return many ? { selected_options: chosen } : { selected_option: chosen[0] ?? null };
  };
  if (use.form) register(use, () => ({ type: item.type, ...value() }));
  const node = el("div", { class: "choices", role: many ? "group" : "radiogroup", aria: { describedby: use.host.described ?? null } },
    list.map((option, index) => el("label", { class: "choice" }, boxes[index],
      el("span", {}, plainText(option.text), option.description && el("span", { class: "hint" }, plainText(option.description))))));
  if (!use.form || block.dispatch_action) node.addEventListener("change", () => press(use, value(), node));
  return node;
}

function textInput(use) {
  const { item } = use;
  const lines = item.multiline || item.type === "rich_text_input";
  const shared = {
    ...tied(use), class: "field-input", placeholder: item.placeholder ? words(item.placeholder) : null,
    minlength: item.min_length ?? null, maxlength: item.max_length ?? 3000, autocomplete: "off",
  };
  const node = lines ? el("textarea", { ...shared, rows: 4 }) : el("input", { ...shared, type: "text" });
  node.value = typeof item.initial_value === "string" ? item.initial_value : "";
  if (use.form) register(use, () => ({ type: item.type, value: node.value === "" ? null : node.value }));
  if (use.block.dispatch_action) {
    node.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !lines) press(use, { value: node.value }, node);
    });
  }
  return node;
}

function native(use) {
  const { item, block } = use;
  const { input, key, initial } = NATIVE[item.type];
  const moment = input === "datetime-local";
  const node = el("input", {
    ...tied(use), type: input, class: "field-input", min: item.min_value ?? null, max: item.max_value ?? null,
    step: input === "number" && item.is_decimal_allowed ? "any" : null, autocomplete: "off",
  });
  const given = item[initial];
  if (given !== undefined) node.value = moment ? localMinute(given) : given;
  const value = () => (node.value === "" ? null : moment ? Math.floor(new Date(node.value).getTime() / 1000) : node.value);
  if (use.form) register(use, () => ({ type: item.type, [key]: value() }));
  if (!use.form || block.dispatch_action) node.addEventListener("change", () => press(use, { [key]: value() }, node));
  return node;
}

function localMinute(seconds) {
  const at = new Date(seconds * 1000);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}
