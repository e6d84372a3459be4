"""What the platform's tests share: a clock moved by hand, a small platform, and a signer of their own."""

import hashlib
import json
from urllib.parse import quote

from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from bot.sim.enos.platform import ACCESS_KEY, ORG, SECRET_KEY, Platform
from bot.sim.enos.server import SERVICE, TOKENS, enos_app

NOON = 1795262400.0  # 2026-11-21 12:00:00 UTC
MAYA, JONAS, WATCHER, OUTSIDER = "u11", "u12", "u01", "u99"
DAILY, HOURLY, EMPTY = 3377, 2809, 4102
EXTRACT, TRANSFORM, LOAD = 108579, 108580, 108581


class Clock:
    def __init__(self, now=NOON):
        self.now = now

    def __call__(self):
        return self.now


def small_platform(clock):
    """Three flows and four users; every task takes three seconds."""
    platform = Platform(clock)
    platform.add_user(WATCHER, "flowbot", sees_all=True)
    platform.add_user(MAYA, "maya.chen")
    platform.add_user(JONAS, "jonas.weber")
    platform.add_user(OUTSIDER, "robin.fox", org="o2")
    platform.add_flow(
        DAILY,
        "daily-energy-report",
        owners=["maya.chen"],
        tasks=[(EXTRACT, "extract"), (TRANSFORM, "transform"), (LOAD, "load")],
        parameters=(("path", "/user/x/"), ("overwrite", "true")),
    )
    platform.add_flow(HOURLY, "turbine", owners=["jonas.weber"], visitors=("maya.chen",), tasks=[(104890, "tass")])
    platform.add_flow(EMPTY, "empty-flow", owners=["maya.chen"])
    return platform


class Caller:
    """Signs and sends calls as one application."""

    def __init__(self, platform, http):
        self.platform = platform
        self.http = http
        self.token = ""
        self._stamp = 0

    def stamp(self):
        """A millisecond that was not used before."""
        self._stamp = max(self._stamp + 1, int(self.platform.clock() * 1000))
        return self._stamp

    def proof(self, **extra):
        stamp = self.stamp()
        digest = hashlib.sha256(f"{ACCESS_KEY}{stamp}{SECRET_KEY}".encode()).hexdigest()
        return {"appKey": ACCESS_KEY, "timestamp": stamp, "encryption": digest, **extra}

    async def ask_token(self, action="get", **extra):
        answer = await self.http.post(f"{TOKENS}/{action}", json=self.proof(**extra))
        return await answer.json()

    async def sign_in(self):
        self.token = (await self.ask_token())["data"]["accessToken"]

    def headers(self, query, raw):
        stamp = str(self.stamp())
        parameters = "".join(name + str(query[name]) for name in sorted(query))
        signed = (self.token + parameters).encode() + raw + (stamp + SECRET_KEY).encode()
        signature = hashlib.sha256(signed).hexdigest()
        return {"apim-accesstoken": self.token, "apim-timestamp": stamp, "apim-signature": signature}

    async def send(self, resource, action, body=None, *, user=MAYA, org=ORG, method=None, **query):
        """Send a call and return the response, read whole."""
        if not self.token:
            await self.sign_in()
        everything = {"action": action, **query} | ({"userId": user, "orgId": org} if user else {})
        raw = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        line = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in everything.items())
        response = await self.http.request(
            method or ("GET" if body is None else "POST"),
            URL(f"{SERVICE}/{resource}?{line}", encoded=True),
            data=raw or None,
            headers={"Content-Type": "application/json", **self.headers(everything, raw)},
        )
        await response.read()
        return response

    async def call(self, resource, action, body=None, **options):
        """Send a call and return its answer as JSON."""
        return await (await self.send(resource, action, body, **options)).json()

    async def data(self, resource, action, body=None, **options):
        """Send a call that must succeed and return its data."""
        answer = await self.call(resource, action, body, **options)
        assert answer["code"] == 0, answer
        return answer["data"]

    async def refusal(self, resource, action, body=None, **options):
        """Send a call that must be refused and return code and sentence."""
        answer = await self.call(resource, action, body, **options)
        assert answer["code"] != 0, answer
        assert answer["data"] is None
        return answer["code"], answer["msg"]

    async def search(self, page=1, size=10, *, kind=1, user=WATCHER, org=ORG, sort=None, **terms):
        """Search instances of the last and the next ten days."""
        now = int(self.platform.clock() * 1000)
        body = {
            "type": kind,
            "expression": "",
            "owner": "",
            "fromTriggerTime": now - 864_000_000,
            "toTriggerTime": now + 864_000_000,
            "status": "",
            "pagination": {"pageNo": page, "pageSize": size},
        } | terms
        if sort:
            body["pagination"]["sorters"] = [{"field": sort[0], "order": sort[1]}]
        return await self.call("flowInstances", "search", body, user=user, org=org)

    async def found(self, *args, **options):
        """Search and return the ids found."""
        return [row["instanceId"] for row in (await self.search(*args, **options))["data"]["flowInsts"]]


def served(platform):
    """A test client of the platform's face, to be entered."""
    return TestClient(TestServer(enos_app(platform)))


NOW_MS = int(NOON * 1000)


def settle(platform, seconds=60):
    """Let time pass at once, and the platform catch up."""
    platform.clock.now += seconds
    platform.tick()
