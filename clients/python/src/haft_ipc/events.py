"""The data of the daemon's events, for type checkers: one TypedDict an event.

    for item in haft.subscribe("task.*"):
        done = data_of(item, "task.completed")
        if done is not None:
            print(done["exit_code"])

``deno task docs`` generates this file from src/protocol/events.ts. Change the table there.
"""

from typing import List, Optional, Union, cast, overload

from ._typing import Literal, TypedDict
from .json_types import Json
from .stream import Event, StreamItem

#: The names of the daemon's own events.
EventName = Literal[
    "daemon.started",
    "daemon.reloaded",
    "daemon.stopping",
    "client.connected",
    "client.disconnected",
    "runtime.installed",
    "runtime.removed",
    "config.changed",
    "install.sync_started",
    "install.skipped",
    "install.present",
    "install.resolving",
    "install.queued",
    "install.started",
    "install.progress",
    "install.completed",
    "install.failed",
    "install.cancelled",
    "install.lock_written",
    "install.sync_finished",
    "app.status_change",
    "app.process_started",
    "app.process_exited",
    "app.process_crashed",
    "app.process_restarting",
    "app.log_line",
    "app.log_skipped",
    "app.health_check_failed",
    "app.resource_limit_exceeded",
    "app.processes_left",
    "backend.started",
    "backend.ready",
    "backend.event",
    "backend.stopped",
    "backend.crashed",
    "backend.restarting",
    "task.created",
    "task.queued",
    "task.started",
    "task.message",
    "task.retrying",
    "task.idle",
    "task.completed",
    "task.aborted",
    "task.resumable",
    "task.closed",
]


class DaemonStartedData(TypedDict):
    """``daemon.started``: The daemon answers."""

    pid: float
    version: str


class DaemonReloadedData(TypedDict):
    """``daemon.reloaded``: The user's settings were read again."""

    path: str


class DaemonStoppingData(TypedDict):
    """``daemon.stopping``: The daemon takes no new requests; connections are closed when those in flight have ended."""

    reason: str


class _ClientConnectedData(TypedDict):
    client_id: str
    name: str
    dialect: Optional[str]


class ClientConnectedData(_ClientConnectedData, total=False):
    """``client.connected``: A client has introduced itself; `dialect` names the wire that it speaks, null for the native one."""

    pid: float


class _ClientDisconnectedData(TypedDict):
    client_id: str
    name: str
    dialect: Optional[str]


class ClientDisconnectedData(_ClientDisconnectedData, total=False):
    """``client.disconnected``: The connection of a client that had introduced itself ended."""

    pid: float


class RuntimeInstalledData(TypedDict):
    """``runtime.installed``: A version of a tool is new in the store; the subject is the tool."""

    runtime: str
    version: str
    path: str


class RuntimeRemovedData(TypedDict):
    """``runtime.removed``: A version of a tool is no longer in the store; the subject is the tool."""

    runtime: str
    version: str
    path: str


class ConfigChangedData(TypedDict):
    """``config.changed``: A file that decides what runs in a project was changed, made or removed; of projects that clients have asked about by `runtime.*`."""

    path: str


class InstallSyncStartedToolsItem(TypedDict):
    tool: str
    request: str


class InstallSyncStartedData(TypedDict):
    """``install.sync_started``: A sync or an install has begun."""

    root: str
    tools: List[InstallSyncStartedToolsItem]
    jobs: float


class InstallSkippedData(TypedDict):
    """``install.skipped``: The tool is for another system."""

    tool: str
    reason: str


class InstallPresentData(TypedDict):
    """``install.present``: The store has the tool already."""

    tool: str
    version: str
    path: str


class InstallResolvingData(TypedDict):
    """``install.resolving``: The tool's source is asked for the version."""

    tool: str
    request: str


class InstallQueuedData(TypedDict):
    """``install.queued``: The tool waits for its turn."""

    tool: str
    version: str


class InstallStartedData(TypedDict):
    """``install.started``: A child process installs the tool."""

    tool: str
    version: str
    pid: float


class InstallProgressProgressStarted(TypedDict):
    state: Literal["started"]
    tool: str
    version: str


class InstallProgressProgressDownloading(TypedDict):
    state: Literal["downloading"]
    tool: str
    percent: Optional[float]
    bytes_downloaded: float
    total_bytes: Optional[float]


class InstallProgressProgressExtracting(TypedDict):
    state: Literal["extracting"]
    tool: str
    percent: Optional[float]


class InstallProgressProgressPostInstall(TypedDict):
    state: Literal["post_install"]
    tool: str
    message: str


class InstallProgressProgressCompleted(TypedDict):
    state: Literal["completed"]
    tool: str
    version: str
    install_path: str
    already_installed: bool
    dependencies_lock: Optional[str]


class InstallProgressProgressFailed(TypedDict):
    state: Literal["failed"]
    tool: str
    error: str
    next: Optional[str]


class InstallProgressData(TypedDict):
    """``install.progress``: How far the install is; at most 20 a second for each tool, the last of a phase never left out."""

    tool: str
    version: str
    progress: Union[InstallProgressProgressStarted, InstallProgressProgressDownloading, InstallProgressProgressExtracting, InstallProgressProgressPostInstall, InstallProgressProgressCompleted, InstallProgressProgressFailed]


class InstallCompletedData(TypedDict):
    """``install.completed``: The tool is installed."""

    tool: str
    version: str
    path: str
    bytes: float
    duration_ms: float
    already_installed: bool


class InstallFailedData(TypedDict):
    """``install.failed``: The tool could not be installed."""

    tool: str
    version: Optional[str]
    error: str
    next: Optional[str]


class InstallCancelledData(TypedDict):
    """``install.cancelled``: The tool's install was not tried, or stopped."""

    tool: str
    version: Optional[str]


class InstallLockWrittenData(TypedDict):
    """``install.lock_written``: haft.lock was changed."""

    path: str


class InstallSyncFinishedData(TypedDict):
    """``install.sync_finished``: The sync or the install is over."""

    ok: bool
    installed: float
    present: float
    needed: float
    skipped: float
    failed: float
    cancelled: float
    bytes: float
    duration_ms: float
    store: str


class AppStatusChangeData(TypedDict):
    """``app.status_change``: An app's state changed; `removed` is its last."""

    app: str
    root: str
    instance: float
    state: Literal["stopped", "starting", "running", "healthy", "unhealthy", "stopping", "crashed", "backoff", "exhausted", "removed"]
    previous: Optional[Literal["stopped", "starting", "running", "healthy", "unhealthy", "stopping", "crashed", "backoff", "exhausted"]]
    reason: Optional[str]


class AppProcessStartedData(TypedDict):
    """``app.process_started``: A process of an app runs; `adopted` when an earlier daemon started it."""

    app: str
    root: str
    instance: float
    pid: float
    adopted: bool
    changed: List[str]


class AppProcessExitedData(TypedDict):
    """``app.process_exited``: An app's process ended; both are null when it is unknown how."""

    app: str
    root: str
    instance: float
    pid: float
    exit_code: Optional[float]
    signal: Optional[str]


class AppProcessCrashedData(TypedDict):
    """``app.process_crashed``: An app's process failed, or could not be started."""

    app: str
    root: str
    instance: float
    reason: str


class AppProcessRestartingData(TypedDict):
    """``app.process_restarting``: An app is started again after a pause."""

    app: str
    root: str
    instance: float
    attempt: float
    delay_ms: float
    reason: str


class AppLogLineData(TypedDict):
    """``app.log_line``: An app wrote a line; `partial` when it goes on in the next event."""

    app: str
    root: str
    instance: float
    stream: Literal["stdout", "stderr"]
    line: str
    time: float
    partial: bool


class AppLogSkippedData(TypedDict):
    """``app.log_skipped``: An app writes faster than lines can be published: these bytes are in its log files alone."""

    app: str
    root: str
    instance: float
    stream: Literal["stdout", "stderr"]
    bytes: float


class AppHealthCheckFailedData(TypedDict):
    """``app.health_check_failed``: A health check failed; after `retries` in a row the app is unhealthy."""

    app: str
    root: str
    instance: float
    reason: str
    failures: float
    retries: float


class AppResourceLimitExceededData(TypedDict):
    """``app.resource_limit_exceeded``: An app's processes use more than their limit; above `memory` they restart, if the app asks for it."""

    app: str
    root: str
    instance: float
    resource: Literal["memory", "cpu"]
    limit: float
    current: float
    action: Literal["restart", "report"]


class AppProcessesLeftData(TypedDict):
    """``app.processes_left``: Processes that had left an app's group were stopped together with it."""

    app: str
    root: str
    instance: float
    pids: List[float]


class BackendStartedData(TypedDict):
    """``backend.started``: A backend's process runs."""

    backend: str
    root: str
    pid: float


class BackendReadyData(TypedDict):
    """``backend.ready``: A backend answers requests."""

    backend: str
    root: str
    pid: float
    handlers: List[str]


class BackendEventData(TypedDict):
    """``backend.event``: A backend sent an event."""

    backend: str
    root: str
    event: str
    data: Json


class BackendStoppedData(TypedDict):
    """``backend.stopped``: A backend's process ended: on request, or with exit code 0."""

    backend: str
    root: str
    exit_code: Optional[float]
    signal: Optional[str]


class BackendCrashedData(TypedDict):
    """``backend.crashed``: A backend failed: its process, its heartbeat, or its protocol."""

    backend: str
    root: str
    reason: str


class BackendRestartingData(TypedDict):
    """``backend.restarting``: A backend is started again after a pause."""

    backend: str
    root: str
    attempt: float
    delay_ms: float


class _TaskCreatedData(TypedDict):
    id: str
    name: Optional[str]
    root: str


class TaskCreatedData(_TaskCreatedData, total=False):
    """``task.created``: A client asked for a task."""

    relay_client_id: str


class _TaskQueuedData(TypedDict):
    id: str
    name: Optional[str]
    root: str
    attempt: float


class TaskQueuedData(_TaskQueuedData, total=False):
    """``task.queued``: A task waits for its turn."""

    relay_client_id: str


class _TaskStartedData(TypedDict):
    id: str
    name: Optional[str]
    root: str
    attempt: float
    pid: Optional[float]
    adopted: bool


class TaskStartedData(_TaskStartedData, total=False):
    """``task.started``: A task runs; `adopted` when an earlier daemon started it."""

    relay_client_id: str


TaskMessageMessage = TypedDict(
    "TaskMessageMessage",
    {
        "seq": float,
        "time": float,
        "from": Literal["task", "user"],
        "data": Json,
    },
)


class _TaskMessageData(TypedDict):
    id: str
    name: Optional[str]
    root: str
    action: Literal["created", "updated"]
    message: TaskMessageMessage


class TaskMessageData(_TaskMessageData, total=False):
    """``task.message``: A task sent a message, or got one."""

    relay_client_id: str


class _TaskRetryingData(TypedDict):
    id: str
    name: Optional[str]
    root: str
    attempt: float
    delay_ms: float


class TaskRetryingData(_TaskRetryingData, total=False):
    """``task.retrying``: A task failed and is tried again after a pause."""

    relay_client_id: str


class _TaskIdleData(TypedDict):
    id: str
    name: Optional[str]
    root: str


class TaskIdleData(_TaskIdleData, total=False):
    """``task.idle``: A task waits for a message."""

    relay_client_id: str


class _TaskCompletedData(TypedDict):
    id: str
    name: Optional[str]
    root: str
    exit_code: Optional[float]
    result: Json
    usage: Json
    skipped: bool
    skip_reason: Optional[Literal["unchanged", "if", "status"]]


class TaskCompletedData(_TaskCompletedData, total=False):
    """``task.completed``: A task succeeded, or had nothing to do (`skipped`)."""

    relay_client_id: str


class _TaskAbortedData(TypedDict):
    id: str
    name: Optional[str]
    root: str
    reason: Literal["failed", "cancelled", "timed_out", "lost"]
    error: Optional[str]
    exit_code: Optional[float]


class TaskAbortedData(_TaskAbortedData, total=False):
    """``task.aborted``: A task failed, was cancelled, timed out or was lost."""

    relay_client_id: str


class _TaskResumableData(TypedDict):
    id: str
    name: Optional[str]
    root: str


class TaskResumableData(_TaskResumableData, total=False):
    """``task.resumable``: A finished task can be resumed."""

    relay_client_id: str


class _TaskClosedData(TypedDict):
    id: str
    name: Optional[str]
    root: str


class TaskClosedData(_TaskClosedData, total=False):
    """``task.closed``: A task is forgotten."""

    relay_client_id: str


@overload
def data_of(item: StreamItem, event: Literal["daemon.started"]) -> Optional[DaemonStartedData]: ...


@overload
def data_of(item: StreamItem, event: Literal["daemon.reloaded"]) -> Optional[DaemonReloadedData]: ...


@overload
def data_of(item: StreamItem, event: Literal["daemon.stopping"]) -> Optional[DaemonStoppingData]: ...


@overload
def data_of(item: StreamItem, event: Literal["client.connected"]) -> Optional[ClientConnectedData]: ...


@overload
def data_of(item: StreamItem, event: Literal["client.disconnected"]) -> Optional[ClientDisconnectedData]: ...


@overload
def data_of(item: StreamItem, event: Literal["runtime.installed"]) -> Optional[RuntimeInstalledData]: ...


@overload
def data_of(item: StreamItem, event: Literal["runtime.removed"]) -> Optional[RuntimeRemovedData]: ...


@overload
def data_of(item: StreamItem, event: Literal["config.changed"]) -> Optional[ConfigChangedData]: ...


@overload
def data_of(item: StreamItem, event: Literal["install.sync_started"]) -> Optional[InstallSyncStartedData]: ...


@overload
def data_of(item: StreamItem, event: Literal["install.skipped"]) -> Optional[InstallSkippedData]: ...


@overload
def data_of(item: StreamItem, event: Literal["install.present"]) -> Optional[InstallPresentData]: ...


@overload
def data_of(item: StreamItem, event: Literal["install.resolving"]) -> Optional[InstallResolvingData]: ...


@overload
def data_of(item: StreamItem, event: Literal["install.queued"]) -> Optional[InstallQueuedData]: ...


@overload
def data_of(item: StreamItem, event: Literal["install.started"]) -> Optional[InstallStartedData]: ...


@overload
def data_of(item: StreamItem, event: Literal["install.progress"]) -> Optional[InstallProgressData]: ...


@overload
def data_of(item: StreamItem, event: Literal["install.completed"]) -> Optional[InstallCompletedData]: ...


@overload
def data_of(item: StreamItem, event: Literal["install.failed"]) -> Optional[InstallFailedData]: ...


@overload
def data_of(item: StreamItem, event: Literal["install.cancelled"]) -> Optional[InstallCancelledData]: ...


@overload
def data_of(item: StreamItem, event: Literal["install.lock_written"]) -> Optional[InstallLockWrittenData]: ...


@overload
def data_of(item: StreamItem, event: Literal["install.sync_finished"]) -> Optional[InstallSyncFinishedData]: ...


@overload
def data_of(item: StreamItem, event: Literal["app.status_change"]) -> Optional[AppStatusChangeData]: ...


@overload
def data_of(item: StreamItem, event: Literal["app.process_started"]) -> Optional[AppProcessStartedData]: ...


@overload
def data_of(item: StreamItem, event: Literal["app.process_exited"]) -> Optional[AppProcessExitedData]: ...


@overload
def data_of(item: StreamItem, event: Literal["app.process_crashed"]) -> Optional[AppProcessCrashedData]: ...


@overload
def data_of(item: StreamItem, event: Literal["app.process_restarting"]) -> Optional[AppProcessRestartingData]: ...


@overload
def data_of(item: StreamItem, event: Literal["app.log_line"]) -> Optional[AppLogLineData]: ...


@overload
def data_of(item: StreamItem, event: Literal["app.log_skipped"]) -> Optional[AppLogSkippedData]: ...


@overload
def data_of(item: StreamItem, event: Literal["app.health_check_failed"]) -> Optional[AppHealthCheckFailedData]: ...


@overload
def data_of(item: StreamItem, event: Literal["app.resource_limit_exceeded"]) -> Optional[AppResourceLimitExceededData]: ...


@overload
def data_of(item: StreamItem, event: Literal["app.processes_left"]) -> Optional[AppProcessesLeftData]: ...


@overload
def data_of(item: StreamItem, event: Literal["backend.started"]) -> Optional[BackendStartedData]: ...


@overload
def data_of(item: StreamItem, event: Literal["backend.ready"]) -> Optional[BackendReadyData]: ...


@overload
def data_of(item: StreamItem, event: Literal["backend.event"]) -> Optional[BackendEventData]: ...


@overload
def data_of(item: StreamItem, event: Literal["backend.stopped"]) -> Optional[BackendStoppedData]: ...


@overload
def data_of(item: StreamItem, event: Literal["backend.crashed"]) -> Optional[BackendCrashedData]: ...


@overload
def data_of(item: StreamItem, event: Literal["backend.restarting"]) -> Optional[BackendRestartingData]: ...


@overload
def data_of(item: StreamItem, event: Literal["task.created"]) -> Optional[TaskCreatedData]: ...


@overload
def data_of(item: StreamItem, event: Literal["task.queued"]) -> Optional[TaskQueuedData]: ...


@overload
def data_of(item: StreamItem, event: Literal["task.started"]) -> Optional[TaskStartedData]: ...


@overload
def data_of(item: StreamItem, event: Literal["task.message"]) -> Optional[TaskMessageData]: ...


@overload
def data_of(item: StreamItem, event: Literal["task.retrying"]) -> Optional[TaskRetryingData]: ...


@overload
def data_of(item: StreamItem, event: Literal["task.idle"]) -> Optional[TaskIdleData]: ...


@overload
def data_of(item: StreamItem, event: Literal["task.completed"]) -> Optional[TaskCompletedData]: ...


@overload
def data_of(item: StreamItem, event: Literal["task.aborted"]) -> Optional[TaskAbortedData]: ...


@overload
def data_of(item: StreamItem, event: Literal["task.resumable"]) -> Optional[TaskResumableData]: ...


@overload
def data_of(item: StreamItem, event: Literal["task.closed"]) -> Optional[TaskClosedData]: ...


def data_of(item: StreamItem, event: str) -> object:
    """The item's data, with its type, when the item is that event; else None."""
    return cast(object, item.data) if isinstance(item, Event) and item.event == event else None
