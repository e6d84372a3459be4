"""Since when the oldest post of each state has been due."""

from store_makers import NOW, later, message

from bot.core.outbox.posts import PostId


async def test_the_oldest_of_each_state_counts_and_what_is_settled_does_not(store):
    await store.queue([message("a", due=later(seconds=-50)), message("b"), message("c", due=later(seconds=-10))])
    assert await store.oldest_posts() == {"queued": later(seconds=-50)}
    await store.start_sending(PostId("a"), NOW)
    assert await store.oldest_posts() == {"sending": later(seconds=-50), "queued": later(seconds=-10)}
    await store.mark_unclear(PostId("a"), "cut", NOW)
    await store.start_sending(PostId("c"), NOW)
    await store.mark_sent(PostId("c"), "C1", "1.0", NOW)
    assert await store.oldest_posts() == {"unclear": later(seconds=-50), "queued": NOW}
