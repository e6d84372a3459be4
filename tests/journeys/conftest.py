"""One stage for all stories of a run."""

import pytest_asyncio
from journey_stage import Stage


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stage(request):
    stories = [item.function for item in request.session.items if hasattr(item.function, "telling")]
    built = Stage(stories)
    yield built
    await built.close()
