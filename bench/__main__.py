"""Print every figure of the design beside its budget."""

import asyncio
import statistics
import sys

from bench import figures

ROUNDS = 5


async def main() -> None:
    print(f"Ratios are medians of {ROUNDS} runs, both sides in this one run.\n")
    requests = await figures.idle_poll()
    print(f"idle poll                      {requests} requests                          (budget 3)")

    pairs = [(await figures.acks("bot", 200), await figures.acks("bench.bare", 200)) for _ in range(ROUNDS)]
    ratio = statistics.median(figures.percentile(ours, 0.99) / figures.percentile(bare, 0.99) for ours, bare in pairs)
    ours = statistics.median(figures.percentile(each, 0.99) for each, _ in pairs) * 1000
    middle = statistics.median(statistics.median(each) for each, _ in pairs) * 1000
    print(
        f"ack, EnOS hanging, p99         {ratio:.2f} of bare; {ours:.1f} ms, p50 {middle:.1f} ms  (budget 1.3; aim 100 ms)"
    )

    both = [(await figures.sweeps(10_000)) for _ in range(ROUNDS)]
    ratio = statistics.median(sweep / plain for sweep, plain in both)
    sweep = statistics.median(each for each, _ in both)
    print(f"sweep of 10,000 instances      {ratio:.2f} of a plain loop; {sweep:.1f} s         (budget 1.0)")

    both = [
        (await figures.start_and_memory("bot"), await figures.start_and_memory("bench.bare")) for _ in range(ROUNDS)
    ]
    ratio = statistics.median(a[0] / b[0] for a, b in both)
    seconds = statistics.median(a[0] for a, _ in both)
    print(f"start to first hello           {ratio:.2f} of bare; {seconds:.2f} s                (budget 2)")
    ratio = statistics.median(a[1] / b[1] for a, b in both)
    size = statistics.median(a[1] for a, _ in both)
    print(f"idle memory                    {ratio:.2f} of bare; {size:.1f} MiB              (budget 1.5)")


if __name__ == "__main__":
    ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    asyncio.run(main())
