// The right side: the platform behind it all, and the levers that make things fail.

import { el, fill, icon } from "./dom.js";
import { eventsView } from "./panel_events.js";
import { faultsView } from "./panel_faults.js";
import { flowsView } from "./panel_flows.js";
import { logView } from "./panel_log.js";
import { slackView } from "./panel_slack.js";
import { store } from "./state.js";

const TABS = [
  { id: "flows", label: "Flows", build: flowsView },
  { id: "faults", label: "Faults", build: faultsView },
  { id: "log", label: "Log", build: logView },
  { id: "slack", label: "Slack", build: slackView },
  { id: "events", label: "PagerDuty", build: eventsView },
];

/** Build the panel in `node`; `close` is called when the visitor closes it. Returns how to draw it. */
export function panel(node, close) {
  let current = "flows";
  const views = Object.fromEntries(TABS.map((tab) => [tab.id, tab.build()]));
  const state = el("span", { class: "platform-state" });
  const tabs = TABS.map((tab) => el("button", {
    type: "button", role: "tab", id: `tab-${tab.id}`, aria: { controls: `view-${tab.id}` }, on: { click: () => open(tab.id), keydown: step },
  }, tab.label));
  const pages = TABS.map((tab) => el("div", { class: "panel-page", role: "tabpanel", id: `view-${tab.id}`, aria: { labelledby: `tab-${tab.id}` } }, views[tab.id].node));
  fill(node,
    el("header", { class: "pane-head" },
      el("div", { class: "pane-title" }, el("h2", {}, "Platform"), state),
      el("button", { type: "button", class: "icon-button", aria: { label: "Close the platform panel" }, on: { click: close } }, icon("close"))),
    el("div", { class: "tabs", role: "tablist", aria: { label: "Platform" } }, tabs), pages);

  function step(event) {
    const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!move) return;
    const at = (TABS.findIndex((tab) => tab.id === current) + move + TABS.length) % TABS.length;
    open(TABS[at].id);
    tabs[at].focus();
  }
  function open(id) {
    current = id;
    TABS.forEach((tab, index) => {
      const here = tab.id === id;
      tabs[index].setAttribute("aria-selected", String(here));
      tabs[index].tabIndex = here ? 0 : -1;
      pages[index].hidden = !here;
    });
    views[id].shown?.();
    draw();
  }
  function draw() {
    const { platform } = store;
    if (current === "slack" && !node.hidden) views.slack.draw();
    if (!platform) {
      fill(state, el("span", { class: "dot idle" }), "Loading…");
      return;
    }
    const broken = platform.flows.filter((flow) => flow.failing).length;
    const faults = new Set([...platform.faults.map((fault) => `EnOS ${fault.name}`), ...store.slackFaults.map((fault) => `Slack ${fault.name}`)]).size;
    const text = faults ? `${faults} ${faults === 1 ? "fault" : "faults"} on` : broken ? `${broken} ${broken === 1 ? "flow" : "flows"} broken` : "All good";
    fill(state, el("span", { class: `dot ${faults ? "warning" : broken ? "danger" : "good"}` }), text);
    tabs[1].dataset.count = faults ? String(faults) : "";
    const called = store.arrived.alerts.filter((alert) => alert.status === "triggered").length;
    tabs[4].dataset.count = called ? String(called) : "";
    if (!node.hidden && current !== "slack") views[current].draw();
  }
  open(current);
  return { draw, open };
}
