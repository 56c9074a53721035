from shared.crm.history.events import MessageImported
from shared.crm.history.store import HistoryRuns, history_runs
from shared.crm.media.collecting import collect
from shared.crm.media.model import Priority
from shared.runtime.consume import consumer
from shared.runtime.work import UnitOfWork


@consumer(MessageImported)
def collect_imported_media(uow: UnitOfWork, event: MessageImported) -> None:
    """Have the files of old messages fetched, behind everything that is live, if the import asked for them."""
    run = HistoryRuns(uow).first(history_runs.c.id == event.run_id)
    if run and run.media:
        collect(uow, event.message_ids, Priority.IMPORT)
