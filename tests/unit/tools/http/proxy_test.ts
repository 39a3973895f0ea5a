import { assertEquals } from "@std/assert";
import { environmentProxies, proxyFor } from "../../../../src/tools/http/proxy.ts";

const PROXY = "http://proxy.example:3128";

const ROWS: [url: string, except: string, isDirect: boolean][] = [
  ["https://a.example/x", "", false],
  ["https://a.example/x", "*", true],
  ["https://a.example/x", "b.example, a.example", true],
  ["https://a.example/x", "b.example a.example", true],
  ["https://sub.a.example/x", "a.example", true],
  ["https://sub.a.example/x", ".a.example", true],
  ["https://a.example/x", ".a.example", true],
  ["https://sub.a.example/x", "*.a.example", true],
  ["https://nota.example/x", "a.example", false],
  ["https://A.Example/x", "a.EXAMPLE", true],
  ["https://a.example/x", "a.example:443", true],
  ["https://a.example/x", "a.example:80", false],
  ["http://a.example:8080/x", "a.example:8080", true],
  ["https://10.1.2.3/x", "10.0.0.0/8", true],
  ["https://11.1.2.3/x", "10.0.0.0/8", false],
  ["https://a.example/x", "10.0.0.0/8", false],
  ["https://10.1.2.3/x", "10.0.0.0/99", false],
  ["http://[::1]:80/x", "::1", true],
  ["http://[::1]:8080/x", "[::1]:8080", true],
  ["http://[fd00::1]/x", "fd00::/8", true],
];

for (const [url, except, isDirect] of ROWS) {
  Deno.test(`proxyFor() of ${url}, except "${except}", is ${isDirect ? "none" : "the proxy"}`, () => {
    const { http, https } = environmentProxies({ HTTP_PROXY: PROXY, HTTPS_PROXY: PROXY });
    assertEquals(proxyFor(new URL(url), { http, https, except })?.url, isDirect ? undefined : PROXY);
  });
}

Deno.test("environmentProxies() takes small letters before capitals, and ALL_PROXY last", () => {
  const all = { ALL_PROXY: "http://all" };
  assertEquals(environmentProxies(all).https, { value: "http://all", source: "ALL_PROXY" });
  const https = environmentProxies({ ...all, HTTPS_PROXY: "http://big", https_proxy: "http://small" }).https;
  assertEquals(https, { value: "http://small", source: "https_proxy" });
  assertEquals(environmentProxies({ HTTPS_PROXY: " ", no_proxy: "" }), {
    https: undefined,
    http: undefined,
    except: undefined,
  });
});

Deno.test("proxyFor() shows no credentials, takes an address without a scheme, and marks what it cannot use", () => {
  const of = (value: string) =>
    proxyFor(new URL("https://a.example/"), { https: { value, source: "HTTPS_PROXY" } });
  assertEquals(of("http://me:pw@proxy.example:1")?.shown, "http://proxy.example:1");
  assertEquals(of("proxy.example:3128")?.url, "http://proxy.example:3128");
  assertEquals(of("socks5://h:1")?.unsupported, "socks5");
  assertEquals(of("http://[oops")?.unsupported, "unreadable");
});
