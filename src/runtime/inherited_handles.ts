import { kernel32 } from "./kernel32.ts";

const INHERIT = 1;
/** Handles are multiples of four, counted up from the first. */
const STEP = 4;
/**
 * How many places are looked at: at most, and where the system does not say how many handles there are
 * (Wine).
 */
const PLACES = { most: 65_536, uncounted: 4_096 };

/**
 * Takes the mark from all handles by which children inherit them. The runtime marks those that a child is
 * meant to have when it starts the child; what is marked before came from the process that started this one.
 */
export function keepInheritedHandles(): void {
  const { GetCurrentProcess, GetProcessHandleCount, GetHandleInformation, SetHandleInformation } = kernel32();
  const count = new Uint32Array(1);
  GetProcessHandleCount(GetCurrentProcess(), count);
  const [open = 0] = count;
  const places = open === 0 ? PLACES.uncounted : PLACES.most;
  const flags = new Uint32Array(1);
  for (let place = 1, found = 0; place <= places && (open === 0 || found < open); place++) {
    const handle = place * STEP;
    if (GetHandleInformation(handle, flags) === 0) continue;
    found++;
    if (((flags[0] ?? 0) & INHERIT) !== 0) SetHandleInformation(handle, INHERIT, 0);
  }
}
