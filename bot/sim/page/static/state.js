// What the page knows: the world as the person acted as sees it, and where the visitor is in it.

import * as api from "./api.js";
import { FIRST } from "./roles.js";

export const store = {
  as: FIRST,
  channel: null,
  thread: null,
  tab: "messages",
  world: null, // as `understood` makes it
  platform: null, // as the server sends it
  slackFaults: [],
  arrived: { alerts: [], events: [] }, // at PagerDuty and at the webhook
  connected: true, // whether the page hears from the demo's server
  waiting: [], // what the visitor asked of flowbot and has not seen answered
};

const listeners = new Set();

/** Call `draw` after every change; several changes in one turn are one call. */
export function onChange(draw) {
  listeners.add(draw);
}

let drawing = false;
export function changed() {
  if (drawing) return;
  drawing = true;
  queueMicrotask(() => {
    drawing = false;
    for (const draw of listeners) draw();
  });
}

const failures = new Set();
export const onFailure = (tell) => failures.add(tell);
export function failed(error) {
  for (const tell of failures) tell(error instanceof Error ? error.message : String(error));
}

const byId = (list, make = (item) => item) => new Map((list ?? []).map((item) => [item.id, make(item)]));

/** Turn the server's state into maps, with the ephemeral messages where the person sees them. */
export function understood(raw) {
  const people = byId(raw.people, (person) => ({ ...person, real_name: person.name, name: person.handle ?? person.name }));
  const app = raw.app ?? {};
  const channels = byId(raw.channels, (channel) => ({
    ...channel,
    private: channel.kind === "private",
    direct: channel.kind === "im",
    bot_member: (channel.members ?? []).includes(app.user),
  }));
  const messages = new Map([...channels.keys()].map((id) => [id, (raw.messages?.[id] ?? []).map((item) => ({ ...item, channel: id, replies: [...(item.replies ?? [])] }))]));
  for (const whisper of raw.ephemerals ?? []) place(messages.get(whisper.channel) ?? [], whisper);
  const byTime = (a, b) => Number(a.ts) - Number(b.ts);
  for (const list of messages.values()) {
    list.sort(byTime);
    for (const message of list) message.replies.sort(byTime);
  }
  return {
    version: raw.version, now: raw.now ?? Date.now() / 1000, team: raw.team ?? { name: "Demo" },
    me: people.get(raw.me), people, channels, messages,
    groups: new Map((raw.groups ?? []).map((group) => [group.id, group.handle])),
    groupList: raw.groups ?? [],
    tables: raw.tables !== false,
    bot: { id: app.user, name: app.name ?? "flowbot", connected: app.connected !== false, commands: app.commands ?? [], shortcuts: app.shortcuts ?? [], home: app.home_tab !== false },
    modal: raw.modal ? { view: raw.modal, errors: raw.modal_errors ?? {}, trouble: raw.trouble ?? "", depth: raw.modal_depth ?? 1 } : null,
    home: raw.home ?? null,
  };
}

function place(list, whisper) {
  const parent = whisper.thread_ts && whisper.thread_ts !== whisper.ts && list.find((item) => item.ts === whisper.thread_ts);
  if (parent) parent.replies.push(whisper);
  else list.push({ ...whisper, replies: [] });
}

export const messagesOf = (channel) => store.world?.messages.get(channel) ?? [];
export const parentOf = (channel, ts) => messagesOf(channel).find((message) => message.ts === ts);
export const isBot = (message) => Boolean(message.bot_id) || message.user === store.world?.bot.id;

/** A fingerprint of everything flowbot has said so far; it differs as soon as flowbot answers. */
export function botMark(world = store.world) {
  let mark = `${world.modal?.view.id}/${world.modal?.view.hash}/${JSON.stringify(world.modal?.errors ?? {})}/${world.home?.hash}`;
  for (const list of world.messages.values()) {
    for (const message of list.flatMap((item) => [item, ...item.replies])) {
      if (message.ephemeral || message.bot_id || message.user === world.bot.id) {
        mark += `|${message.ts}:${message.edited?.ts ?? ""}:${JSON.stringify([message.text, message.blocks]).length}`;
      }
    }
  }
  return mark;
}

// ── reading ──────────────────────────────────────────────────────────────────

/** Make of `ask` a function that asks once at a time; what is wanted meanwhile is asked once more afterwards. */
function oneAtATime(ask) {
  let asking = null;
  let again = false;
  const wanted = () => {
    if (asking) {
      again = true;
      return asking;
    }
    asking = ask().finally(() => {
      asking = null;
      if (again) {
        again = false;
        wanted();
      }
    });
    return asking;
  };
  return wanted;
}

/** Read the world. */
export const refresh = oneAtATime(read);

/** Read the platform, which the panel shows. */
export const refreshPlatform = oneAtATime(readPlatform);

async function read() {
  const as = store.as;
  try {
    const raw = await api.getState(as);
    if (as !== store.as) return void refresh();
    store.connected = true;
    take(understood(raw));
  } catch (error) {
    if (as !== store.as) return void refresh();
    store.connected = false;
    if (!store.world) failed(error);
    changed();
  }
}

function take(world) {
  store.world = world;
  if (!world.channels.has(store.channel)) {
    store.channel = [...world.channels.values()].find((channel) => channel.bot_member && !channel.direct)?.id ?? [...world.channels.keys()][0] ?? null;
    store.thread = null;
  }
  if (store.thread && !parentOf(store.channel, store.thread)) store.thread = null;
  const mark = botMark(world);
  const answered = store.waiting.filter((entry) => entry.mark !== mark);
  store.waiting = store.waiting.filter((entry) => entry.mark === mark);
  for (const entry of answered) entry.settled?.();
  markRead();
  changed();
}

async function readPlatform() {
  try {
    const [platform, slack, arrived] = await Promise.all([api.getPlatform(), api.getSlackFaults(), api.getArrived()]);
    store.slackFaults = slack.faults ?? [];
    store.arrived = arrived;
    if (platform.version === undefined || platform.version !== store.platform?.version || !store.platform) store.platform = platform;
    else store.platform = { ...store.platform, now: platform.now, faults: platform.faults, switches: platform.switches };
    changed();
  } catch {
    // The stream's own notice says that the server is away; one notice is enough.
  }
}

let reading = "";
function markRead() {
  const channel = store.world?.channels.get(store.channel);
  if (!channel?.unread || document.hidden) return;
  const key = `${store.as}/${channel.id}/${store.world.version}`;
  if (reading === key) return;
  reading = key;
  api.markRead({ as: store.as, channel: channel.id }).catch(() => undefined);
}
document.addEventListener("visibilitychange", markRead);

let stop = null;
/** Follow the world as somebody. */
export function follow(as) {
  stop?.();
  store.as = as;
  store.world = null;
  store.waiting = [];
  stop = api.stream(as, (version) => {
    if (version !== store.world?.version) refresh();
    refreshPlatform();
  }, (open) => {
    if (open && !store.connected) refresh();
    if (!open) store.connected = false;
    if (open) store.connected = true;
    changed();
  });
  refresh();
}

// ── going somewhere ──────────────────────────────────────────────────────────

export function go({ channel = store.channel, thread = null, tab = "messages" }) {
  store.channel = channel;
  store.thread = thread;
  store.tab = tab;
  remember();
  markRead();
  changed();
}

/** Act as somebody else from now on. */
export function become(id) {
  store.thread = null;
  store.tab = "messages";
  follow(id);
  remember();
}

export function remember() {
  const where = new URLSearchParams({ as: store.as, ...(store.channel ? { c: store.channel } : {}), ...(store.thread ? { t: store.thread } : {}) });
  history.replaceState(null, "", `#${where}`);
}

/** Where the address of the page points. */
export function recall() {
  const where = new URLSearchParams(location.hash.slice(1));
  store.channel = where.get("c") ?? store.channel;
  store.thread = where.get("t");
  return where.get("as") ?? store.as;
}

// ── acting ───────────────────────────────────────────────────────────────────

const PATIENCE_MS = 12000;

/** Do something that flowbot should answer; until it does, `waiting` shows it, then `place.settled` is called. */
export async function expectAnswer(place, act) {
  const entry = { ...place, mark: botMark(), late: false };
  store.waiting.push(entry);
  changed();
  setTimeout(() => {
    entry.late = true;
    changed();
  }, PATIENCE_MS);
  setTimeout(() => {
    store.waiting = store.waiting.filter((other) => other !== entry);
    changed();
  }, PATIENCE_MS * 2);
  return attempt(act, () => {
    store.waiting = store.waiting.filter((other) => other !== entry);
  });
}

/** Do something; where it fails, say so. Resolves to the answer, or undefined. */
export async function attempt(act, otherwise = () => undefined) {
  try {
    const answer = await act();
    refresh();
    return answer ?? {};
  } catch (error) {
    otherwise();
    changed();
    failed(error);
    return undefined;
  }
}
