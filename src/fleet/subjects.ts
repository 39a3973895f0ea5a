/**
 * The names of a fleet on NATS. Host, fleet and sender are one token each, checked where they come in, so
 * that the server can enforce who may use which subject.
 */
export interface FleetAddress {
  fleet: string;
  host: string;
}

/** A method as a subject can carry it. */
const METHOD = /^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$/;
const SESSION = /^[0-9a-f]{32}$/;
/** Stands where a request has its method: what keeps a session going. */
export const UPKEEP = "-";

export function isMethodName(text: string): boolean {
  return text.length <= 100 && METHOD.test(text);
}

/** What the sender of this key asks this host. */
export function requestSubject({ fleet, host }: FleetAddress, sender: string, method: string): string {
  return `haft.${fleet}.${host}.req.${sender}.${method}`;
}

/** All that is asked of a host. */
export function requestsTo({ fleet, host }: FleetAddress): string {
  return `haft.${fleet}.${host}.req.>`;
}

/** Sender and method of a subject below {@link requestsTo}. */
export function requestParts(subject: string): { sender: string; method: string } | undefined {
  const [, , , , sender, ...method] = subject.split(".");
  if (sender === undefined || method.length === 0) return undefined;
  return { sender, method: method.join(".") };
}

/** Where a host answers one session of a sender: the server lets this host alone publish there. */
export function replySubject({ fleet, host }: FleetAddress, sender: string, session: string): string {
  return `haft.${fleet}.reply.${sender}.${host}.${session}`;
}

/** The session that a reply subject belongs to; undefined when it is not one of this host for this sender. */
export function replySession(
  reply: string | undefined,
  to: FleetAddress,
  sender: string,
): string | undefined {
  const session = reply?.slice(reply.lastIndexOf(".") + 1) ?? "";
  return SESSION.test(session) && reply === replySubject(to, sender, session) ? session : undefined;
}

/** The bucket of which key is which host's. The fleet's administrator alone writes it. */
export function membersBucket(fleet: string): string {
  return `haft-${fleet}-members`;
}

/** The bucket of who is there. */
export function hostsBucket(fleet: string): string {
  return `haft-${fleet}-hosts`;
}

/** Before the inboxes of one sender, which others cannot read. */
export function inboxPrefix(sender: string): string {
  return `_INBOX.${sender}`;
}

/** One event of a host, by its type. The server lets this host alone publish there. */
export function eventSubject({ fleet, host }: FleetAddress, type: string): string {
  return `haft.${fleet}.${host}.event.${type}`;
}

/** All events of one host; `*` stands for every host. */
export function eventsOf(address: FleetAddress): string {
  return eventSubject(address, ">");
}

/** Host and type of a subject below {@link eventsOf}. */
export function eventParts(subject: string): { host: string; type: string } {
  const [, , host = "", , ...type] = subject.split(".");
  return { host, type: type.join(".") };
}

/** The stream that keeps all hosts' events. */
export function eventsStream(fleet: string): string {
  return `haft-${fleet}-events`;
}

/** Before the name of one host's pool. */
const OWN_POOL = "host-";

/** The pool of one host alone. */
export function hostPool(host: string): string {
  return `${OWN_POOL}${host}`;
}

/** The host that alone may take from a pool; undefined for a pool of several. */
export function poolOwner(pool: string): string | undefined {
  return pool.startsWith(OWN_POOL) ? pool.slice(OWN_POOL.length) : undefined;
}

/** The queue of tasks for whichever host of a pool is free; the stream forgets what is acknowledged. */
export function tasksStream(fleet: string): string {
  return `haft-${fleet}-tasks`;
}

/** The queue of tasks for one host each. The server lets a host take its own alone. */
export function directStream(fleet: string): string {
  return `haft-${fleet}-direct`;
}

/** The stream that has a pool's tasks. */
export function poolStream(fleet: string, pool: string): string {
  return poolOwner(pool) === undefined ? tasksStream(fleet) : directStream(fleet);
}

/** One task in the queue of a pool. The server lets its sender alone publish there. */
export function taskSubject(fleet: string, { pool, sender, id }: TaskPlace): string {
  const host = poolOwner(pool);
  return host === undefined
    ? `haft-queue.${fleet}.${pool}.${sender}.${id}`
    : `haft-direct.${fleet}.${host}.${sender}.${id}`;
}

export interface TaskPlace {
  /** Which hosts may take it. */
  pool: string;
  /** The sender's key. */
  sender: string;
  id: string;
}

/** What {@link taskSubject} was made from. */
export function taskPlace(subject: string): TaskPlace {
  const [queue = "", , place = "", sender = "", id = ""] = subject.split(".");
  return { pool: queue === "haft-direct" ? hostPool(place) : place, sender, id };
}

/** What became of tasks in queues: the stream keeps it for days. */
export function jobsStream(fleet: string): string {
  return `haft-${fleet}-jobs`;
}

/** One step of a task, said by a host; the server lets this host alone publish there. */
export function jobSubject({ fleet, host }: FleetAddress, id: string, step: string): string {
  return `haft-job.${fleet}.${host}.${id}.${step}`;
}

/** Host and step of {@link jobSubject}. */
export function jobParts(subject: string): { host: string; step: string } {
  const [, , host = "", , step = ""] = subject.split(".");
  return { host, step };
}

/** The bucket of artifacts that hosts have fetched for each other. */
export function mirrorBucket(fleet: string): string {
  return `haft-${fleet}-mirror`;
}

/** The bucket of who is fetching which artifact. */
export function claimsBucket(fleet: string): string {
  return `haft-${fleet}-claims`;
}

/** The bucket of what tasks of the queue have made. */
export function outputsBucket(fleet: string): string {
  return `haft-${fleet}-outputs`;
}

/** The stream behind a bucket of objects, as NATS names it. */
export function objectStream(bucket: string): string {
  return `OBJ_${bucket}`;
}

/** What is published to put an object into a bucket. */
export function objectSubjects(bucket: string): string[] {
  return [`$O.${bucket}.C.*`, `$O.${bucket}.M.*`];
}

/** The bytes of one object. */
export function objectBytes(bucket: string, nuid: string): string {
  return `$O.${bucket}.C.${nuid}`;
}

/** What is said of apps over hosts: the stream keeps the last of each subject. */
export function appsStream(fleet: string): string {
  return `haft-${fleet}-apps`;
}

export interface AppPlace {
  /** A sender's key for `spec`, else a host. The server lets it alone publish there. */
  who: string;
  /** `spec`, `place`, `lead`, `lease` or `seen`. */
  kind: string;
  id: string;
}

export function appSubject(fleet: string, { who, kind, id }: AppPlace): string {
  return `haft-app.${fleet}.${who}.${kind}.${id}`;
}

/** What {@link appSubject} was made from. */
export function appPlace(subject: string): AppPlace {
  const [, , who = "", kind = "", id = ""] = subject.split(".");
  return { who, kind, id };
}
