"""The symbols of a run on the machines of a Dask cluster (extra `cluster`); the results are those of one machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from futtui.backtest.shards import Answer, CrewMaker, Job, Worker, packed
from futtui.domain.errors import InvalidInputError

if TYPE_CHECKING:
    from distributed import Client

CONNECT_SECONDS = 10

_worker = Worker()


def advance_there(job: Job, from_ms: int, until_ms: int, before: bytes | None = None) -> bytes:
    """Runs on the cluster: a machine that does not know the symbol yet works its way to the stretch first.

    `before`: the answers of the stretch before, so that a symbol is never worked on twice at a time.
    """
    return packed(_worker.advance(job, from_ms, until_ms), small=True)


class ClusterCrew:
    """A symbol stays with one worker; should that worker die, another one begins the symbol anew."""

    def __init__(self, jobs: dict[str, Job], client: Client) -> None:
        self._client = client
        names = sorted(client.scheduler_info(n_workers=-1)["workers"])
        self._newest: dict[str, Any] = {}
        self._homes = {symbol: names[place % len(names)] for place, symbol in enumerate(jobs)}
        self._jobs: dict[str, Any] = {
            symbol: client.scatter(job, workers=[self._homes[symbol]], hash=False) for symbol, job in jobs.items()
        }

    def advance(self, symbol: str, from_ms: int, until_ms: int) -> Answer:
        """Hand a stretch to the symbol's worker."""
        found: Answer = self._client.submit(
            advance_there, self._jobs[symbol], from_ms, until_ms, self._newest.get(symbol),
            workers=[self._homes[symbol]], allow_other_workers=True, pure=False,
        )  # fmt: skip
        self._newest[symbol] = found
        return found

    def stop(self) -> None:
        """Leave the cluster; it goes on for others."""
        self._client.close()


def cluster_crew(address: str) -> CrewMaker:
    """A crew on the cluster whose scheduler listens at `address`.

    Raises InvalidInputError without the extra, without a scheduler there, and for a cluster without workers.
    """
    try:
        from distributed import Client
    except ImportError:
        raise InvalidInputError("--cluster needs Dask. Install it: `pip install 'futtui[cluster]'`.") from None
    try:
        client = Client(address, timeout=CONNECT_SECONDS)
    except (OSError, ValueError, TimeoutError) as error:
        raise InvalidInputError(
            f"--cluster {address}: no Dask scheduler answers there ({error or 'no answer'}). Start one with "
            "`dask scheduler`, workers with `dask worker ADDRESS`, and give its address, as in tcp://host:8786."
        ) from None
    if not client.scheduler_info(n_workers=-1)["workers"]:
        client.close()
        raise InvalidInputError(
            f"--cluster {address}: the cluster has no workers. Start some: `dask worker {address}`."
        )

    def make(jobs: dict[str, Job]) -> ClusterCrew:
        return ClusterCrew(jobs, client)

    return make
