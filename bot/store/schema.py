"""The tables, and the steps that lead an older database to them; ``sqlite.py`` and ``postgres/schema.py`` take them.

Steps are only ever added, never changed. Names stay as they are, whatever the program calls things today: see
``docs/decisions/0018-names-in-the-database-stay.md``.
"""

from collections.abc import Sequence

from bot.store.schema_first import FIRST
from bot.store.schema_history import BACKFILLS, EXPECTATIONS, HISTORY, RETRIES, RUNBOOKS

APPLICATION = 0x666C6F77  # "flow": PRAGMA application_id of our files

# Messages that list many incidents: storms, and the first start, which was a note before.
_GATHERINGS = (
    """
    CREATE TABLE gatherings (
      post TEXT PRIMARY KEY,
      channel TEXT NOT NULL,
      occasion TEXT NOT NULL,
      began_at INTEGER NOT NULL,
      last_at INTEGER NOT NULL,
      ended_at INTEGER,
      mentioned TEXT NOT NULL,
      shown TEXT NOT NULL
    ) STRICT
    """,
    "ALTER TABLE incidents ADD COLUMN listed_in TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE incidents ADD COLUMN told_at INTEGER",
    "UPDATE incidents SET listed_in = post WHERE gathered = 1",
    "UPDATE incidents SET told_at = opened_at WHERE gathered = 0",
    "CREATE INDEX incidents_listed ON incidents (listed_in, opened_at) WHERE listed_in <> ''",
    "CREATE INDEX incidents_told ON incidents (told_at) WHERE told_at IS NOT NULL",
    """
    INSERT INTO gatherings
    SELECT post, coalesce((SELECT channel FROM incidents i WHERE i.post = n.post LIMIT 1), ''), 'first start',
           at, at, iif(name = 'announcement', at, NULL), '[]', ''
    FROM (
      SELECT name, json_extract(value, '$.post') AS post,
             1000 * CAST(strftime('%s', json_extract(value, '$.at')) AS INTEGER) AS at
      FROM notes WHERE name IN ('announcing', 'announcement')
    ) n WHERE true
    ON CONFLICT DO NOTHING
    """,
    "DELETE FROM notes WHERE name IN ('announcing', 'announcement')",
)

_CALLS = (
    "ALTER TABLE incidents ADD COLUMN called_at INTEGER",
    "ALTER TABLE incidents ADD COLUMN calls INTEGER NOT NULL DEFAULT 0",
)

_INBOX = (
    "ALTER TABLE deliveries ADD COLUMN said TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX deliveries_unanswered ON deliveries (at) WHERE said <> ''",
)

_JOINED = ("ALTER TABLE gatherings ADD COLUMN joined INTEGER NOT NULL DEFAULT 0",)

# Reminders that have not gone are withdrawn.
_REMINDERS = (
    "ALTER TABLE posts ADD COLUMN reminds_of TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE posts ADD COLUMN withdrawn INTEGER NOT NULL DEFAULT 0",
    """
    CREATE INDEX posts_reminders ON posts (reminds_of)
    WHERE reminds_of <> '' AND state IN ('queued', 'sending', 'unclear')
    """,
)

# Notices are notes of one form. An outage whose all-clear was noted counts as not ended, and ends with the next poll.
_NOTICES = (
    """
    UPDATE notes SET value = json_object(
      'post', json_extract(value, '$.notice'), 'since', json_extract(value, '$.since'), 'about', '')
    WHERE name = 'outage'
    """,
    """
    UPDATE notes SET value = json_object(
      'post', json_extract(value, '$.post'), 'since', json_extract(value, '$.since'), 'about', '')
    WHERE name = 'lag'
    """,
    """
    UPDATE notes SET value = json_object(
      'post', 'gap', 'since', '1970-01-01T00:00:00+00:00', 'about',
      coalesce(nullif(json_extract(value, '$.telling'), ''), json_extract(value, '$.missing')))
    WHERE name = 'coverage'
    """,
    "DELETE FROM notes WHERE name = 'coverage' AND coalesce(json_extract(value, '$.about'), '') = ''",
    """
    UPDATE notes SET value = json_object('post', name, 'since', '1970-01-01T00:00:00+00:00', 'about', value)
    WHERE name LIKE 'bad channel %'
    """,
)

# Secrets that older versions kept in clear are deleted: parameters of runs, words of buttons, of people and of the
# audit. What is left of them in free pages goes with the table ``unscrubbed`` (``sqlite.py``).
_NO_SECRETS = (
    "UPDATE runs SET parameters = iif(parameters IN ('', '[]'), '', 'unknown'), words = masked(words)",
    "UPDATE stashes SET text = masked(text) WHERE masked(text) <> text",
    """
    UPDATE deliveries SET said = json_set(said, '$.text', masked(json_extract(said, '$.text')))
    WHERE said <> '' AND masked(json_extract(said, '$.text')) <> json_extract(said, '$.text')
    """,
    "UPDATE incidents SET note = masked(note) WHERE note <> ''",
    "UPDATE posts SET body = '{}' WHERE kind IN ('file', 'whisper') AND state IN ('sent', 'given up')",
    "DROP TRIGGER attempts_as_written",
    "DROP TRIGGER attempts_end_once",
    "UPDATE attempts SET words = masked(words) WHERE words LIKE '%=%'",
    """
    CREATE TRIGGER attempts_end_once BEFORE UPDATE ON attempts WHEN OLD.ended_at IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END
    """,
    """
    CREATE TRIGGER attempts_as_written
    BEFORE UPDATE OF id, key, person, channel, thread, surface, words, verb, at ON attempts
    BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END
    """,
    "CREATE TABLE unscrubbed (id INTEGER PRIMARY KEY) STRICT",
)

# Incidents whose flow is gone; and by what keys people were known before the workspace joined or left an organization.
_PEOPLE = (
    "ALTER TABLE incidents ADD COLUMN gone INTEGER NOT NULL DEFAULT 0",
    "CREATE TABLE former_people (former TEXT PRIMARY KEY, person TEXT NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE INDEX former_people_of ON former_people (person)",
)

# Messages that were deleted, or take no edit any more, and are said again.
_LOST = (
    "ALTER TABLE posts ADD COLUMN generation INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE posts ADD COLUMN tried_at INTEGER",
    """
    CREATE TABLE lost_messages (
      post TEXT NOT NULL,
      generation INTEGER NOT NULL,
      channel TEXT NOT NULL,
      ts TEXT NOT NULL,
      at INTEGER NOT NULL,
      PRIMARY KEY (post, generation)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX lost_messages_place ON lost_messages (channel, ts)",
)

# In which language the answers for one person are.
_LANGUAGES = ("CREATE TABLE languages (user TEXT PRIMARY KEY, language TEXT NOT NULL) STRICT, WITHOUT ROWID",)

# An incident has a card in each of its channels.
_CARDS = (
    """
    CREATE TABLE cards (
      incident TEXT NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
      place INTEGER NOT NULL,
      channel TEXT NOT NULL,
      post TEXT NOT NULL,
      gathered INTEGER NOT NULL,
      listed_in TEXT NOT NULL,
      told_at INTEGER,
      PRIMARY KEY (incident, place)
    ) STRICT, WITHOUT ROWID
    """,
    """
    INSERT INTO cards (incident, place, channel, post, gathered, listed_in, told_at)
    SELECT id, 0, channel, post, gathered, listed_in, told_at FROM incidents
    """,
    "CREATE INDEX cards_of_post ON cards (post)",
    "CREATE INDEX cards_listed ON cards (listed_in) WHERE listed_in <> ''",
    "CREATE INDEX cards_told ON cards (told_at) WHERE told_at IS NOT NULL",
    "DROP INDEX incidents_of_post",
    "DROP INDEX incidents_listed",
    "DROP INDEX incidents_told",
    "ALTER TABLE incidents DROP COLUMN channel",
    "ALTER TABLE incidents DROP COLUMN post",
    "ALTER TABLE incidents DROP COLUMN gathered",
    "ALTER TABLE incidents DROP COLUMN listed_in",
    "ALTER TABLE incidents DROP COLUMN told_at",
)

# Replies that the channel shows too.
_BROADCASTS = ("ALTER TABLE posts ADD COLUMN broadcast INTEGER NOT NULL DEFAULT 0",)

# What goes to which channel, and how flowbot speaks there. The number of a watch is never given to another.
_ROUTING = (
    """
    CREATE TABLE watches (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      channel TEXT NOT NULL,
      flow_id INTEGER,
      flow_name TEXT NOT NULL,
      owner TEXT NOT NULL,
      glob TEXT NOT NULL,
      after INTEGER NOT NULL,
      quiet TEXT NOT NULL,
      zone TEXT NOT NULL,
      made_by TEXT NOT NULL,
      at INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX watches_channel ON watches (channel)",
    """
    CREATE TABLE prefs (
      channel TEXT PRIMARY KEY,
      mentions INTEGER,
      reminders INTEGER,
      replies TEXT NOT NULL,
      language TEXT NOT NULL,
      digest TEXT NOT NULL,
      digest_zone TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
)

# Events for the webhook and for PagerDuty.
_BRIDGES = (
    """
    CREATE TABLE bridge_events (
      seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
      bridge TEXT NOT NULL, incident TEXT NOT NULL, step TEXT NOT NULL, body TEXT NOT NULL,
      at INTEGER NOT NULL, retry_at INTEGER NOT NULL DEFAULT 0, settled_at INTEGER,
      state TEXT NOT NULL DEFAULT 'queued', attempts INTEGER NOT NULL DEFAULT 0, why TEXT NOT NULL DEFAULT ''
    ) STRICT
    """,
    "CREATE INDEX bridge_events_waiting ON bridge_events (bridge, incident, seq) WHERE state IN ('queued', 'sending')",
    "CREATE INDEX bridge_events_of_incident ON bridge_events (incident, bridge, seq)",
    "CREATE INDEX bridge_events_settled ON bridge_events (settled_at) WHERE settled_at IS NOT NULL",
)

# Whom each step of an escalation called. ``incident`` is the message of a storm, where that escalates as a whole.
_ESCALATION = (
    """
    CREATE TABLE escalation_steps (
      incident TEXT NOT NULL,
      place INTEGER NOT NULL,
      number INTEGER NOT NULL,
      at INTEGER NOT NULL,
      reason TEXT NOT NULL,
      called TEXT NOT NULL,
      passed_over TEXT NOT NULL,
      PRIMARY KEY (incident, place)
    ) STRICT, WITHOUT ROWID
    """,
)

# People are asked to take incidents, and say as what they close them.
_OFFERS = (
    "ALTER TABLE incidents ADD COLUMN offer TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE incidents ADD COLUMN asked_by TEXT",
    "ALTER TABLE incidents ADD COLUMN asked TEXT",
    "ALTER TABLE incidents ADD COLUMN taken_from TEXT",
    "ALTER TABLE incidents ADD COLUMN resolution TEXT NOT NULL DEFAULT ''",
    """
    CREATE TABLE offers (
      id TEXT PRIMARY KEY,
      kind TEXT NOT NULL,
      incidents TEXT NOT NULL,
      asked_by TEXT NOT NULL,
      asked TEXT NOT NULL,
      asked_at INTEGER NOT NULL,
      until INTEGER NOT NULL,
      state TEXT NOT NULL,
      ended_at INTEGER
    ) STRICT
    """,
    "CREATE INDEX offers_open ON offers (asked_at) WHERE state = 'open'",
)

# For how long nobody is called about a flow (or any, without one), and the snooze that an incident's card shows.
_SNOOZES = (
    """
    CREATE TABLE snoozes (
      id TEXT PRIMARY KEY,
      flow_id INTEGER,
      flow_name TEXT NOT NULL,
      made_by TEXT NOT NULL,
      at INTEGER NOT NULL,
      until INTEGER NOT NULL,
      until_success INTEGER NOT NULL,
      because TEXT NOT NULL,
      ended TEXT NOT NULL,
      ended_at INTEGER
    ) STRICT
    """,
    "CREATE INDEX snoozes_active ON snoozes (at) WHERE ended_at IS NULL",
    "CREATE INDEX snoozes_ended ON snoozes (ended_at) WHERE ended_at IS NOT NULL",
    "ALTER TABLE incidents ADD COLUMN snooze TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX incidents_snoozed ON incidents (snooze) WHERE snooze <> ''",
)

# How a run that somebody started has ended.
_RUN_RESULTS = ("ALTER TABLE runs ADD COLUMN result INTEGER",)

# What is known around an incident.
_BACKGROUND = ("ALTER TABLE incidents ADD COLUMN background TEXT NOT NULL DEFAULT ''",)

# People ask others to run a command for them, or to link them: who was asked, where, and who runs it.
_ASKS = (
    "ALTER TABLE offers ADD COLUMN command TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE offers ADD COLUMN flow_id INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE offers ADD COLUMN flow_name TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE offers ADD COLUMN zone TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE offers ADD COLUMN others TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE offers ADD COLUMN copies TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE offers ADD COLUMN places TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE offers ADD COLUMN answered_by TEXT",
    "ALTER TABLE offers ADD COLUMN attempt INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX offers_running ON offers (asked_at) WHERE state = 'running'",
    "CREATE INDEX offers_asked_for ON offers (asked_by, asked_at) WHERE command <> ''",
    "ALTER TABLE attempts ADD COLUMN asker TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX attempts_of_asker ON attempts (asker, at) WHERE asker <> ''",
    "DROP TRIGGER attempts_as_written",
    """
    CREATE TRIGGER attempts_as_written
    BEFORE UPDATE OF id, key, person, channel, thread, surface, words, verb, at, asker ON attempts
    BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END
    """,
)

# Who has been welcomed: everybody who has said something to flowbot.
_GREETED = (
    "CREATE TABLE greeted (user TEXT PRIMARY KEY) STRICT, WITHOUT ROWID",
    "INSERT INTO greeted SELECT user FROM languages",
)

# The replicas that live, and what each has in hand. A file has one flowbot, and no rows here; times are the database's.
_REPLICAS = (
    """
    CREATE TABLE replicas (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      version TEXT NOT NULL,
      backend INTEGER NOT NULL,
      began_at INTEGER NOT NULL,
      renewed_at INTEGER NOT NULL,
      ready INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID
    """,
    "ALTER TABLE attempts ADD COLUMN replica TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE deliveries ADD COLUMN replica TEXT NOT NULL DEFAULT ''",
)

# The database's version is the number of steps it has taken.
STEPS: tuple[Sequence[str], ...] = (
    FIRST,
    _GATHERINGS,
    _CALLS,
    _INBOX,
    _JOINED,
    _REMINDERS,
    _NOTICES,
    _NO_SECRETS,
    _PEOPLE,
    _LOST,
    _LANGUAGES,
    _CARDS,
    _BROADCASTS,
    _ROUTING,
    _BRIDGES,
    _ESCALATION,
    _OFFERS,
    _SNOOZES,
    _RUN_RESULTS,
    _BACKGROUND,
    HISTORY,
    RUNBOOKS,
    RETRIES,
    EXPECTATIONS,
    _ASKS,
    BACKFILLS,
    _GREETED,
    _REPLICAS,
)
