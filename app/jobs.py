"""Background work: a job is a row in our own database, so that it commits or vanishes with what asked for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from procrastinate import App, PsycopgConnector, builtin_tasks
from procrastinate.job_context import JobContext
from procrastinate.tasks import Task
from sqlalchemy import text
from sqlalchemy.orm import Session

KEEP_FINISHED_HOURS = 30 * 24
SILENT_SECONDS = 60.0  # a worker that gave no sign of life for so long was killed; its job is taken again
DEFER = text("""
    SELECT (app.procrastinate_defer_jobs_v1(ARRAY[
        ROW(:queue, :task, 0, :lock, :queueing_lock, CAST(:arguments AS jsonb), NULL)::app.procrastinate_job_to_defer_v1
    ]))[1]
""")


def task_modules() -> list[str]:
    """Name every subject's `tasks` module."""
    return sorted(f"app.{path.parent.name}.tasks" for path in Path(__file__).parent.glob("*/tasks.py"))


jobs = App(connector=PsycopgConnector(), import_paths=task_modules())


def defer(session: Session, task: Task[Any, Any, Any], *, lock: str | None = None, **arguments: Any) -> int:
    """
    Ask for a job in the caller's transaction.

    Parameters
    ----------
    session
        Of the role app; the job exists when its transaction commits.
    task
        What to run.
    lock
        Jobs with the same lock run one after the other.
    arguments
        What the task is called with; must be JSON.

    Returns
    -------
    job_id
        Number of the job.
    """
    row = {"queue": task.queue, "task": task.name, "lock": lock or task.lock, "queueing_lock": task.queueing_lock}
    return int(session.scalars(DEFER, {**row, "arguments": json.dumps(arguments)}).one())


@jobs.periodic(cron="17 18 * * *")  # UTC: the small hours in all of Indonesia
@jobs.task(queueing_lock="forget_finished_jobs", pass_context=True)
async def forget_finished_jobs(context: JobContext, timestamp: int) -> None:
    """Remove jobs that ended a month ago, so that the queue stays quick."""
    await builtin_tasks.remove_old_jobs(context, max_hours=KEEP_FINISHED_HOURS, remove_failed=True)


@jobs.periodic(cron="*/5 * * * *")
@jobs.task(queueing_lock="take_up_dropped_jobs", pass_context=True)
async def take_up_dropped_jobs(context: JobContext, timestamp: int) -> None:
    """Queue again what a killed worker was doing; tasks may be run twice without harm."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=SILENT_SECONDS):
        await manager.retry_job(job)
