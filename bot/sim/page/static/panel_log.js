// What happened, newest first: runs on the platform, what flowbot asked of EnOS, and what it did in Slack.

import * as api from "./api.js";
import { el, fill } from "./dom.js";
import { inWords, tone } from "./panel_flows.js";
import { store } from "./state.js";
import { clockWithSeconds } from "./time.js";

const SHOWN = 80;
const REACH_SECONDS = 900; // older things happened before anyone watched

const ENOS_WORDS = {
  trigger: "triggered a flow", triggerFromTask: "triggered a flow from a task", updateAndTrigger: "triggered a flow with parameters",
  cancel: "canceled a run", enable: "enabled the schedule of", disable: "disabled the schedule of", log: "read a log", getLog: "read a log",
};
const SLACK_WORDS = {
  "chat.postMessage": "posted", "chat.update": "edited a message", "chat.delete": "deleted a message", "chat.postEphemeral": "posted for one person",
  "views.open": "opened a modal", "views.update": "changed a modal", "views.publish": "updated the Home tab", "apps.connections.open": "opened a socket",
  "files.completeUploadExternal": "shared a file",
};

function runEntries(platform) {
  return platform.instances.flatMap((run) => {
    const name = `${run.flow_name} (${run.flow})`;
    const broken = run.tasks.find((task) => tone(task.status) === "danger");
    return [
      run.start && { at: run.start, who: "Run", tone: "busy", text: `${name} started` },
      run.end && { at: run.end, who: "Run", tone: tone(run.status), text: `${name} ${inWords(run.status)}${broken ? ` at ${broken.name}` : ""}` },
    ].filter(Boolean);
  });
}

function enosEntries(calls, everything) {
  return calls.flatMap((call) => {
    const known = ENOS_WORDS[call.action];
    const went = call.outcome === "OK" || call.status === 0;
    if (!known && !everything && went) return [];
    const id = call.body?.flowId ?? call.body?.id ?? call.body?.flowInstanceId ?? "";
    const text = `${known ?? `${call.resource}/${call.action}`}${id ? ` ${id}` : ""}${went ? "" : ` · ${call.outcome || call.status}`}`;
    return [{ at: call.at, who: "EnOS", tone: went ? "idle" : "warning", text }];
  });
}

/** Where something was posted, as far as the person acted as may know. */
function placeOf(id, world) {
  const channel = world?.channels.get(id);
  if (channel && !channel.direct) return ` in #${channel.name}`;
  if (/^[DU]/.test(id ?? "")) return " in a direct message";
  return id ? " in another channel" : "";
}

function slackEntries(calls, everything, world) {
  return calls.flatMap((call) => {
    const known = SLACK_WORDS[call.method];
    const went = call.answer?.ok === true;
    if (!known && !everything && went) return [];
    const where = placeOf(call.arguments?.channel ?? call.arguments?.channel_id, world);
    const thread = call.method === "chat.postMessage" && call.arguments?.thread_ts ? ", in a thread" : "";
    const outcome = went ? "" : ` · ${call.answer?.error ?? `no answer (${call.status})`}`;
    return [{ at: call.at, who: "Slack", tone: went ? "idle" : "warning", text: `${known ?? call.method}${where}${thread}${outcome}` }];
  });
}

export function logView() {
  const everything = el("input", { type: "checkbox" });
  const list = el("ol", { class: "log", aria: { label: "What happened, newest first" } });
  const empty = el("p", { class: "empty-note" }, "Nothing yet. Make a flow fail, and each step shows up here.");
  const node = el("div", { class: "log-view" }, el("label", { class: "choice small" }, everything, el("span", {}, "Show polling and look-ups too")), empty, list);
  let enos = [];
  let slack = [];
  let asking = false;
  everything.addEventListener("change", () => draw());

  async function read() {
    if (asking) return;
    asking = true;
    try {
      const [first, second] = await Promise.all([api.getPlatformCalls(), api.getSlackCalls()]);
      enos = Array.isArray(first) ? first : first.calls ?? [];
      slack = second.calls ?? [];
    } catch {
      // The page says elsewhere that the server is away.
    } finally {
      asking = false;
    }
  }
  let drawn = "";
  async function draw() {
    await read();
    const { platform, world } = store;
    if (!platform) return;
    const all = [...runEntries(platform), ...enosEntries(enos, everything.checked), ...slackEntries(slack, everything.checked, world)];
    const newest = all.filter((entry) => entry.at > platform.now - REACH_SECONDS).sort((a, b) => b.at - a.at).slice(0, SHOWN);
    const signature = JSON.stringify([newest, world?.me?.tz]);
    if (signature === drawn) return;
    drawn = signature;
    empty.hidden = newest.length > 0;
    fill(list, newest.map((entry) => el("li", {}, el("time", {}, clockWithSeconds(entry.at, world?.me?.tz)),
      el("span", { class: `source ${entry.who.toLowerCase()}` }, entry.who), el("span", { class: `dot ${entry.tone}` }), el("span", { class: "log-text" }, entry.text))));
  }
  return { node, draw };
}
