// Where flowbot's events arrive: PagerDuty, at the end of an escalation, and a webhook, which gets each step.

import { arrange, el } from "./dom.js";
import { store } from "./state.js";
import { clockWithSeconds } from "./time.js";

const TONES = { triggered: "danger", acknowledged: "warning", resolved: "good" };
const STEPS = { trigger: "triggered", acknowledge: "acknowledged", resolve: "resolved" };

export function eventsView() {
  const alerts = el("ul", { class: "alerts", aria: { label: "Alerts at PagerDuty, newest first" } });
  const quiet = el("p", { class: "empty-note" }, "No alert yet. Leave a failure alone: in this demo, an escalation takes a step each minute, and PagerDuty is its third.");
  const events = el("ol", { class: "log", aria: { label: "Events at the webhook, newest first" } });
  const empty = el("p", { class: "empty-note" }, "No event yet. Make a flow fail, and each step of its incident arrives here.");
  const node = el("div", { class: "events-view" },
    el("p", { class: "panel-intro" }, "These are a simulated PagerDuty and a webhook. flowbot sends its events to both."),
    el("h3", {}, "PagerDuty"), quiet, alerts, el("h3", {}, "Webhook"), empty, events);
  let drawn = "";

  function draw() {
    const { arrived, world } = store;
    const tz = world?.me?.tz;
    const signature = JSON.stringify([arrived, tz]);
    if (signature === drawn) return;
    drawn = signature;
    quiet.hidden = arrived.alerts.length > 0;
    empty.hidden = arrived.events.length > 0;
    arrange(alerts, arrived.alerts.map((alert) => el("li", { class: "alert", data: { status: alert.status } },
      el("div", { class: "alert-head" }, el("span", { class: `dot ${TONES[alert.status] ?? "idle"}` }), el("span", { class: "alert-summary" }, alert.summary),
        el("span", { class: "chip" }, alert.status)),
      el("ol", { class: "alert-steps" }, alert.steps.map((step) => el("li", {}, el("time", {}, clockWithSeconds(step.at, tz)), ` ${STEPS[step.action] ?? step.action}`))))));
    arrange(events, arrived.events.map((event) => el("li", {}, el("time", {}, clockWithSeconds(event.at, tz)),
      el("span", { class: "log-text" }, `${event.flow} ${event.step.replaceAll("_", " ")}`))));
  }
  return { node, draw };
}
