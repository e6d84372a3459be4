// Switches that take EnOS or Slack away, slow them, or make them lose an answer; and EnOS's contradictions.

import * as api from "./api.js";
import { el, fill, icon } from "./dom.js";
import { attempt, refreshPlatform, store } from "./state.js";

const CHANGES = ["trigger", "triggerFromTask", "updateAndTrigger"];

const ENOS = [
  { name: "gone", label: "Take EnOS away", note: "Every connection is cut.", faults: [{ name: "gone" }, { name: "gone", action: "token" }] },
  { name: "slow", label: "Slow", note: "Each answer takes eight seconds.", faults: [{ name: "slow", seconds: 8 }] },
  { name: "error", label: "Errors", note: "Each call gets a 500 and an HTML page.", faults: [{ name: "error", status: 500 }] },
  { name: "lost", label: "Lose the next answer", note: "The next trigger works, but flowbot gets no answer.", faults: CHANGES.map((action) => ({ name: "lost", action, calls: 1 })) },
  { name: "throttled", label: "Throttle", note: "Each call gets a 429 and must wait 5 s.", faults: [{ name: "throttled", seconds: 5 }] },
  { name: "garbage", label: "Garbage", note: "The answers are not JSON.", faults: [{ name: "garbage" }] },
];

const SLACK = [
  { name: "gone", label: "Take Slack away", note: "Sockets and calls are cut.", fault: { name: "gone" } },
  { name: "ratelimited", label: "Answer 429", note: "Each call gets a 429 and must wait 3 s.", fault: { name: "ratelimited", seconds: 3 } },
  { name: "lost", label: "Lose the next answer", note: "The next post arrives, but flowbot gets no answer.", fault: { name: "lost", method: "chat.postMessage", times: 1 } },
  { name: "http_500", label: "Errors", note: "Each call gets a 500.", fault: { name: "http_500" } },
];

export function faultsView() {
  const enos = el("div", { class: "switches" });
  const slack = el("div", { class: "switches" });
  const quirks = el("div", { class: "quirks" });
  const details = el("details", { class: "contradictions" },
    el("summary", {}, "Where EnOS’s pages contradict each other"),
    el("p", { class: "panel-intro" }, "There is one switch for each. Change them while flowbot is running. It notices and continues."), quirks);
  const calm = el("button", { type: "button", class: "button wide", on: { click: mendAll } }, icon("heal", 14), "Fix everything");
  const drop = el("button", { type: "button", class: "button small", on: { click: () => attempt(() => api.slackFault({ name: "drop" })) } }, "Drop the sockets now");
  const node = el("div", { class: "faults-view" },
    el("p", { class: "panel-intro" }, "Take something away. flowbot says so once, waits, and catches up."),
    el("h3", {}, "EnOS"), enos, el("h3", {}, "Slack"), slack, el("div", { class: "lever-row" }, drop), calm, details);
  let drawn = "";
  let quirksDrawn = "";

  function draw() {
    const { platform, slackFaults } = store;
    if (!platform) return;
    const on = new Set(platform.faults.map((fault) => fault.name));
    const slackOn = new Set(slackFaults.map((fault) => fault.name));
    const signature = JSON.stringify([[...on], [...slackOn]]);
    if (signature !== drawn) {
      drawn = signature;
      const at = node.contains(document.activeElement) ? document.activeElement.dataset.fault : null;
      fill(enos, ENOS.map((item) => toggle(`enos-${item.name}`, item, on.has(item.name), () => turnEnos(item, on.has(item.name)))));
      fill(slack, SLACK.map((item) => toggle(`slack-${item.name}`, item, slackOn.has(item.name), () => turnSlack(item, slackOn.has(item.name)))));
      calm.disabled = !on.size && !slackOn.size;
      if (at) node.querySelector(`[data-fault="${at}"]`)?.focus();
    }
    const table = JSON.stringify(platform.switches ?? []);
    if (details.open && table !== quirksDrawn && !quirks.contains(document.activeElement)) {
      quirksDrawn = table;
      fill(quirks, (platform.switches ?? []).map(quirk));
    }
  }
  details.addEventListener("toggle", draw);
  return { node, draw };
}

export function toggle(key, item, on, turn) {
  return el("button", { type: "button", class: on ? "switch on" : "switch", role: "switch", aria: { checked: String(on) }, data: { fault: key }, on: { click: turn } },
    el("span", { class: "switch-text" }, el("span", { class: "switch-label" }, item.label), el("span", { class: "switch-note" }, item.note)),
    el("span", { class: "knob", aria: { hidden: true } }));
}

function quirk(item) {
  const id = `quirk-${item.name}`;
  const turn = (value) => attempt(() => api.platformSwitch({ name: item.name, value })).then(refreshPlatform);
  const choices = item.choices ?? [];
  const control = choices.length
    ? el("select", { id, class: "select small" }, choices.map((choice) => el("option", { value: String(choice), selected: choice === item.value }, String(choice))))
    : el("input", { id, class: "field-input small", value: String(item.value) });
  control.addEventListener("change", () => turn(control.value));
  return el("div", { class: item.value === item.default ? "quirk" : "quirk changed" },
    el("label", { for: id }, el("code", {}, item.name), el("span", {}, item.says)),
    choices.length ? el("span", { class: "select-wrap small" }, control, icon("down", 12)) : control);
}

async function turnEnos(item, on) {
  await attempt(async () => {
    if (on) return api.platformFault({ clear: item.name });
    for (const fault of item.faults) await api.platformFault(fault);
    return {};
  });
  refreshPlatform();
}

/** Slack's faults are cleared together, so those that stay are armed again. */
async function turnSlack(item, on) {
  await attempt(async () => {
    const others = SLACK.filter((other) => other !== item && store.slackFaults.some((fault) => fault.name === other.name));
    await api.slackFault({ name: "none" });
    for (const fault of [...others, ...(on ? [] : [item])]) await api.slackFault(fault.fault);
    return {};
  });
  refreshPlatform();
}

async function mendAll() {
  await attempt(async () => {
    await api.platformFault({ name: "none" });
    return api.slackFault({ name: "none" });
  });
  refreshPlatform();
}
