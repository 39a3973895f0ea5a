import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  backoffMs,
  createHttpClient,
  type HttpClientOptions,
  isRetriableStatus,
  retryAfterMs,
} from "../../../../src/tools/http/http_client.ts";
import { HttpError } from "../../../../src/tools/http/http_error.ts";

interface Sent {
  url: string;
  headers: Record<string, string>;
  redirect: string | undefined;
}

/** A fetch that answers from a table, address → status and headers, and remembers what it was asked. */
function fakeFetch(answers: Record<string, { status?: number; headers?: Record<string, string> }> = {}) {
  const sent: Sent[] = [];
  const fetch: NonNullable<HttpClientOptions["fetch"]> = (url, init) => {
    sent.push({ url, headers: Object.fromEntries(new Headers(init.headers)), redirect: init.redirect });
    const { status = 200, headers = {} } = answers[url] ?? {};
    return Promise.resolve(new Response("body", { status, headers }));
  };
  return { sent, fetch };
}

const SECRET = { headers: { authorization: "Bearer secret" } };

async function failure(promise: Promise<unknown>): Promise<HttpError> {
  return await assertRejects(() => promise, HttpError);
}

Deno.test("get() refuses to be redirected from https to http", async () => {
  const { sent, fetch } = fakeFetch({
    "https://a.example/": { status: 302, headers: { location: "http://a.example/?token=secret" } },
  });
  const error = await failure(createHttpClient({ fetch }).get("https://a.example/"));
  assertEquals([error.kind, sent.length], ["redirect", 1]);
  assertEquals(
    error.message,
    "Cannot fetch https://a.example/: the server redirects from https to http (http://a.example/?…)",
  );
});

Deno.test("get() refuses to be redirected to other protocols", async () => {
  for (const location of ["file:///etc/passwd", "data:text/plain,x", "http://"]) {
    const { sent, fetch } = fakeFetch({ "http://a.example/": { status: 301, headers: { location } } });
    assertEquals((await failure(createHttpClient({ fetch }).get("http://a.example/"))).kind, "redirect");
    assertEquals(sent.length, 1);
  }
});

Deno.test("get() follows redirects itself, from http to https, too", async () => {
  const { sent, fetch } = fakeFetch({
    "http://a.example/x/y": { status: 302, headers: { location: "https://a.example/z" } },
    "https://a.example/z": { status: 308, headers: { location: "../w#part" } },
  });
  const response = await createHttpClient({ fetch }).get("http://a.example/x/y");
  assertEquals(response.url, "https://a.example/w");
  assertEquals(new Set(sent.map(({ redirect }) => redirect)), new Set(["manual"]));
  await response.cancel();
});

Deno.test("get() never takes credentials to another host, port or protocol, nor back again", async () => {
  for (const away of ["https://b.example/", "https://a.example:8443/"]) {
    const { sent, fetch } = fakeFetch({
      "https://a.example/": { status: 302, headers: { location: away } },
      [away]: { status: 302, headers: { location: "https://a.example/back" } },
    });
    await (await createHttpClient({ fetch }).get("https://a.example/", SECRET)).cancel();
    assertEquals(sent.map(({ headers }) => headers["authorization"]), [
      "Bearer secret",
      undefined,
      undefined,
    ]);
  }
});

Deno.test("get() takes no credentials from a Location", async () => {
  const { sent, fetch } = fakeFetch({
    "https://a.example/": { status: 302, headers: { location: "https://user:pass@b.example/" } },
  });
  await (await createHttpClient({ fetch }).get("https://a.example/")).cancel();
  assertEquals([sent[1]?.url, sent[1]?.headers["authorization"]], ["https://b.example/", undefined]);
});

Deno.test("get() takes a status of redirection without a Location as it is", async () => {
  const { fetch } = fakeFetch({ "https://a.example/": { status: 302 } });
  const response = await createHttpClient({ fetch }).get("https://a.example/");
  assertEquals(response.status, 302);
  await response.cancel();
});

Deno.test("get() asks a mirror in place of the host, without the host's credentials", async () => {
  const { sent, fetch } = fakeFetch();
  const mirrors = { "https://a.example/": "https://user:p%40ss@mirror.example/a/" };
  const { get } = createHttpClient({ fetch, mirrors });
  await (await get("https://a.example/x", SECRET)).cancel();
  await (await get("https://b.example/x", SECRET)).cancel();
  assertEquals(sent.map(({ url, headers }) => [url, headers["authorization"]]), [
    ["https://mirror.example/a/x", `Basic ${btoa("user:p@ss")}`],
    ["https://b.example/x", "Bearer secret"],
  ]);
});

Deno.test("get() sends credentials that are part of an address as a header", async () => {
  const { sent, fetch } = fakeFetch();
  await (await createHttpClient({ fetch }).get("https://user:pass@a.example/x#part")).cancel();
  assertEquals(sent[0]?.url, "https://a.example/x");
  assertEquals(sent[0]?.headers["authorization"], `Basic ${btoa("user:pass")}`);
});

Deno.test("get() makes no request when offline", async () => {
  const { sent, fetch } = fakeFetch();
  const error = await failure(createHttpClient({ fetch, offline: true }).get("https://a.example/x"));
  assertEquals([error.kind, sent.length], ["offline", 0]);
  assertStringIncludes(error.next ?? "", "without --offline");
});

Deno.test("get() refuses what is no http address", async () => {
  const { sent, fetch } = fakeFetch();
  for (const url of ["file:///etc/passwd", "nonsense", ""]) {
    const { get } = createHttpClient({ fetch });
    assertEquals((await assertRejects(async () => await get(url), HttpError)).kind, "bad-url");
  }
  assertEquals(sent.length, 0);
});

Deno.test("get() tries network failures again, four times in all by default, and reports each", async () => {
  let calls = 0;
  const retries: [string, number][] = [];
  const { get } = createHttpClient({
    fetch: () => {
      calls++;
      return Promise.reject(Object.assign(new TypeError("closed"), { code: "ECONNRESET" }));
    },
    delay: () => Promise.resolve(),
    random: () => 0.5,
    onRetry: ({ kind }, waitMs) => retries.push([kind, waitMs]),
  });
  const error = await failure(get("https://a.example/"));
  assertEquals(calls, 4);
  assertEquals(retries, [["broken", 150], ["broken", 300], ["broken", 600]]);
  assertEquals(error.message, "Cannot fetch https://a.example/: the connection broke (tried 4 times)");
});

Deno.test("get() does not try again where the certificate is wrong", async () => {
  let calls = 0;
  const { get } = createHttpClient({
    fetch: () => {
      calls++;
      return Promise.reject(Object.assign(new TypeError("self signed certificate"), { code: "SELF_SIGNED" }));
    },
  });
  const error = await failure(get("https://a.example/"));
  assertEquals([error.kind, calls], ["tls", 1]);
  assertStringIncludes(error.next ?? "", "NODE_EXTRA_CA_CERTS");
});

Deno.test("text() refuses a body that was compressed against the request", async () => {
  const { fetch } = fakeFetch({ "https://a.example/": { headers: { "content-encoding": "gzip" } } });
  const { get } = createHttpClient({ fetch });
  const error = await failure((await get("https://a.example/")).text());
  assertStringIncludes(error.message, "compressed its answer (gzip)");
  assertEquals(await (await get("https://a.example/", { compressed: true })).text(), "body");
});

Deno.test("body notices an end before the stated length, where the runtime does not", async () => {
  const { fetch } = fakeFetch({ "https://a.example/": { headers: { "content-length": "10" } } });
  const { body } = await createHttpClient({ fetch }).get("https://a.example/");
  const error = await assertRejects(async () => {
    for await (const _chunk of body);
  }, HttpError);
  assertEquals(error.kind, "broken");
  assertStringIncludes(error.message, "after 4 of 10 bytes");
});

Deno.test("backoffMs() doubles up to ten seconds, with full jitter", () => {
  assertEquals([1, 2, 3, 4, 20].map((attempt) => backoffMs(attempt, () => 1)), [
    300,
    600,
    1200,
    2400,
    10_000,
  ]);
  assertEquals(backoffMs(4, () => 0), 0);
  assertEquals(backoffMs(4, () => 0.5), 1200);
});

Deno.test("retryAfterMs() reads seconds and dates, and nothing else", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  const rows: [string | null, number | undefined][] = [
    ["0", 0],
    [" 12 ", 12_000],
    ["Thu, 01 Jan 2026 00:00:30 GMT", 30_000],
    ["Wed, 31 Dec 2025 00:00:00 GMT", 0],
    ["soon", undefined],
    ["-3x", undefined],
    [null, undefined],
  ];
  for (const [header, expected] of rows) assertEquals(retryAfterMs(header, now), expected);
});

Deno.test("isRetriableStatus() holds for 408, 429 and what begins with 5", () => {
  const statuses = [200, 304, 400, 401, 404, 408, 410, 416, 429, 500, 502, 503, 504];
  assertEquals(statuses.filter(isRetriableStatus), [408, 429, 500, 502, 503, 504]);
});
