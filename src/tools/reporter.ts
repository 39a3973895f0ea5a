import type { InstallProgress } from "../protocol/install.ts";

/** Where an install reports what it does. Called often; an implementation decides how often to show it. */
export type Reporter = (progress: InstallProgress) => void;
