"""What the tests of several processes share."""


def told_once(world):
    """Each failure has one thread and each question one answer, and Slack was asked for no more than it takes."""
    assert not world.doubles()
    assert not world.untold()
    assert len(world.unanswered()) == world.sorry()
    assert not world.limited("chat.postMessage")
    # A message a second in each channel; half of it, since what is sent in time may arrive late on a busy machine.
    assert world.closest() > 0.5


async def two(world, *, url=""):
    """A leader, whose address of the database may be another one, and a follower."""
    leader = await world.start(url=url)
    follower = await world.start()
    assert await world.leads() is leader
    await world.watches()
    world.link_people()
    return leader, follower
