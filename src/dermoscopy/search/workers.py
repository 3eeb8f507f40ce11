"""Trials in several processes: of this machine, or of a Dask cluster."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from joblib import Parallel, delayed, parallel_config

from dermoscopy.core.errors import TrainingError
from dermoscopy.core.stage import die_with_parent
from dermoscopy.search.trial import Record, Task

if TYPE_CHECKING:
    from distributed import Client

Results = Iterator[tuple[int, Record]]

MOST_DEATHS = 2  # of the workers that one trial had for itself
SECONDS_FOR_WORKERS = 60


def results(tasks: Sequence[Task], jobs: int, scheduler: str | None) -> Results:
    """Do tasks and yield the number and the record of each, as they end.

    Args:
        tasks: Independent of each other.
        jobs: Processes of this machine; with one, this one does them.
        scheduler: Address of a Dask scheduler whose workers do them instead.

    Raises:
        TrainingError: A trial cannot go on, ended its worker again and again, or there are no workers.
    """
    if scheduler:
        return _on_cluster(tasks, scheduler)
    return (task() for task in tasks) if jobs == 1 else _in_processes(tasks, jobs)


def _in_processes(tasks: Sequence[Task], jobs: int) -> Results:
    """Let local processes do tasks.

    A process that is killed takes the others with it, and what they had begun starts again.
    """
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    left = {task.trial.number: task for task in tasks}
    while left:
        begun: list[Task] = []
        try:
            for number, record in _parallel(list(left.values()), jobs, begun):
                del left[number]
                yield number, record
        except TerminatedWorkerError:
            # One of them may be what ends its worker: each is tried by itself.
            for task in begun:
                if task.trial.number in left:
                    yield _alone(task)
                    del left[task.trial.number]


def _alone(task: Task) -> tuple[int, Record]:
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    for _ in range(MOST_DEATHS):
        try:
            # Of one process alone joblib would make none.
            (result,) = _parallel([task], 2, [])
            return result
        except TerminatedWorkerError:
            continue
    raise _deadly(task)


def _deadly(task: Task) -> TrainingError:
    values = ", ".join(f"{name} {value}" for name, value in task.trial.configuration.items())
    return TrainingError(
        f"Trial {task.trial.number} ended its worker again and again, also by itself ({values}); it may take more "
        "memory than there is.\nTake it out of search.space, or take smaller images (search.image_size)."
    )


def _parallel(tasks: Iterable[Task], jobs: int, begun: list[Task]) -> Results:
    def feed() -> Iterator[Any]:
        for task in tasks:
            begun.append(task)
            yield delayed(task)()

    with parallel_config("loky", inner_max_num_threads=1, initializer=die_with_parent):
        yield from Parallel(n_jobs=jobs, batch_size=1, pre_dispatch=jobs, return_as="generator_unordered")(feed())


def _on_cluster(tasks: Sequence[Task], scheduler: str) -> Results:
    """Let a cluster's workers do tasks; its scheduler gives those of a worker that ends to another one."""
    with _connected(scheduler) as client:
        from distributed import KilledWorker

        named = {task.__name__: task for task in tasks}
        backend = {"client": client, "wait_for_workers_timeout": SECONDS_FOR_WORKERS}
        with parallel_config("dask", **backend):
            try:
                yield from Parallel(batch_size=1, pre_dispatch="all", return_as="generator_unordered")(
                    delayed(task)() for task in tasks
                )
            except KilledWorker as error:
                guilty = next(task for name, task in named.items() if f"_{name}_" in str(error.task))
                raise _deadly(guilty) from None
            except TimeoutError:
                raise TrainingError(
                    f"search.scheduler: received {scheduler}; it has had no worker for {SECONDS_FOR_WORKERS} s. "
                    f"Start some with: dask worker {scheduler} --nthreads 1"
                ) from None


def _connected(scheduler: str) -> "Client":
    try:
        from distributed import Client
    except ImportError:
        raise TrainingError("search.scheduler needs Dask: pip install 'dermoscopy[cluster]'") from None
    try:
        client: Client = Client(scheduler, set_as_default=False)  # type: ignore[no-untyped-call]
        return client
    except (OSError, ValueError, TypeError) as error:  # the latter two of an address Dask cannot use
        raise TrainingError(
            f"search.scheduler: received {scheduler}; no Dask scheduler answers there ({error}). "
            "Start one with: dask scheduler"
        ) from None
