"""Slack's rate limits: about one message a second and channel, and tiers per method."""

from dataclasses import dataclass, field
from math import ceil

POSTS_PER_SECOND = 1.0
POST_BURST = 5.0
RESPONSE_BURST = 10.0

# https://docs.slack.dev/apis/web-api/rate-limits (January 2026): calls a minute
TIERS: dict[str, int] = {
    "usergroups.list": 20,
    "usergroups.users.list": 20,
    "reactions.remove": 20,
    "chat.update": 50,
    "chat.delete": 50,
    "conversations.history": 50,
    "conversations.replies": 50,
    "conversations.info": 50,
    "conversations.join": 50,
    "conversations.open": 50,
    "reactions.add": 50,
    "bots.info": 50,
    "users.getPresence": 50,
    "apps.connections.open": 50,
    "users.info": 100,
    "conversations.members": 100,
    "views.open": 100,
    "views.update": 100,
    "views.push": 100,
    "views.publish": 100,
    "chat.postEphemeral": 100,
    "files.getUploadURLExternal": 100,
    "files.completeUploadExternal": 100,
    "files.info": 100,
}


# Apps that are distributed outside of the Marketplace (docs.slack.dev, changelog of May 2025 and June 2025)
DISTRIBUTED_PAGE = 15
DISTRIBUTED_TIERS = {"conversations.history": 1, "conversations.replies": 1}


@dataclass
class _Bucket:
    tokens: float
    at: float


@dataclass
class RateLimits:
    """Token buckets; ``posting`` switches the limit per channel, ``tiers`` the limits per method.

    ``distributed`` lets the app read history as one that is distributed outside of Slack's Marketplace.
    """

    posting: bool = True
    tiers: bool = False
    distributed: bool = False
    burst: float = POST_BURST
    _buckets: dict[str, _Bucket] = field(default_factory=dict)

    @property
    def history_page(self) -> int:
        """The most messages that one page of history or replies holds."""
        return DISTRIBUTED_PAGE if self.distributed else 999

    def wait_for_post(self, channel: str, now: float) -> int:
        """Count a message to the channel and return 0; or, where there were too many, the whole seconds to wait."""
        return self._take(f"post {channel}", POSTS_PER_SECOND, self.burst, now) if self.posting else 0

    def wait_for_response(self, channel: str, now: float) -> int:
        """Count a use of a response_url in the channel, by the same rule."""
        return self._take(f"response {channel}", POSTS_PER_SECOND, RESPONSE_BURST, now) if self.posting else 0

    def wait_for_call(self, method: str, now: float) -> int:
        """Count a call of the method and return 0; or, where its tier is used up, the whole seconds to wait."""
        tier = TIERS.get(method) if self.tiers else None
        if self.distributed:
            tier = DISTRIBUTED_TIERS.get(method, tier)
        if tier is None:
            return 0
        return self._take(f"call {method}", tier / 60, float(tier), now)

    def _take(self, key: str, per_second: float, burst: float, now: float) -> int:
        bucket = self._buckets.setdefault(key, _Bucket(tokens=burst, at=now))
        bucket.tokens = min(burst, bucket.tokens + max(0.0, now - bucket.at) * per_second)
        bucket.at = now
        if bucket.tokens < 1:
            return max(1, ceil((1 - bucket.tokens) / per_second))
        bucket.tokens -= 1
        return 0
