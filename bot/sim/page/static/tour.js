// The guided tour: steps that check themselves off by what has really happened. What flowbot posts is recognized by the
// commands of its buttons, by its colour and by the commands that it answers: these are the same in every language.

import { el, fill, icon } from "./dom.js";
import { mend, pull } from "./panel_flows.js";
import { become, go, isBot, store } from "./state.js";

const FLOW = 3377;
const NAME = "daily-energy-report";
const OWNER = "U0MAYA00001";
const WEI = "U0WEILIN001";
const IN_CHINESE = "/flow 失败 今天";
// What else flowbot knows: why a flow is late, the figures of the week, a task graph, and when to rerun by itself.
const NEXT = {
  en: ["/flow show 4616", "/flow stats", "/flow graph 4601", '/flow retry 3377 on "SQLTimeoutException"'],
  zh: ["/flow 查看 4616", "/flow 统计", "/flow 任务图 4601", '/flow 自动重试 3377 报错 "SQLTimeoutException"'],
};
const BROKEN = ["FAIL", "TIMEOUT", "INTERNAL_ERROR"];
const GREEN = "#1a7f37";
const ABOUT_FLOW = new RegExp(`^(ack|unack|close|reopen|show) ${FLOW}$`);
const ACK_ANSWERED = new RegExp(`\`ack ${FLOW}[ \`]`);
const RERUN_ANSWERED = /`rerun[ `]/;
const TRIGGER_ANSWERED = /↳ `trigger[ `]/;
const BY_FORM = "/flow trigger";

const none = () => [false, false, false, false, false, false, false];
const progress = { since: null, done: none(), hidden: false };
const MEMORY = "tour";

/** After a reload the tour goes on; a demo that was started again counts its changes from the beginning, and so does the tour. */
function recall() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(MEMORY) ?? "{}");
    if (kept.version <= store.world.version) Object.assign(progress, kept.progress);
  } catch {
    // Without a memory the tour just begins.
  }
  // What is broken already is what the tour is about.
  const broken = flow()?.failing && (flow().last_runs ?? []).find((run) => BROKEN.includes(run.status));
  progress.since ??= broken ? broken.start - 1 : store.platform.now - 1;
}

function remember() {
  try {
    sessionStorage.setItem(MEMORY, JSON.stringify({ version: store.world.version, progress }));
  } catch {
    // As above.
  }
}

const flow = () => store.platform?.flows.find((item) => item.id === FLOW);

const blocksOf = (message) => [...(message.blocks ?? []), ...(message.attachments ?? []).flatMap((bar) => bar.blocks ?? [])];

/** What can be pressed in a message: [{label, command}]. */
function controls(message) {
  const elements = blocksOf(message).flatMap((block) => [...(block.elements ?? []), ...(block.accessory ? [block.accessory] : [])]);
  return elements.flatMap((item) => item.options ?? [item]).filter((item) => item.value)
    .map((item) => ({ label: item.text.text, command: item.value.split("|").slice(2).join("|") }));
}

/** flowbot's newest card about the flow that came after the tour began: the first message of its thread. */
function card() {
  if (!store.world) return null;
  const cards = [];
  for (const [channel, list] of store.world.messages) {
    for (const message of list) {
      if (!isBot(message) || message.ephemeral || Number(message.ts) < progress.since) continue;
      const color = message.attachments?.find((bar) => bar.color)?.color;
      const offers = controls(message);
      if (color && offers.some((offer) => ABOUT_FLOW.test(offer.command))) cards.push({ channel, message, color, offers });
    }
  }
  return cards.at(-1) ?? null;
}

const labelOf = (found, verb) => found?.offers.find((offer) => offer.command.split(" ")[0] === verb)?.label;
const threadText = (found) => JSON.stringify((found?.message.replies ?? []).filter(isBot).map(blocksOf));

/** Whether somebody has started a flow by its name, as a message for everybody says. */
function triggered() {
  return [...store.world.messages.values()].flat().some((message) => isBot(message) && !message.ephemeral
    && Number(message.ts) >= progress.since && TRIGGER_ANSWERED.test(JSON.stringify(blocksOf(message))));
}

/** Whether flowbot has answered the person acted as, in a way that only this person sees. */
function answered() {
  const all = [...store.world.messages].flatMap(([channel, list]) => list.flatMap((item) => [item, ...item.replies]).map((message) => ({ channel, message })));
  return all.some(({ channel, message }) => isBot(message) && Number(message.ts) >= progress.since
    && (message.ephemeral || store.world.channels.get(channel)?.direct));
}

/** Look at the world and tick what has happened; a ticked step stays ticked. */
function look() {
  const { platform, world } = store;
  if (!platform || !world) return;
  if (progress.since === null) recall();
  const runs = (flow()?.last_runs ?? []).filter((run) => (run.end ?? run.start ?? 0) >= progress.since);
  const failedAt = runs.filter((run) => BROKEN.includes(run.status)).at(-1);
  const found = card();
  const [made, , acked] = progress.done;
  if (failedAt || flow()?.failing) tick(0);
  if (found && made && store.channel === found.channel && store.tab === "messages" && !document.hidden) tick(1);
  if (found && (labelOf(found, "unack") || ACK_ANSWERED.test(threadText(found)))) tick(2);
  const later = failedAt && runs.find((run) => run.start > failedAt.start && !BROKEN.includes(run.status));
  const running = failedAt && flow()?.running && flow().running !== failedAt.id;
  if (failedAt && (later || running) && (acked || RERUN_ANSWERED.test(threadText(found)))) tick(3);
  if (progress.done[3] && later?.status === "SUCCESS" && (!found || found.color === GREEN)) tick(4);
  if (progress.done[4] && triggered()) tick(5);
  if (progress.done[5] && world.me?.id === WEI && answered()) tick(6);
}

function tick(step) {
  if (progress.done[step]) return;
  progress.done[step] = true;
}

const action = (label, act) => el("button", { type: "button", class: "button primary small", on: { click: act } }, label);

const STEPS = [
  { title: `Make ${FLOW} fail`, hint: () => [`Break the flow ${NAME}. A run starts at once and fails at its second task.`, action("Make it fail", () => pull(FLOW, "fail", { task: flow()?.tasks[1]?.id ?? flow()?.tasks[0]?.id }))] },
  { title: "Read the card", hint: () => {
    const found = card();
    if (!found) return ["The run takes a few seconds to fail. Then flowbot sees it and posts one card in the channel."];
    return ["flowbot has posted a card. It says what failed, why, since when, and who owns the flow.", store.channel !== found.channel && action("Go there", () => go({ channel: found.channel }))];
  } },
  { title: "Acknowledge", hint: () => [`Press ${labelOf(card(), "ack") ?? "Acknowledge"} on the card. Then the others know that you are on it.`, owner()] },
  { title: "Rerun", hint: () => flow()?.failing
    ? ["The cause is still there. A rerun would fail again. Fix it first.", action("Fix the cause", () => mend(FLOW))]
    : [`Press ${labelOf(card(), "rerun") ?? "Rerun"} on the card. Only you then see what would run. Press it there too: the run starts again from the failed task, for the same data date.`, owner()] },
  { title: "Watch it recover", hint: () => ["When the run succeeds, the card turns green, and the thread says so."] },
  { title: "Trigger by a form", hint: (type) => store.as === OWNER
    ? ["A command that lacks words opens a form. Choose a flow, change something, and look at the preview before you trigger it.", action(`Type ${BY_FORM}`, () => type(BY_FORM))]
    : ["A command that lacks words opens a form.", owner()] },
  { title: "Ask in Chinese", hint: (type) => store.as === WEI
    ? ["Commands work in Chinese too. Ask what failed today, and press Enter.", action(`Type ${IN_CHINESE}`, () => type(IN_CHINESE))]
    : ["Wei Lin has Slack in Chinese. What only she sees is in Chinese.", action("Act as Wei Lin", () => become(WEI))] },
];

function owner() {
  return store.as === OWNER ? null : action("Act as Maya Chen, its owner", () => become(OWNER));
}

/** Further commands to try, in the language of the person acted as. */
function next(type) {
  return NEXT[store.as === WEI ? "zh" : "en"].map((words) => action(`Type ${words}`, () => type(words)));
}

let drawn = "";
/** Draw the strip into `node`; `type` puts a text into the message box. */
export function drawTour(node, type) {
  look();
  const current = progress.done.indexOf(false);
  const found = card();
  const signature = JSON.stringify([progress.done, progress.hidden, store.as, store.channel, found?.channel, found?.offers, Boolean(flow()?.failing), Boolean(store.platform)]);
  if (signature === drawn) return;
  drawn = signature;
  if (store.world && progress.since !== null) remember();
  const focused = node.contains(document.activeElement);
  node.hidden = progress.hidden;
  const finished = current < 0;
  const steps = STEPS.map((step, index) => el("li", {
    class: progress.done[index] ? "step done" : index === current ? "step current" : "step", aria: { current: index === current ? "step" : null },
  }, el("span", { class: "step-mark" }, progress.done[index] ? icon("check", 13) : String(index + 1)), el("span", { class: "step-title" }, step.title),
  progress.done[index] && el("span", { class: "hidden" }, " (done)")));
  fill(node,
    el("ol", { class: "steps" }, steps),
    el("div", { class: "tour-hint", role: "status" }, finished
      ? ["That was the whole story: one thread from failure to recovery, in two languages. Ask what flowbot knows: ", ...next(type), action("Start over", () => restart(node, type))]
      : STEPS[current].hint(type)),
    el("button", { type: "button", class: "icon-button", aria: { label: "Hide the tour" }, title: "Hide the tour", on: { click: () => { progress.hidden = true; drawTour(node, type); } } }, icon("close", 14)));
  if (focused) node.querySelector("button")?.focus();
}

function restart(node, type) {
  progress.since = store.platform?.now ?? null;
  progress.done = none();
  drawTour(node, type);
}
