import { assertEquals } from "@std/assert";
import { failureText } from "../../../clients/vscode/src/model/failure.ts";
import { isOlder, protocolSkew } from "../../../clients/vscode/src/model/version_skew.ts";
import { RequestError } from "../../../src/protocol/wire_error.ts";

function refused(protocol: unknown): RequestError {
  return new RequestError("unsupported_protocol", "no", { data: { protocol } });
}

Deno.test("protocolSkew() says which of the two is to be updated", () => {
  assertEquals(protocolSkew(refused([2, 3])), {
    older: "extension",
    text: "haft's daemon speaks protocol 2 to 3, and this extension 1. Update the extension",
  });
  const older = 'and this extension 1. Update haft ("haft self update"), then restart the daemon';
  assertEquals(failureText(refused([0, 0])), `haft's daemon speaks protocol 0, ${older}`);
  assertEquals(failureText(refused("?")), `haft's daemon speaks another protocol, ${older}`);
  assertEquals(protocolSkew(new RequestError("failed", "no")), undefined);
});

Deno.test("isOlder() compares numbers, and leaves what follows a hyphen aside", () => {
  assertEquals(isOlder("0.9.0", "0.10.0"), true);
  assertEquals(isOlder("0.10.0", "0.9.0"), false);
  assertEquals(isOlder("1.0.0-rc.1", "1.0.0"), false);
});
