/** What the HTTP client promises, over real sockets; either runtime can run them. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createHttpClient, type HttpClientOptions } from "../../src/tools/http/http_client.ts";
import { HttpError } from "../../src/tools/http/http_error.ts";
import { type Fault, LoopbackRegistry } from "./loopback_registry.ts";

export interface RuntimeCase {
  name: string;
  run(): Promise<void>;
}

const SIZE = 100_000;
const FILE = "x".repeat(SIZE);

/** A server with one file at /file, and a client that does not wait between attempts. */
async function withServer(
  fn: (
    world: {
      server: LoopbackRegistry;
      url: string;
      get: ReturnType<typeof createHttpClient>["get"];
      waits: number[];
    },
  ) => Promise<void>,
  options: HttpClientOptions = {},
): Promise<void> {
  await using server = await LoopbackRegistry.start();
  server.addFile("/file", FILE);
  const waits: number[] = [];
  const delay = (ms: number) => {
    waits.push(ms);
    return Promise.resolve();
  };
  const { get } = createHttpClient({ delay, random: () => 1, ...options });
  await fn({ server, url: `${server.url}file`, get, waits });
}

async function failure(promise: Promise<unknown>): Promise<HttpError> {
  return await assertRejects(() => promise, HttpError);
}

/** Every fault that is no answer, and the error it ends in. */
const BROKEN: [string, Fault, { kind: HttpError["kind"]; says: string; requests: number; once?: true }][] = [
  ["a hung-up connection", { kind: "hang-up" }, { kind: "broken", says: "broke", requests: 3 }],
  ["silence", { kind: "silence" }, { kind: "stalled", says: "timed out", requests: 2 }],
  ["status 500", { kind: "status", status: 500 }, {
    kind: "status",
    says: "HTTP status 500 (server error)",
    requests: 3,
  }],
  ["status 429", { kind: "status", status: 429 }, {
    kind: "status",
    says: "HTTP status 429 (too many requests)",
    requests: 3,
  }],
  ["a body cut short", { kind: "truncate", at: 5_000 }, { kind: "broken", says: "broke", requests: 3 }],
  ["a slow drip", { kind: "drip", bytes: 1, everyMs: 10 }, {
    kind: "stalled",
    says: "next to nothing",
    requests: 2,
  }],
  ["a redirect loop", { kind: "redirect-loop" }, {
    kind: "redirect",
    says: "in a loop",
    requests: 3,
    once: true,
  }],
  ["ever more redirects", { kind: "redirect-forever" }, {
    kind: "redirect",
    says: "more than 10 times",
    requests: 11,
    once: true,
  }],
  ["an endless body", { kind: "endless" }, {
    kind: "too-large",
    says: "larger than",
    requests: 1,
    once: true,
  }],
];

export const httpCases: RuntimeCase[] = [
  ...BROKEN.map(([what, fault, expected]): RuntimeCase => ({
    name: `get() makes ${what} a clear error after the attempts that make sense`,
    run: () =>
      withServer(async ({ server, url, get }) => {
        server.fault("/file", fault);
        const limit = expected.kind === "stalled" ? { idleTimeoutMs: 150 } : {};
        const error = await failure(
          get(`${url}?token=secret`, { attempts: 3, maxBytes: 1_000_000, ...limit })
            .then((response) => response.text()),
        );
        assertEquals(error.kind, expected.kind);
        assertStringIncludes(error.message, expected.says);
        assertStringIncludes(error.message, url);
        assert(!error.message.includes("secret"));
        const tried = expected.once === undefined ? `(tried ${expected.requests} times)` : "";
        assert(error.message.includes("(tried") === (tried !== "") && error.message.endsWith(tried));
        assert(error.next !== undefined);
        assertEquals(server.count("/file"), expected.requests);
      }),
  })),
  {
    name: "get() tries again and succeeds when a server recovers",
    run: () =>
      withServer(async ({ server, url, get, waits }) => {
        server.fault("/file", { kind: "status", status: 503 }, { times: 2 });
        const response = await get(url);
        assertEquals((await response.text()).length, SIZE);
        assertEquals(server.count("/file"), 3);
        assertEquals(waits, [300, 600]);
      }),
  },
  {
    name: "get() waits as long as Retry-After asks",
    run: () =>
      withServer(async ({ server, url, get, waits }) => {
        server.fault(
          "/file",
          { kind: "status", status: 429, headers: { "retry-after": "7" } },
          { times: 1 },
        );
        assertEquals((await (await get(url)).text()).length, SIZE);
        assertEquals(waits, [7000]);
      }),
  },
  {
    name: "get() does not wait for a server that asks for too much patience",
    run: () =>
      withServer(async ({ server, url, get, waits }) => {
        server.fault("/file", { kind: "status", status: 503, headers: { "retry-after": "3600" } });
        assertEquals((await failure(get(url))).status, 503);
        assertEquals([waits, server.count("/file")], [[], 1]);
      }),
  },
  {
    name: "get() resolves with statuses that trying again does not change",
    run: () =>
      withServer(async ({ server, url, get }) => {
        for (const status of [400, 401, 403, 404, 410, 416]) {
          server.fault("/file", { kind: "status", status }, { times: 1 });
          const response = await get(url);
          assertEquals(response.status, status);
          await response.cancel();
        }
        assertEquals(server.count("/file"), 6);
      }),
  },
  {
    name: "text() asks again when the connection breaks in the middle of the body",
    run: () =>
      withServer(async ({ server, url, get }) => {
        server.fault("/file", { kind: "truncate", at: 70_000 }, { times: 2 });
        assertEquals(await (await get(url)).text(), FILE);
        assertEquals(server.count("/file"), 3);
      }),
  },
  {
    name: "body breaks with an error that has a cause, so that a download can go on where it stopped",
    run: () =>
      withServer(async ({ server, url, get }) => {
        server.fault("/file", { kind: "truncate", at: 70_000 });
        const { body } = await get(url);
        let received = 0;
        const error = await assertRejects(async () => {
          for await (const chunk of body) received += chunk.length;
        }, HttpError);
        assertEquals(error.kind, "broken");
        assert(error.cause !== undefined);
        assert(received <= 70_000);
        assertEquals(server.count("/file"), 1);
      }),
  },
  {
    name: "body is not timed while its reader is busy",
    run: () =>
      withServer(async ({ url, get }) => {
        let received = 0;
        for await (const chunk of (await get(url, { idleTimeoutMs: 500 })).body) {
          if (received === 0) await new Promise((resolve) => setTimeout(resolve, 700));
          received += chunk.length;
        }
        assertEquals(received, SIZE);
      }),
  },
  {
    name: "body that drips fast enough is not a stall",
    run: () =>
      withServer(async ({ server, url, get }) => {
        server.addFile("/file", "y".repeat(24_000));
        server.fault("/file", { kind: "drip", bytes: 2_000, everyMs: 100 });
        assertEquals((await (await get(url, { idleTimeoutMs: 1000, attempts: 1 })).text()).length, 24_000);
      }),
  },
  {
    name: "body refuses at once what states a length beyond the limit",
    run: () =>
      withServer(async ({ url, get }) => {
        const response = await get(url, { maxBytes: SIZE - 1 });
        const chunks: Uint8Array[] = [];
        const error = await assertRejects(async () => {
          for await (const chunk of response.body) chunks.push(chunk);
        }, HttpError);
        assertEquals([error.kind, chunks.length], ["too-large", 0]);
        assertEquals((await (await get(url, { maxBytes: SIZE })).text()).length, SIZE);
      }),
  },
  {
    name: "json() names a web page that answers in a registry's place",
    run: () =>
      withServer(async ({ server, url, get }) => {
        server.fault("/file", { kind: "html" });
        const error = await failure((await get(url)).json());
        assertEquals(error.kind, "not-json");
        assertStringIncludes(error.message, "a web page (HTML) instead of JSON");
        assertStringIncludes(error.next ?? "", "login page");
      }),
  },
  {
    name: "get() follows a redirect, and forgets the credentials at another host",
    run: () =>
      withServer(async ({ server, url, get }) => {
        await using other = await LoopbackRegistry.start();
        other.addFile("/there", "found");
        server.addFile("/same", "same");
        server.fault("/file", { kind: "redirect", to: `${other.url}there` }, { times: 1 });
        const headers = { authorization: "Bearer secret" };
        const away = await get(url, { headers });
        assertEquals([await away.text(), away.url], ["found", `${other.url}there`]);
        assertEquals(server.requests[0]?.headers.authorization, "Bearer secret");
        assertEquals(other.requests[0]?.headers.authorization, undefined);
        server.fault("/file", { kind: "redirect", to: "/same", status: 307 }, { times: 1 });
        assertEquals(await (await get(url, { headers })).text(), "same");
        assertEquals(server.requests.at(-1)?.headers.authorization, "Bearer secret");
      }),
  },
  {
    name: "get() asks for the bytes as they are, or lets the server compress them when told so",
    run: () =>
      withServer(async ({ server, url, get }) => {
        await (await get(url)).text();
        await (await get(url, { compressed: true })).text();
        assertEquals(server.requests.map(({ headers }) => headers["accept-encoding"]), [
          "identity",
          "gzip, br",
        ]);
      }),
  },
  {
    name: "get() gives up with the caller's reason before, while waiting, and between attempts",
    run: () =>
      withServer(async ({ server, url, get }) => {
        const reason = new Error("enough");
        await assertRejects(() => get(url, { signal: AbortSignal.abort(reason) }), Error, "enough");
        assertEquals(server.requests.length, 0);
        server.fault("/file", { kind: "silence" });
        const waiting = new AbortController();
        setTimeout(() => waiting.abort(reason), 30);
        await assertRejects(() => get(url, { signal: waiting.signal }), Error, "enough");
        server.fault("/file", { kind: "status", status: 500 });
        const between = new AbortController();
        const slow = createHttpClient({ onRetry: () => between.abort(reason) });
        await assertRejects(() => slow.get(url, { signal: between.signal }), Error, "enough");
      }),
  },
  {
    name: "body gives up with the caller's reason while it is read",
    run: () =>
      withServer(async ({ server, url, get }) => {
        server.fault("/file", { kind: "drip", bytes: 10, everyMs: 10 });
        const controller = new AbortController();
        const response = await get(url, { signal: controller.signal });
        setTimeout(() => controller.abort(new Error("enough")), 30);
        await assertRejects(() => response.text(), Error, "enough");
      }),
  },
  {
    name: "cancel() closes the connection, before and while the body is read",
    run: () =>
      withServer(async ({ server, url, get }) => {
        server.fault("/file", { kind: "endless" });
        const unread = await get(url);
        await unread.cancel();
        for await (const _chunk of (await get(url)).body) break;
      }),
  },
  {
    name: "get() names a port where nobody listens",
    run: () =>
      withServer(async ({ server, url, get }) => {
        await server.close();
        const error = await failure(get(url));
        assertEquals(error.kind, "refused");
        assertStringIncludes(error.message, "the connection was refused (tried 4 times)");
      }),
  },
  {
    name: "get() names a server that does not speak TLS, and does not try again",
    run: () =>
      withServer(async ({ url, get }) => {
        const error = await failure(get(url.replace("http:", "https:")));
        assertEquals(error.kind, "tls");
        assert(!error.message.includes("tried"));
      }),
  },
  {
    name: "get() resumes with Range and If-Range",
    run: () =>
      withServer(async ({ server, url, get }) => {
        const whole = await get(url);
        const etag = whole.headers.get("etag") ?? "";
        await whole.cancel();
        const rest = await get(url, { headers: { range: "bytes=99990-", "if-range": etag } });
        assertEquals([rest.status, await rest.text()], [206, "x".repeat(10)]);
        const changed = await get(url, { headers: { range: "bytes=99990-", "if-range": '"other"' } });
        assertEquals([changed.status, (await changed.text()).length], [200, SIZE]);
        server.settings.ranges = false;
        const ignored = await get(url, { headers: { range: "bytes=99990-" } });
        assertEquals([ignored.status, (await ignored.text()).length], [200, SIZE]);
      }),
  },
];
