// The control API: what the page asks of the demo's server.

/** A request that did not work; its message is a sentence for the visitor. */
export class ApiError extends Error {}

async function call(path, body) {
  let response;
  try {
    response = await fetch(path, body === undefined ? {} : {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
    });
  } catch {
    throw new ApiError("The demo does not answer. Check that it is still running in your terminal.");
  }
  const text = await response.text();
  let answer = {};
  try {
    answer = text ? JSON.parse(text) : {};
  } catch {
    answer = {};
  }
  if (!response.ok || answer.ok === false) throw new ApiError(reason(answer, text, response.status));
  return answer;
}

const REASONS = {
  dispatch_failed: "flowbot did not answer in time. It may not be connected; try again in a moment.",
  operation_timeout: "flowbot took longer than Slack waits. It may still be working; look again in a moment.",
  app_not_connected: "flowbot is not connected right now. It comes back by itself; try again in a moment.",
};

function reason(answer, text, status) {
  const word = answer.error ?? answer.reason ?? answer.message;
  if (word) return REASONS[word] ?? String(word);
  return text && text.length < 200 && !text.startsWith("<") ? text : `The demo refused that (${status}). Try again, or reload the page.`;
}

const query = (values) => new URLSearchParams(values).toString();

export const getState = (as) => call(`/sim/state?${query({ as })}`);
export const getPlatform = () => call("/sim/platform");
export const say = (body) => call("/sim/say", body);
export const press = (body) => call("/sim/press", body);
export const submit = (body) => call("/sim/modal/submit", body);
export const closeModal = (body) => call("/sim/modal/close", body);
export const markRead = (body) => call("/sim/read", body);
export const join = (body) => call("/sim/join", body);
export const leave = (body) => call("/sim/leave", body);
export const slackSwitch = (body) => call("/sim/slack/switch", body);
export const dismiss = (body) => call("/sim/delete", body);
export const shortcut = (body) => call("/sim/shortcut", body);
export const openHome = (body) => call("/sim/home", body);
export const flowAct = (flow, act, body = {}) => call(`/sim/platform/flow/${encodeURIComponent(flow)}/${act}`, body);
export const mend = (flow) => call(`/sim/page/flow/${encodeURIComponent(flow)}/mend`, {});
export const platformSwitch = (body) => call("/sim/platform/switch", body);
export const getPlatformCalls = () => call("/sim/platform/calls?limit=120");
export const getSlackCalls = () => call("/sim/slack/calls");
export const getSlackFaults = () => call("/sim/page/faults");
export const getArrived = () => call("/sim/page/arrived");
export const fileUrl = (id, as) => `/sim/page/file/${encodeURIComponent(id)}?${query({ as })}`;
export const getFile = (id, as) => text(fileUrl(id, as));
export const platformFault = (body) => call("/sim/platform/fault", body);
export const slackFault = (body) => call("/sim/slack/fault", body);

async function text(path) {
  const response = await fetch(path);
  if (!response.ok) throw new ApiError("The file cannot be read any more.");
  return response.text();
}

/** What an app offers for an external select: options, those of groups included. */
export async function getOptions(values) {
  const answer = await call(`/sim/options?${query(values)}`);
  return answer.options ?? (answer.option_groups ?? []).flatMap((group) => group.options);
}

/** Listen to changes; `onOpen(true|false)` tells whether the stream stands. Returns how to stop. */
export function stream(as, onVersion, onOpen) {
  const source = new EventSource(`/sim/stream?${query({ as })}`);
  source.onmessage = (event) => onVersion(JSON.parse(event.data).version);
  source.onopen = () => onOpen(true);
  source.onerror = () => onOpen(false);
  return () => source.close();
}
