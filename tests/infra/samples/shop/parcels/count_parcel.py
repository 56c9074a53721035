from shared.runtime.consume import consumer
from shared.runtime.work import UnitOfWork
from tests.infra.samples.parcels import ParcelLost, ParcelOpened


@consumer(ParcelOpened, ParcelLost, ordered=True)
def count_parcel(uow: UnitOfWork, event: ParcelOpened | ParcelLost) -> None:
    """Count what was opened or lost."""
    uow.session.add(event)
