import { assertEquals } from "@std/assert";
import { printableUrl } from "../../../../src/tools/http/printable_url.ts";

Deno.test("printableUrl() leaves out credentials, query and fragment", () => {
  const rows = [
    ["https://user:pass@h.example:8443/a/b?token=1#frag", "https://h.example:8443/a/b?…"],
    ["http://h.example/", "http://h.example/"],
    ["not an address//user:pass@x?token=1", "not an address//x"],
  ];
  for (const [url = "", expected] of rows) assertEquals(printableUrl(url), expected);
});
