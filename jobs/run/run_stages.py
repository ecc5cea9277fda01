"""Runs a tuple of stages, one after the other."""

from typing import NamedTuple

from engine.stage import StagePass
from jobs.run.stages import ItemWork, Order, Stage, StageContext, Stages, run_items
from schemas.settings import RunSettings


def wanted_names(stages: Stages[Order], settings: RunSettings) -> list[str]:
    """The names of those stages that do something under these settings."""
    return [stage.name for stage in stages if stage.is_wanted(settings)]


class StagesEnd(NamedTuple):
    """The stage that a pass ended with, its counts, and whether all that was asked for is done."""

    stage: str
    passed: StagePass
    is_done: bool

    def describe_left(self) -> str:
        """How many items were set aside in which stage, and why."""
        passed = self.passed
        reasons = [f"{code} {count}" for code, count in passed.unsettled.most_common()]
        if passed.deferred_count:
            reasons.append(f"waiting for a batch {passed.deferred_count}")
        if not reasons:
            return "requests are out in batches"
        left = sum(passed.unsettled.values()) + passed.deferred_count
        return f"{left} items of stage {self.stage} are left ({', '.join(reasons)})"


async def run_stages(
    stages: Stages[Order], context: StageContext[Order], *, last_stage: str | None = None
) -> StagesEnd:
    """Go as far as possible: to the end, to `last_stage`, or to a stage with items set aside.

    A stage begins when the one before it is complete; what is finished already is skipped. All
    that is written depends on documents, settings and replies alone, not on their order.

    Raises:
        EngineError: any error that ends the run early; everything bought until then is kept.
    """
    for stage in stages:
        if stage.purposes:
            await context.pool.rest()  # replies may take hours
        passed = await _run_stage(stage, context)
        if not passed.is_complete:
            return StagesEnd(stage.name, passed, is_done=False)
        if stage.name == last_stage:
            break
    return StagesEnd(stage.name, passed, is_done=True)


async def _run_stage(stage: Stage[Order], context: StageContext[Order]) -> StagePass:
    if not stage.is_wanted(context.settings):
        return StagePass()  # not even its file is made
    if not isinstance(stage.work, ItemWork):
        return await stage.work(context)
    return await run_items(stage, stage.work, context)
