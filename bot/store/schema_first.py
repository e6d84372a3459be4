"""The first tables; what has become of them since is in ``schema.py``."""

FIRST = (
    # ── what the watcher knows ──
    """
    CREATE TABLE seen (
      instance TEXT PRIMARY KEY,
      flow_id INTEGER NOT NULL,
      kind INTEGER NOT NULL,
      status INTEGER NOT NULL,
      end_time TEXT NOT NULL,
      trigger_at INTEGER,
      seen_at INTEGER NOT NULL,
      finished INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX seen_unfinished ON seen (trigger_at) WHERE finished = 0",
    "CREATE INDEX seen_long_ago ON seen (seen_at) WHERE finished = 1",
    """
    CREATE TABLE readings (
      kind INTEGER PRIMARY KEY,
      clean INTEGER NOT NULL,
      early_stop INTEGER NOT NULL,
      swept_at INTEGER,
      read_at INTEGER
    ) STRICT
    """,
    "CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
    # ── incidents ──
    """
    CREATE TABLE incidents (
      id TEXT PRIMARY KEY,
      flow_id INTEGER NOT NULL,
      flow_name TEXT NOT NULL,
      channel TEXT NOT NULL,
      phase TEXT NOT NULL,
      opened_at INTEGER NOT NULL,
      post TEXT NOT NULL,
      owners TEXT NOT NULL,
      last_success TEXT NOT NULL,
      acked_by TEXT,
      acked_at INTEGER,
      ack_until INTEGER,
      note TEXT NOT NULL,
      ended_at INTEGER,
      ended_by TEXT,
      recovered_by TEXT,
      instance_group TEXT NOT NULL,
      gathered INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX incidents_of_flow ON incidents (flow_id, opened_at)",
    "CREATE INDEX incidents_live ON incidents (opened_at) WHERE phase IN ('open', 'acknowledged')",
    "CREATE INDEX incidents_opened ON incidents (opened_at)",
    "CREATE INDEX incidents_ended ON incidents (ended_at) WHERE ended_at IS NOT NULL",
    "CREATE INDEX incidents_of_post ON incidents (post)",
    "CREATE INDEX incidents_of_instance ON incidents (instance_group) WHERE instance_group <> ''",
    """
    CREATE TABLE occurrences (
      incident TEXT NOT NULL REFERENCES incidents (id) ON DELETE CASCADE,
      place INTEGER NOT NULL,
      instance TEXT NOT NULL,
      status INTEGER NOT NULL,
      trigger_time TEXT NOT NULL,
      end_time TEXT NOT NULL,
      seen_at INTEGER NOT NULL,
      failed_tasks TEXT NOT NULL,
      failed_task_name TEXT NOT NULL,
      error_line TEXT NOT NULL,
      healed INTEGER NOT NULL,
      PRIMARY KEY (incident, place)
    ) STRICT, WITHOUT ROWID
    """,
    # ── the outbox ──
    """
    CREATE TABLE posts (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      kind TEXT NOT NULL,
      lane TEXT NOT NULL,
      channel TEXT NOT NULL,
      body TEXT NOT NULL,
      due INTEGER NOT NULL,
      retry_at INTEGER NOT NULL DEFAULT 0,
      thread_of TEXT,
      thread TEXT NOT NULL,
      target TEXT,
      user TEXT NOT NULL,
      response_url TEXT NOT NULL,
      incident TEXT NOT NULL,
      line TEXT NOT NULL,
      state TEXT NOT NULL,
      attempts INTEGER NOT NULL DEFAULT 0,
      doubts INTEGER NOT NULL DEFAULT 0,
      first_tried INTEGER,
      stands_in TEXT NOT NULL DEFAULT '',
      ts TEXT NOT NULL DEFAULT '',
      why TEXT NOT NULL DEFAULT '',
      settled_at INTEGER,
      look_again INTEGER NOT NULL DEFAULT 0
    ) STRICT
    """,
    "CREATE INDEX posts_line ON posts (line, due) WHERE state IN ('queued', 'sending', 'unclear')",
    "CREATE INDEX posts_state ON posts (state, due, retry_at)",
    "CREATE INDEX posts_settled ON posts (settled_at) WHERE settled_at IS NOT NULL",
    "CREATE INDEX posts_doubtful ON posts (look_again) WHERE look_again > 0",
    "CREATE INDEX posts_place ON posts (stands_in, ts) WHERE ts <> ''",
    "CREATE INDEX posts_of_target ON posts (target) WHERE target IS NOT NULL",
    "CREATE INDEX posts_of_thread ON posts (thread_of) WHERE thread_of IS NOT NULL",
    # ── people ──
    """
    CREATE TABLE links (
      person TEXT PRIMARY KEY,
      user_id TEXT NOT NULL UNIQUE,
      user_name TEXT NOT NULL UNIQUE,
      proven INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE TABLE imports (id INTEGER PRIMARY KEY, phase TEXT NOT NULL, place INTEGER NOT NULL) STRICT",
    "CREATE TABLE import_rows (place INTEGER PRIMARY KEY, kind TEXT NOT NULL, row TEXT NOT NULL) STRICT",
    # ── the audit: only added to ──
    """
    CREATE TABLE attempts (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      key TEXT NOT NULL,
      person TEXT NOT NULL,
      channel TEXT NOT NULL,
      thread TEXT NOT NULL,
      surface TEXT NOT NULL,
      words TEXT NOT NULL,
      verb TEXT NOT NULL,
      at INTEGER NOT NULL,
      detail TEXT,
      outcome TEXT,
      request TEXT,
      user_id TEXT,
      answer TEXT,
      ended_at INTEGER,
      freed INTEGER NOT NULL DEFAULT 0 -- ended without an act: its key may be used again
    ) STRICT
    """,
    "CREATE UNIQUE INDEX attempts_key ON attempts (key) WHERE freed = 0",
    "CREATE INDEX attempts_at ON attempts (at)",
    "CREATE INDEX attempts_of_person ON attempts (person, at)",
    "CREATE INDEX attempts_unended ON attempts (id) WHERE ended_at IS NULL",
    """
    CREATE TRIGGER attempts_stay BEFORE DELETE ON attempts
    BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END
    """,
    """
    CREATE TRIGGER attempts_end_once BEFORE UPDATE ON attempts WHEN OLD.ended_at IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END
    """,
    """
    CREATE TRIGGER attempts_as_written
    BEFORE UPDATE OF id, key, person, channel, thread, surface, words, verb, at ON attempts
    BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END
    """,
    # ── deliveries, stashed words, followed runs ──
    "CREATE TABLE deliveries (key TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE INDEX deliveries_at ON deliveries (at)",
    "CREATE TABLE stashes (id TEXT PRIMARY KEY, text TEXT NOT NULL, at INTEGER NOT NULL) STRICT",
    "CREATE INDEX stashes_at ON stashes (at)",
    """
    CREATE TABLE runs (
      instance TEXT PRIMARY KEY,
      flow_id INTEGER NOT NULL,
      flow_name TEXT NOT NULL,
      person TEXT NOT NULL,
      post TEXT NOT NULL,
      started_at INTEGER NOT NULL,
      channel TEXT NOT NULL,
      thread TEXT NOT NULL,
      verb TEXT NOT NULL,
      state TEXT NOT NULL,
      incident TEXT,
      attempt INTEGER NOT NULL,
      trigger_ms INTEGER NOT NULL,
      task INTEGER NOT NULL,
      parameters TEXT NOT NULL,
      user_id TEXT NOT NULL,
      words TEXT NOT NULL,
      notes TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX runs_live ON runs (started_at) WHERE state IN ('asked', 'running')",
    "CREATE INDEX runs_started ON runs (started_at)",
    "CREATE INDEX runs_of_flow ON runs (flow_id, started_at)",
)
