import type { Member } from "../members.ts";
import {
  appsStream,
  appSubject,
  claimsBucket,
  directStream,
  eventsOf,
  eventsStream,
  hostPool,
  hostsBucket,
  inboxPrefix,
  jobsStream,
  jobSubject,
  membersBucket,
  mirrorBucket,
  objectStream,
  objectSubjects,
  outputsBucket,
  replySubject,
  requestsTo,
  tasksStream,
  taskSubject,
} from "../subjects.ts";

export interface Permissions {
  publish: { allow: string[] };
  subscribe: { allow: string[] };
}

/**
 * What the server lets one host do: it asks, answers and announces itself in its own name alone, and hears
 * what is meant for it.
 */
export function permissionsOf({ host, publicKey }: Member, fleet: string): Permissions {
  const bucket = hostsBucket(fleet);
  const stream = `KV_${bucket}`;
  return {
    publish: {
      allow: [
        `haft.${fleet}.*.req.${publicKey}.>`,
        replySubject({ fleet, host }, "*", "*"),
        `$KV.${bucket}.${host}`,
        eventsOf({ fleet, host }),
        ...readingOf(stream),
        ...readingOf(eventsStream(fleet)),
        taskSubject(fleet, { pool: "*", sender: publicKey, id: "*" }),
        jobSubject({ fleet, host }, "*", "*"),
        ...readingOf(jobsStream(fleet)),
        taskSubject(fleet, { pool: hostPool("*"), sender: publicKey, id: "*" }),
        ...workingOn(tasksStream(fleet)),
        ...workingOnOwn(host, fleet),
        ...readingOf(`KV_${membersBucket(fleet)}`),
        `$KV.${claimsBucket(fleet)}.*`,
        ...readingOf(`KV_${claimsBucket(fleet)}`),
        ...[mirrorBucket(fleet), outputsBucket(fleet)].flatMap((objects) => [
          ...objectSubjects(objects),
          ...readingOf(objectStream(objects)),
        ]),
        // What it wants, by its key; what it says as a host, by its name.
        appSubject(fleet, { who: publicKey, kind: "spec", id: "*" }),
        appSubject(fleet, { who: host, kind: "*", id: "*" }),
        ...readingOf(appsStream(fleet)),
      ],
    },
    subscribe: {
      allow: [
        requestsTo({ fleet, host }),
        jobSubject({ fleet, host: "*" }, "*", "cancel"),
        `haft.${fleet}.reply.${publicKey}.>`,
        `${inboxPrefix(publicKey)}.>`,
      ],
    },
  };
}

/**
 * The questions to JetStream that reading a stream or a bucket takes. Not among them is DIRECT.GET: the
 * server would publish what it has to a subject of the asker's choice, as if that subject's owner had written
 * it.
 */
function readingOf(stream: string): string[] {
  return [
    `$JS.API.STREAM.INFO.${stream}`,
    `$JS.API.STREAM.MSG.GET.${stream}`,
    `$JS.API.CONSUMER.CREATE.${stream}`,
    `$JS.API.CONSUMER.CREATE.${stream}.>`,
    `$JS.API.CONSUMER.INFO.${stream}.>`,
    `$JS.API.CONSUMER.MSG.NEXT.${stream}.>`,
    `$JS.API.CONSUMER.DELETE.${stream}.>`,
    `$JS.FC.${stream}.>`,
  ];
}

/** What taking messages from a queue takes. Consumers stay: another host's is not to be removed. */
function workingOn(stream: string): string[] {
  return [
    `$JS.API.STREAM.INFO.${stream}`,
    `$JS.API.CONSUMER.CREATE.${stream}.>`,
    `$JS.API.CONSUMER.INFO.${stream}.>`,
    `$JS.API.CONSUMER.MSG.NEXT.${stream}.>`,
    `$JS.ACK.${stream}.>`,
  ];
}

/** What taking a host's own tasks takes, which no other host may take. */
function workingOnOwn(host: string, fleet: string): string[] {
  const stream = directStream(fleet);
  const pool = hostPool(host);
  return [
    `$JS.API.STREAM.INFO.${stream}`,
    `$JS.API.CONSUMER.CREATE.${stream}.${pool}.${taskSubject(fleet, { pool, sender: "*", id: "*" })}`,
    `$JS.API.CONSUMER.INFO.${stream}.${pool}`,
    `$JS.API.CONSUMER.MSG.NEXT.${stream}.${pool}`,
    `$JS.ACK.${stream}.${pool}.>`,
  ];
}
