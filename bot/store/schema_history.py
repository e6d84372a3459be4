"""Steps of the schema: what flowbot keeps of flows. Their runs, runbooks, retry rules and what is expected of them."""

# Past runs, small: times in seconds since 1970, or after ``triggered_at``; an ID is rebuilt from flow, time and digits.
HISTORY = (
    "CREATE TABLE schedules (id INTEGER PRIMARY KEY, freq TEXT NOT NULL UNIQUE) STRICT",
    """
    CREATE TABLE past_flows (
      flow_id INTEGER PRIMARY KEY,
      name TEXT NOT NULL,
      graph_at INTEGER
    ) STRICT
    """,
    """
    CREATE TABLE past_runs (
      flow_id INTEGER NOT NULL,
      triggered_at INTEGER NOT NULL,
      digits INTEGER NOT NULL,
      status INTEGER NOT NULL,
      kind INTEGER NOT NULL,
      schedule INTEGER NOT NULL,
      started INTEGER,
      ended INTEGER,
      PRIMARY KEY (flow_id, triggered_at, digits)
    ) STRICT, WITHOUT ROWID
    """,
    # as TERMINAL in core/flow/status.py
    "CREATE INDEX past_runs_running ON past_runs (triggered_at) WHERE status NOT IN (-1, 1, 4, 7, 8, 10)",
    """
    CREATE TABLE dependencies (
      flow_id INTEGER NOT NULL,
      upstream INTEGER NOT NULL,
      PRIMARY KEY (flow_id, upstream)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX dependencies_upstream ON dependencies (upstream)",
)

# What the owners of a flow want people to do when it breaks; by what errors are compared (``fingerprint.py``); and the
# incident that is the cause of another one, as its background says.
RUNBOOKS = (
    """
    CREATE TABLE runbooks (
      flow_id INTEGER PRIMARY KEY,
      flow_name TEXT NOT NULL,
      text TEXT NOT NULL,
      made_by TEXT NOT NULL,
      at INTEGER NOT NULL
    ) STRICT
    """,
    "ALTER TABLE occurrences ADD COLUMN error_key TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX occurrences_error ON occurrences (error_key, instance) WHERE error_key <> ''",
    "ALTER TABLE incidents ADD COLUMN cause TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX incidents_cause ON incidents (cause) WHERE cause <> ''",
)

# Which errors rerun which flow by itself, and the failed runs that a rule was about.
RETRIES = (
    """
    CREATE TABLE retry_rules (
      id TEXT PRIMARY KEY,
      flow_id INTEGER NOT NULL,
      flow_name TEXT NOT NULL,
      text TEXT NOT NULL,
      wait INTEGER NOT NULL,
      made_by TEXT NOT NULL,
      user_name TEXT NOT NULL,
      at INTEGER NOT NULL,
      ended TEXT NOT NULL,
      ended_at INTEGER
    ) STRICT
    """,
    "CREATE INDEX retry_rules_active ON retry_rules (flow_id) WHERE ended_at IS NULL",
    "CREATE INDEX retry_rules_ended ON retry_rules (ended_at) WHERE ended_at IS NOT NULL",
    """
    CREATE TABLE retries (
      id TEXT PRIMARY KEY,
      incident TEXT NOT NULL,
      flow_id INTEGER NOT NULL,
      instance TEXT NOT NULL UNIQUE,
      rule TEXT NOT NULL,
      text TEXT NOT NULL,
      made_by TEXT NOT NULL,
      user_name TEXT NOT NULL,
      made_at INTEGER NOT NULL,
      due INTEGER NOT NULL,
      state TEXT NOT NULL,
      reason TEXT NOT NULL,
      started TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX retries_open ON retries (flow_id) WHERE state IN ('waiting', 'starting')",
    "CREATE INDEX retries_of_flow ON retries (flow_id, made_at)",
)

# What people expect of flows; an empty ``by_clock``: that flowbot never says that it is late. Days: 0 is Monday.
EXPECTATIONS = (
    """
    CREATE TABLE expectations (
      flow_id INTEGER PRIMARY KEY,
      flow_name TEXT NOT NULL,
      by_clock TEXT NOT NULL,
      days TEXT NOT NULL,
      zone TEXT NOT NULL,
      made_by TEXT NOT NULL,
      at INTEGER NOT NULL
    ) STRICT
    """,
)

# Runs for many trigger times, one after the other. The number of a backfill is never given to another.
BACKFILLS = (
    """
    CREATE TABLE backfills (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      flow_id INTEGER NOT NULL,
      flow_name TEXT NOT NULL,
      made_by TEXT NOT NULL,
      user_name TEXT NOT NULL,
      at INTEGER NOT NULL,
      channel TEXT NOT NULL,
      post TEXT NOT NULL,
      basis TEXT NOT NULL,
      zone TEXT NOT NULL,
      slot TEXT NOT NULL,
      task INTEGER NOT NULL,
      attempt INTEGER NOT NULL,
      usual INTEGER,
      state TEXT NOT NULL,
      reason TEXT NOT NULL,
      detail TEXT NOT NULL,
      acted_by TEXT,
      turn INTEGER NOT NULL,
      shown TEXT NOT NULL,
      ended_at INTEGER
    ) STRICT
    """,
    "CREATE UNIQUE INDEX backfills_open ON backfills (flow_id) WHERE state IN ('running', 'paused', 'stopping')",
    """
    CREATE TABLE backfill_starts (
      backfill INTEGER NOT NULL REFERENCES backfills (number),
      place INTEGER NOT NULL,
      at INTEGER NOT NULL,
      state TEXT NOT NULL,
      attempt INTEGER NOT NULL,
      instance TEXT NOT NULL,
      status INTEGER,
      started_at INTEGER,
      ended_at INTEGER,
      why TEXT NOT NULL,
      PRIMARY KEY (backfill, place)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX runs_of_backfills ON runs (instance) WHERE verb = 'backfill'",
)
