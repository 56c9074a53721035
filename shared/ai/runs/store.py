"""Where runs are kept and how they are found."""

from uuid import UUID

from shared.ai.runs.model import AiRun
from shared.runtime.mapping import map_aggregate
from shared.runtime.work import Repository

ai_runs = map_aggregate(AiRun, "ai_runs")


class AiRuns(Repository[AiRun]):
    kind = AiRun

    def of_group(self, group_id: UUID) -> AiRun | None:
        return self.first(ai_runs.c.message_group_id == group_id, lock=True)
