// What a half-typed text may become: commands with their usage, people after @, channels after #.

import { avatar, icon } from "./dom.js";

const MOST = 8;

/** Split a manifest's usage hint into its commands: it separates them by commas, bars, dots or line ends. */
export function usages(hint) {
  const parts = [];
  let depth = 0;
  let part = "";
  for (const letter of String(hint ?? "")) {
    if ("[({".includes(letter)) depth += 1;
    if ("])}".includes(letter)) depth -= 1;
    if (depth === 0 && /[|,;·•\n]/.test(letter) && (letter !== "|" || / $/.test(part))) {
      parts.push(part);
      part = "";
    } else part += letter;
  }
  return [...parts, part].map((item) => item.trim()).filter((item) => item && item !== "…");
}

/**
 * Offers for `text` with the caret at `caret`: {from, to, offers: [{label, note, insert, lead}]}, or null.
 */
export function offersFor(text, caret, world, { thread = false, direct = false } = {}) {
  const before = text.slice(0, caret);
  if (before.startsWith("/") && !thread) return commandOffers(before, caret, world);
  const called = new RegExp(`^@${world.bot.name}\\s+`).exec(before);
  if (called || (direct && /^[a-z]/.test(before))) {
    const offered = verbOffers(before, called?.[0].length ?? 0, caret, world.bot.commands[0], world.bot.name);
    if (offered) return offered;
  }
  const found = /(^|\s)([@#])([\p{L}\p{N}._-]*)$/u.exec(before);
  if (!found) return null;
  const from = caret - found[3].length - 1;
  const wanted = found[3].toLowerCase();
  const offers = found[2] === "@" ? peopleOffers(wanted, world) : channelOffers(wanted, world);
  return offers.length ? { from, to: caret, offers: offers.slice(0, MOST), title: found[2] === "@" ? "People" : "Channels" } : null;
}

function commandOffers(before, caret, world) {
  const space = before.indexOf(" ");
  if (space < 0) {
    const offers = world.bot.commands.filter((item) => item.command.startsWith(before))
      .map((item) => ({ label: item.command, note: item.description, insert: `${item.command} ` }));
    return offers.length ? { from: 0, to: caret, offers, title: "Commands" } : null;
  }
  const command = world.bot.commands.find((item) => item.command === before.slice(0, space));
  return command ? verbOffers(before, space + 1, caret, command, command.command) : null;
}

/** Verbs that fit what stands after `from`; once a verb is complete, only how it goes on. */
function verbOffers(before, from, caret, command, title) {
  const typed = before.slice(from).trimStart();
  const verb = typed.split(/\s/)[0].toLowerCase();
  const rest = typed.includes(" ");
  const fitting = usages(command?.hint).filter((usage) => (rest ? usage.split(/\s/)[0] === verb : usage.startsWith(verb)));
  if (!fitting.length) return null;
  return {
    from, to: caret, title: `${title} …`, passive: rest,
    offers: fitting.slice(0, rest ? 1 : MOST).map((usage) => {
      const word = usage.split(/\s/)[0];
      return { label: word, note: usage.slice(word.length).trim(), insert: `${word} `, code: true };
    }),
  };
}

function peopleOffers(wanted, world) {
  const bot = { id: world.bot.id, name: world.bot.name, real_name: world.bot.name, bot: true };
  const everyone = [bot, ...[...world.people.values()].filter((person) => !person.bot && !person.deleted)];
  const fits = (person) => [person.name, person.real_name, ...person.real_name.split(" ")].some((name) => name.toLowerCase().startsWith(wanted));
  const people = everyone.filter(fits).map((person) => ({
    label: person.real_name, note: person.bot ? "app" : `@${person.name}`, insert: `@${person.name} `, lead: () => avatar(person, "small"),
  }));
  const groups = world.groupList.filter((group) => group.handle.toLowerCase().startsWith(wanted))
    .map((group) => ({ label: `@${group.handle}`, note: group.name, insert: `@${group.handle} `, lead: () => icon("users") }));
  return [...people, ...groups];
}

function channelOffers(wanted, world) {
  return [...world.channels.values()].filter((channel) => !channel.direct && channel.name.startsWith(wanted))
    .map((channel) => ({ label: `#${channel.name}`, note: channel.topic, insert: `#${channel.name} `, lead: () => icon(channel.private ? "lock" : "hash") }));
}
