import pytest
from enos_gateway import KEY, ORG, SECRET, USER, Clock, Gateway, start
from enos_lists import Lists

from bot.enos.client import EnosClient


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def gateway(clock):
    gateway = Gateway(clock)
    runner, gateway.url = await start(gateway)
    yield gateway
    gateway.release.set()
    await runner.cleanup()
    assert gateway.wrong == []


@pytest.fixture
async def client_of(gateway, clock):
    """Make clients of the gateway; all are closed at the end."""
    made = []

    def make(**options):
        pauses = []

        async def pause(seconds):
            pauses.append(seconds)

        options = {"page_base": "1", "total_seconds": 20.0, "pause": pause, **options}
        url = options.pop("url", gateway.url)
        secret = options.pop("secret", SECRET)
        client = EnosClient(url, KEY, secret, ORG, USER, clock=clock, **options)
        client.pauses = pauses
        made.append(client)
        return client

    yield make
    gateway.release.set()
    for client in made:
        await client.close()


@pytest.fixture
def client(client_of):
    return client_of()


@pytest.fixture
def lists(gateway):
    lists = Lists()
    gateway.answers["search"] = lists.search
    return lists
