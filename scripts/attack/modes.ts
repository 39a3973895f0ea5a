/** What haft makes is its user's alone to write, whatever the umask, and usable under the strictest. */
import type { Attack, Kind } from "./case.ts";

const USE = [
  "haft sync",
  "haft trust --yes || haft trust",
  "haft x prettier",
  "haft task run tool",
  "haft app start tool",
  "haft app stop",
  "haft install esbuild@1.0.0",
  "haft shims",
  "haft daemon stop",
].join("; ");

const MANIFEST =
  '[tools]\nesbuild = "1.2.0"\nprettier = "3"\n[tasks.tool]\nrun = "esbuild"\n[apps.tool]\ncommand = "sleep 9"\n[env]\nA = "b"\n';

export const modes: Kind = {
  kind: "modes",
  attacks: [
    ...["000", "002", "022", "077"].map((umask): Attack => ({
      name: `with umask ${umask}`,
      run: async (world) => {
        world.file("haft.toml", MANIFEST);
        world.umask(umask);
        const { output } = await world.shell(USE);
        world.umask("022");
        const { output: again } = await world.shell(`haft x esbuild; PATH='${world.shims}':"$PATH"; esbuild`);
        if (again.split("the real one").length !== 3) world.complain("answer", `${output}\n${again}`);
      },
    })),
    {
      name: "a file of haft's that others may write to is noticed",
      sees: "open",
      run: async (world) => {
        world.file("haft.toml", MANIFEST);
        await world.shell('haft sync; chmod 0666 "$HOME/.local/share/haft/shims/esbuild"');
      },
    },
  ],
};
