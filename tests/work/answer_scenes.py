"""The scenes of the golden file: each is a few commands, and what people then see."""

from answer_world import FAILED

from bot.core.flow.status import Status

RUN = "3377-20261121143000"
DONE, FAIL, AT_WORK, WAITS = Status.SUCCESS, Status.FAIL, Status.RUNNING, Status.INIT
LOG = "\n".join(f"line {number}" for number in range(1, 41)) + "\nERROR password=hunter2 column kwh not found"


class Scenes(dict):
    """Scenes by their titles; the golden file holds what people see in each."""

    def scene(self, title):
        """Add a scene of any kind."""

        def keep(play):
            assert title not in self, title
            self[title] = play
            return play

        return keep

    def asked(self, title, who, words, prepare=None, way="says"):
        """Add a scene of one command."""

        @self.scene(title)
        async def play(world):
            if prepare is not None:
                ready = prepare(world)
                if hasattr(ready, "__await__"):
                    await ready
            world.answer_texts.clear()
            await getattr(getattr(world, who), way)(words)


def fault(call, *faults):
    return lambda world: world.enos.faults.update({call: list(faults)})


def flow(id_=3377, **fields):
    return lambda world: world.enos.change(id_, **fields)


def failed_run(world):
    world.enos.run(FAILED, trigger_time="2026-11-21 10:00:00", log=LOG)
