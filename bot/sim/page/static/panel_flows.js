// The flows of the pretend platform: their state, their last runs, and the levers of each.

import * as api from "./api.js";
import { arrange, el, icon } from "./dom.js";
import { attempt, refreshPlatform, store } from "./state.js";
import { ago, clock } from "./time.js";

const TONES = { SUCCESS: "good", FAIL: "danger", TIMEOUT: "danger", INTERNAL_ERROR: "danger", RUNNING: "busy", CANCEL: "idle", SKIP: "idle", SUSPEND: "warning" };
export const tone = (status) => TONES[status] ?? "idle";
const WORDS = { SUCCESS: "succeeded", FAIL: "failed", TIMEOUT: "timed out", INTERNAL_ERROR: "broke", RUNNING: "running", CANCEL: "cancelled", INIT: "waiting", WAIT: "waiting", READY: "ready", SKIP: "skipped", SUSPEND: "suspended", RERUN: "rerunning" };
export const inWords = (status) => WORDS[status] ?? String(status).toLowerCase();

const MEANINGS = {
  fail: "From now on, its runs fail at this task. A run starts at once.", timeout: "From now on, its runs time out at this task. A run starts at once.",
  run: "Start a run as the schedule would.", recover: "Its runs succeed again. A run starts at once.",
};

const FIRST_FLOW = 3377;

/** What the flow's newest run says, as one word and one tone. */
function stateOf(flow) {
  const last = flow.last_runs?.[0];
  if (flow.running) return { word: "running", tone: "busy" };
  if (!last) return { word: flow.active ? "no runs yet" : "off", tone: "idle" };
  return { word: inWords(last.status), tone: tone(last.status) };
}

export function flowsView() {
  const search = el("input", { type: "search", class: "field-input search", placeholder: "Find a flow", aria: { label: "Find a flow" } });
  const list = el("ul", { class: "flows" });
  const empty = el("p", { class: "empty-note", hidden: true }, "No flow matches.");
  const intro = el("p", { class: "panel-intro" }, "This is the simulated EnOS that flowbot watches. Break a flow here and see what flowbot posts.");
  const node = el("div", { class: "flows-view" }, intro, search, list, empty);
  const open = new Set([FIRST_FLOW]);
  const picked = new Map(); // flow id → the task at which it shall fail
  const kept = new Map();
  search.addEventListener("input", () => draw());

  function draw() {
    const { platform, world } = store;
    if (!platform) return;
    const wanted = search.value.trim().toLowerCase();
    const flows = [...platform.flows].sort((a, b) => Number(b.id === FIRST_FLOW) - Number(a.id === FIRST_FLOW));
    const found = flows.filter((flow) => `${flow.id} ${flow.name} ${flow.owners.join(" ")}`.toLowerCase().includes(wanted));
    const minute = Math.floor(platform.now / 60);
    arrange(list, found.map((flow) => {
      const current = flow.running ? platform.instances.find((item) => item.id === flow.running) : null;
      const signature = JSON.stringify([flow, current, open.has(flow.id), minute, world?.me?.tz]);
      const old = kept.get(flow.id);
      if (old?.signature === signature) return old.node;
      const at = old?.node.contains(document.activeElement) ? document.activeElement.dataset.lever : null;
      const fresh = row(flow, current);
      kept.set(flow.id, { signature, node: fresh });
      if (at) queueMicrotask(() => fresh.querySelector(`[data-lever="${at}"]`)?.focus({ preventScroll: true }));
      return fresh;
    }));
    empty.hidden = found.length > 0;
  }

  function row(flow, current) {
    const state = stateOf(flow);
    const expanded = open.has(flow.id);
    const toggle = () => {
      if (open.has(flow.id)) open.delete(flow.id);
      else open.add(flow.id);
      draw();
    };
    return el("li", { class: expanded ? "flow open" : "flow", data: { flow: flow.id } },
      el("button", { type: "button", class: "flow-head", data: { lever: "toggle" }, aria: { expanded: String(expanded) }, on: { click: toggle } },
        el("span", { class: `dot ${state.tone}` }),
        el("span", { class: "flow-name", title: flow.name }, el("span", { class: "flow-title" }, flow.name), el("span", { class: "flow-id" }, String(flow.id))),
        flow.failing && el("span", { class: "chip danger" }, "broken"),
        flow.locked && el("span", { class: "chip", title: "locked" }, icon("lock", 12)),
        !flow.active && !flow.locked && el("span", { class: "chip" }, "off"),
        history(flow),
        icon(expanded ? "down" : "right", 14)),
      expanded && body(flow, current, state));
  }

  function history(flow) {
    const runs = [...(flow.last_runs ?? [])].reverse();
    const text = runs.length ? `Last runs: ${runs.map((run) => inWords(run.status)).join(", ")}` : "No runs yet";
    return el("span", { class: "history", role: "img", aria: { label: text }, title: text }, runs.map((run) => el("i", { class: tone(run.status) })));
  }

  function body(flow, current, state) {
    const { platform, world } = store;
    const last = current ?? flow.last_runs?.[0];
    const when = last && (last.end ?? last.start);
    const statuses = new Map((current?.tasks ?? flow.last_runs?.[0]?.tasks ?? []).map((task) => [task.id, task.status]));
    const ids = new Map(flow.tasks.map((task) => [task.id, task.name]));
    const failing = flow.failing && `Its runs ${flow.failing.kind === "TIMEOUT" ? "time out" : "fail"} at ${flow.failing.tasks.map((id) => ids.get(id) ?? id).join(", ")} until you fix it.`;
    return el("div", { class: "flow-body" },
      el("div", { class: "flow-note" }, `${state.word[0].toUpperCase()}${state.word.slice(1)}`,
        when && ` ${ago(when, platform.now)} (${clock(when, world?.me?.tz)})`, ` · owned by ${flow.owners.join(", ") || "nobody"}`),
      flow.tasks.length
        ? el("ol", { class: "tasks", aria: { label: "Tasks" } }, flow.tasks.map((task) =>
            el("li", { class: `task ${flow.failing?.tasks.includes(task.id) ? "marked" : ""}`, title: `${task.id} · ${inWords(statuses.get(task.id) ?? "INIT")}` },
              el("span", { class: `dot ${statuses.has(task.id) ? tone(statuses.get(task.id)) : "idle"}` }), task.name)))
        : el("p", { class: "flow-note" }, "This flow has no tasks. It cannot run."),
      failing && el("p", { class: "flow-warning" }, failing),
      flow.tasks.length > 0 && levers(flow));
  }

  function levers(flow) {
    const middle = flow.tasks[Math.min(1, flow.tasks.length - 1)].id;
    const task = picked.get(flow.id) ?? middle;
    const at = el("select", { class: "select small", aria: { label: `Task at which ${flow.name} fails` }, data: { lever: "task" } },
      flow.tasks.map((item) => el("option", { value: String(item.id), selected: item.id === task }, `at ${item.name}`)));
    at.addEventListener("change", () => picked.set(flow.id, Number(at.value)));
    const lever = (name, label, symbol, kind, body = () => ({})) => el("button", {
      type: "button", class: `button small ${kind}`, title: MEANINGS[name], data: { lever: name }, on: { click: () => pull(flow.id, name, body()) },
    }, icon(symbol, 13), label);
    const where = () => ({ task: Number(at.value) });
    return el("div", { class: "levers" },
      el("div", { class: "lever-row" }, lever("fail", "Fail", "bolt", "danger", where), lever("timeout", "Time out", "clock", "", where),
        el("span", { class: "select-wrap small" }, at, icon("down", 12))),
      el("div", { class: "lever-row" }, lever("run", "Run now", "play", ""), lever("recover", "Recover", "heal", ""),
        flow.failing && el("button", { type: "button", class: "button small", data: { lever: "mend" }, title: "Its next run will succeed. No run starts now.", on: { click: () => mend(flow.id) } }, icon("check", 13), "Fix")));
  }
  return { node, draw };
}

/** Pull a lever of a flow. */
export async function pull(flow, name, body = {}) {
  await attempt(() => api.flowAct(flow, name, body));
  refreshPlatform();
}

export async function mend(flow) {
  await attempt(() => api.mend(flow));
  refreshPlatform();
}
