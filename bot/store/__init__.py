"""Store touches the database: one async method is one transaction, on one dedicated thread."""
