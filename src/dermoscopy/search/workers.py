"""Run trials in several processes of this machine, or on a Dask cluster."""

import os
import signal
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from joblib import Parallel, delayed, parallel_config

from dermoscopy.core.errors import TrainingError
from dermoscopy.core.interrupt import no_interrupts
from dermoscopy.core.stage import die_with_parent
from dermoscopy.search.trial import Record, Task

if TYPE_CHECKING:
    from distributed import Client

Results = Iterator[tuple[int, Record]]

MAX_ATTEMPTS = 2  # of a trial that runs by itself and whose process is killed
SECONDS_FOR_WORKERS = 60


def run_tasks(tasks: Sequence[Task], jobs: int, scheduler: str | None) -> Results:
    """Run tasks and yield the number and the record of each trial as it ends.

    Args:
        tasks: Independent tasks.
        jobs: Number of processes on this machine; 1 runs the tasks in this process.
        scheduler: Address of a Dask scheduler whose workers run the tasks instead, or None.

    Raises:
        TrainingError: A trial cannot be trained or kills its worker repeatedly, or there are no workers.
    """
    if scheduler:
        return _on_cluster(tasks, scheduler)
    return (task() for task in tasks) if jobs == 1 else _in_processes(tasks, jobs)


def _in_processes(tasks: Sequence[Task], jobs: int) -> Results:
    """Run tasks in local processes.

    If a process is killed, joblib ends the others too. The tasks that had started then run again.
    """
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    remaining = {task.trial.number: task for task in tasks}
    while remaining:
        started: list[Task] = []
        try:
            for number, record in _parallel(list(remaining.values()), jobs, started):
                del remaining[number]
                yield number, record
        except TerminatedWorkerError:
            # One of the started tasks may kill its worker: run each of them by itself.
            for task in started:
                if task.trial.number in remaining:
                    yield _run_single(task)
                    del remaining[task.trial.number]


def _run_single(task: Task) -> tuple[int, Record]:
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    for _ in range(MAX_ATTEMPTS):
        try:
            # With n_jobs=1, joblib would run the task in this process.
            (result,) = _parallel([task], 2, [])
            return result
        except TerminatedWorkerError:
            continue
    raise _worker_killed(task)


def _worker_killed(task: Task) -> TrainingError:
    values = ", ".join(f"{name} {value}" for name, value in task.trial.configuration.items())
    return TrainingError(
        f"Trial {task.trial.number} killed its worker repeatedly, also when it ran by itself ({values}). It may need "
        "more memory than there is.\nRemove such values from search.space, or decrease search.image_size."
    )


def _parallel(tasks: Iterable[Task], jobs: int, started: list[Task]) -> Results:
    def feed() -> Iterator[Any]:
        for task in tasks:
            started.append(task)
            yield delayed(task)()

    end_with_stage = {"initializer": die_with_parent, "initargs": (signal.SIGKILL, os.getpid())}
    with parallel_config("loky", inner_max_num_threads=1, **end_with_stage):
        with no_interrupts():
            results = Parallel(n_jobs=jobs, batch_size=1, pre_dispatch=jobs, return_as="generator_unordered")(feed())
        yield from results


def _on_cluster(tasks: Sequence[Task], scheduler: str) -> Results:
    """Run tasks on the workers of a cluster; if a worker dies, the scheduler gives its tasks to another one."""
    with _connected(scheduler) as client:
        from distributed import KilledWorker

        by_name = {task.__name__: task for task in tasks}
        backend = {"client": client, "wait_for_workers_timeout": SECONDS_FOR_WORKERS}
        with parallel_config("dask", **backend):
            try:
                yield from Parallel(batch_size=1, pre_dispatch="all", return_as="generator_unordered")(
                    delayed(task)() for task in tasks
                )
            except KilledWorker as error:
                killer = next(task for name, task in by_name.items() if f"_{name}_" in str(error.task))
                raise _worker_killed(killer) from None
            except TimeoutError:
                raise TrainingError(
                    f"search.scheduler: received {scheduler}; it has had no worker for {SECONDS_FOR_WORKERS} s. "
                    "Start workers as docs/how-to/search.md describes."
                ) from None


def _connected(scheduler: str) -> "Client":
    try:
        from distributed import Client
    except ImportError:
        raise TrainingError("search.scheduler needs Dask: pip install 'dermoscopy[cluster]'") from None
    try:
        client: Client = Client(scheduler, set_as_default=False)  # type: ignore[no-untyped-call]
        return client
    except (OSError, ValueError, TypeError) as error:  # ValueError and TypeError: addresses that Dask cannot use
        raise TrainingError(
            f"search.scheduler: received {scheduler}; no Dask scheduler responds at this address ({error}). "
            "Start one as docs/how-to/search.md describes."
        ) from None
