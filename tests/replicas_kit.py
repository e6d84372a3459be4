"""Several replicas on one PostgreSQL, in one process."""

import contextlib
from types import SimpleNamespace

import postgres

from bot.ops.replica import Replica
from bot.store.store import Store


@contextlib.contextmanager
def database():
    """A new database, as the store takes its address."""
    address = postgres.new_address()
    try:
        yield SimpleNamespace(url=address)
    finally:
        postgres.drop(address)


@contextlib.asynccontextmanager
async def stores(*names):
    """A store for each of these names, all of one database; the first one leads."""
    with database() as address:
        async with contextlib.AsyncExitStack() as stack:
            found = []
            for name in names:
                store = await stack.enter_async_context(Store.open(address))
                await store.join(name, "1")
                found.append(store)
            await found[0].lead()
            yield found


@contextlib.asynccontextmanager
async def replicas(*names, **options):
    """A replica for each of these names, each after its first turn; the first one leads."""
    async with stores(*names) as found:
        made = [Replica(store, store.session(), **options) for store in found]
        try:
            for each in made:
                each.stand()
                await each.turn()
            yield list(zip(found, made, strict=True))
        finally:
            for each in made:
                await each._session.close()
