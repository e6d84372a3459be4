"""IDs: short, unguessable, safe in addresses and in button values."""

import secrets
from functools import partial

new_id = partial(secrets.token_hex, 8)  # 16 characters
