"""The demo's page: its server, and in ``static`` the files it serves."""
