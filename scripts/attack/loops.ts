/** Shims that find shims: each of these must end, by the program that was asked for or by an error. */
import type { Attack, Kind } from "./case.ts";
import type { World } from "./world.ts";

/** Lines of shell that call `esbuild` where nothing but shims has it; SHIMS is the shims' directory. */
const LOOPS: Readonly<Record<string, string>> = {
  "the same directory twice": 'PATH="SHIMS:SHIMS:$PATH"; esbuild',
  "the same directory with another spelling": 'PATH="SHIMS/:SHIMS/.:SHIMS/../shims:$PATH"; esbuild',
  "a link to the directory": 'ln -s SHIMS "$HOME/l"; PATH="SHIMS:$HOME/l:$PATH"; esbuild',
  "a link to a shim": 'mkdir "$HOME/b"; ln -s SHIMS/esbuild "$HOME/b/esbuild"; PATH="$HOME/b:$PATH"; esbuild',
  "a copy of a shim":
    'mkdir "$HOME/b"; cp SHIMS/esbuild "$HOME/b/esbuild"; PATH="$HOME/b:SHIMS:$PATH"; esbuild',
  "a copy of the directory": 'cp -r SHIMS "$HOME/b"; PATH="$HOME/b:$PATH"; esbuild',
  "another XDG_DATA_HOME": 'PATH="SHIMS:$PATH"; XDG_DATA_HOME="$HOME/other" esbuild',
  "two stores":
    `XDG_DATA_HOME="$HOME/other" haft install esbuild@1.0.0; XDG_DATA_HOME="$HOME/other" haft shims
PATH="SHIMS:$HOME/other/haft/shims:$PATH"; esbuild; XDG_DATA_HOME="$HOME/other" esbuild`,
  "another HAFT_HOME": 'PATH="SHIMS:$PATH"; HAFT_HOME="$HOME/other" esbuild',
  "another HOME, as under sudo": 'PATH="SHIMS:$PATH"; mkdir "$HOME/root"; HOME="$HOME/root" esbuild',
  "a relative PATH": 'cd SHIMS; PATH=".:..:../shims:$PATH"; esbuild',
  "an empty entry of PATH": 'cd SHIMS; PATH=":SHIMS::$PATH:"; esbuild',
  "a wrapper that calls its own name":
    `mkdir "$HOME/b"; printf '#!/bin/sh\\nexec esbuild "$@"\\n' > "$HOME/b/esbuild"; chmod +x "$HOME/b/esbuild"
PATH="SHIMS:$HOME/b:$PATH"; esbuild`,
  "a haft that is a shim": 'cp SHIMS/esbuild "$HOME/haft"; PATH="$HOME:SHIMS:$PATH"; esbuild',
};

/** A shim is there, and no project asks for it. */
async function withShim(world: World): Promise<void> {
  await world.shell("haft install esbuild@1.2.0 && haft shims");
}

export const loops: Kind = {
  kind: "loops",
  attacks: [
    ...Object.entries(LOOPS).map(([name, line]): Attack => ({
      name,
      // The lines make directories of their own in the home.
      allow: ["write"],
      run: async (world) => {
        await withShim(world);
        await world.shell(line.replaceAll("SHIMS", world.shims), { hangMs: 20_000 });
      },
    })),
    {
      name: "a shim behind which another program is runs that",
      run: async (world) => {
        await withShim(world);
        world.file(`${world.root}/bin/esbuild`, "#!/bin/sh\necho the system\\'s\n", 0o755);
        world.watch();
        const { output } = await world.shell(
          `ln -s '${world.shims}' l; PATH="$PWD/l:${world.shims}:$PATH"; esbuild`,
        );
        if (!output.includes("the system's")) world.complain("answer", output);
      },
    },
    {
      name: "a script that calls itself is noticed",
      sees: "loop",
      run: async (world) => {
        world.file("again", '#!/bin/sh\nexec "$0"\n', 0o755);
        await world.shell("./again", { hangMs: 1_000 });
      },
    },
  ],
};
