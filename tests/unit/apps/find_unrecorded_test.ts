import { assertEquals } from "@std/assert";
import { findUnrecorded } from "../../../src/apps/find_unrecorded.ts";
import { fileStem } from "../../../src/process/process_key.ts";
import { FakeSystem } from "../process/fakes.ts";

const JOURNAL = "/state/apps";

Deno.test("findUnrecorded() finds the first process of each instance that no record knows, of this daemon alone", () => {
  const system = new FakeSystem();
  const add = (name: string, instance: number, journal = JOURNAL, root = "/p") => {
    const { pid } = system.add({ marker: `${fileStem({ root: "/p", name })}/${instance}/0a1b` });
    const found = system.processes.get(pid);
    if (found === undefined) throw new Error("no process");
    found.variables = {
      HAFT_APP_NAME: name,
      HAFT_APP_ROOT: root,
      HAFT_APP_JOURNAL: journal,
    };
    return pid;
  };
  const first = add("web", 0);
  // What it put into a session of its own.
  add("web", 0);
  const second = add("web", 1);
  add("known", 0);
  add("other", 0, "/another/state");
  // Its environment names another project than its mark.
  add("moved", 0, JOURNAL, "/q");
  system.add({ marker: "no-mark-of-ours" });
  system.add({});
  const found = findUnrecorded(system, { journal: JOURNAL, known: [{ root: "/p", name: "known" }] });
  assertEquals(found.map(({ key }) => key), [{ root: "/p", name: "web" }]);
  assertEquals(found[0]?.instances.map(({ instance, process, nonce }) => [instance, process?.pid, nonce]), [
    [0, first, "0a1b"],
    [1, second, "0a1b"],
  ]);
});
