"""PostgreSQL under the store: the connection, its SQL where it differs from SQLite's, and its schema.

Imported only where ``FLOWBOT_DATABASE`` names such a database: psycopg is an extra, and SQLite needs none of it.
"""
