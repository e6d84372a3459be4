// The people a visitor can act as, each with a sentence on what to expect.

const ROLES = {
  U0MAYA00001: { role: "Owner", note: "Owns 3377 and other flows. She may trigger, rerun and disable them." },
  U0WEILIN001: { role: "Owner", note: "Owns 3377 with Maya. Wei’s Slack is in Chinese, so flowbot answers in Chinese." },
  U0JONAS0001: { role: "Colleague", note: "Owns other flows, such as 4608. He may read Maya’s flows, but not change them." },
  U0PRIYA0001: { role: "Not linked", note: "She is not linked to an EnOS user yet. flowbot says how to change that." },
  U0ALEX00001: { role: "flowbot admin", note: "Links people, reads the audit, runs drills." },
  U0SAMLEE001: { role: "On call", note: "May acknowledge any incident. Only owners may rerun." },
  U0GUEST0001: { role: "Guest", note: "A guest of the workspace. A guest must be linked to do anything." },
  U0STRANGE01: { role: "Stranger", note: "From another company, through a shared channel." },
};
const ORDER = Object.keys(ROLES);

/** A short role and a sentence on it, from the demo's cast or else from what Slack says of the person. */
export function roleOf(person) {
  if (ROLES[person.id]) return ROLES[person.id];
  if (person.stranger) return { role: "Stranger", note: "From another company, through a shared channel." };
  if (person.guest) return { role: "Guest", note: "A guest of the workspace." };
  if (person.admin) return { role: "Admin", note: "An admin of the workspace." };
  return { role: "Member", note: "A member of the workspace." };
}

/** The people to act as, the demo's cast first and in its order. */
export function cast(people) {
  const place = (person) => (ORDER.includes(person.id) ? ORDER.indexOf(person.id) : ORDER.length);
  return [...people.values()].filter((person) => !person.bot && !person.deleted).sort((a, b) => place(a) - place(b));
}

export const FIRST = ORDER[0];
