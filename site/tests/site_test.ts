import { assert, assertEquals, assertMatch } from "@std/assert";
import axe from "axe-core";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import {
  type BrowserContextOptions,
  chromium,
  type ConsoleMessage,
  type Page,
  type Response,
} from "playwright-core";
import settings from "../../deno.json" with { type: "json" };
import { serveFiles } from "./serve_files.ts";

/** The built site in Chromium, at the widths of a phone and of a desk. */
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true };
const DESK = { viewport: { width: 1280, height: 800 } };
/** Generous: the machine may be busy. Nothing asserts on it. */
const LIMIT_MS = 120_000;

const site = given("HAFT_TEST_SITE");
const version = `v${settings.version}`;
const pages = readdirSync(join(site, version)).filter((name) => name.endsWith(".html")).sort();

for (const [width, view] of Object.entries({ phone: PHONE, desk: DESK })) {
  Deno.test(`${width}: every page loads without an error, fits, and axe finds nothing serious`, async () => {
    await using world = await World.create();
    const page = await world.page(view);
    const wrong: string[] = [];
    for (const path of pages) {
      const problems = await pageProblems(page, `${world.url}/${version}/${path}`, {
        colours: view === DESK,
      });
      wrong.push(...problems.map((problem) => `${path}: ${problem}`));
    }
    assert(pages.length > 20);
    assertEquals(wrong, []);
  });
}

Deno.test("the search finds words of the pages, and leads to where they stand", async () => {
  await using world = await World.create();
  const page = await world.page(DESK);
  for (
    const [words, path, heading] of [
      ["outdated", "commands", /haft outdated/],
      ["restart backoff", "manifest", /apps/i],
      ["haft self rollback", "commands", /self rollback/],
    ] as const
  ) {
    await open(page, `${world.url}/${version}/start.html`);
    // The search begins with the words of the last one, and its results are there for a moment.
    await page.evaluate("sessionStorage.clear()");
    await page.keyboard.press("Control+k");
    await page.getByRole("searchbox").fill(words);
    await page.locator(`.VPLocalSearchBox a.result[href*="${path}"]`).first()
      .click();
    await page.waitForURL(new RegExp(`/${path}\\.html#`));
    const anchor = decodeURIComponent(new URL(page.url()).hash.slice(1));
    assertMatch(await page.locator(`[id="${anchor}"]`).innerText(), heading);
  }
});

Deno.test("on a phone the menus lead to other pages", async () => {
  await using world = await World.create();
  const page = await world.page(PHONE);
  await open(page, `${world.url}/${version}/start.html`);
  await page.getByRole("button", { name: "mobile navigation" }).click();
  await page.locator(".VPNavScreen").getByRole("link", { name: "Protocol" })
    .click();
  await page.waitForURL(/\/protocol\.html$/);
  await page.getByRole("button", { name: "Menu", exact: true }).click();
  await page.locator(".VPSidebar").getByRole("link", { name: "Stability" })
    .click();
  await page.waitForURL(/\/stability\.html$/);
  assertMatch(await page.locator("h1").innerText(), /^Stability/);
});

Deno.test("the landing page plays a recorded terminal", async () => {
  await using world = await World.create();
  const page = await world.page(DESK);
  await open(page, `${world.url}/${version}/`);
  await page.locator(".recording .ap-overlay-start").click();
  await page.locator(".recording .ap-term").getByText("haft init").first().waitFor();
});

Deno.test("the benchmarks' plots are drawn, within a phone's width", async () => {
  await using world = await World.create();
  const page = await world.page(PHONE);
  await open(page, `${world.url}/${version}/benchmarks.html`);
  const plots = await page.locator(".picture").all();
  assert(plots.length > 0);
  for (const plot of plots) {
    const right = await plot.evaluate((picture) => picture.getBoundingClientRect().right);
    assert(right <= PHONE.viewport.width, `${right}`);
    assert(await plot.locator("svg[aria-label] line, svg[aria-label] path").count() > 2);
  }
});

Deno.test("an address without a version leads to this version's page", async () => {
  await using world = await World.create();
  const page = await world.page(DESK);
  for (const path of ["/", "/manifest.html"]) {
    await page.goto(`${world.url}${path}`);
    await page.waitForURL(`${world.url}/${version}${path}`);
  }
  const schema = await fetch(`${world.url}/haft.schema.json`);
  assertEquals((await schema.json()).title, "haft.toml");
});

/** A browser in front of the site. */
class World implements AsyncDisposable {
  readonly url: string;
  readonly page: (view: BrowserContextOptions) => Promise<Page>;
  readonly #end: () => Promise<void>;

  private constructor(url: string, page: World["page"], end: () => Promise<void>) {
    this.url = url;
    this.page = page;
    this.#end = end;
  }

  static async create(): Promise<World> {
    const server = await serveFiles(site);
    const browser = await chromium.launch({
      executablePath: given("HAFT_TEST_CHROMIUM"),
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
    });
    const page = async (view: BrowserContextOptions) => {
      const context = await browser.newContext(view);
      context.setDefaultTimeout(LIMIT_MS);
      return await context.newPage();
    };
    return new World(server.url, page, async () => {
      await browser.close();
      await server[Symbol.asyncDispose]();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
  }
}

/** What the page complains of, as it comes: errors and warnings of the console, exceptions, missing files. */
function watchErrors(page: Page): { errors: string[]; end: () => void } {
  const errors: string[] = [];
  const onConsole = (message: ConsoleMessage) => {
    if (["error", "warning"].includes(message.type())) errors.push(`console: ${message.text()}`);
  };
  const onPageError = (error: Error) => void errors.push(`exception: ${error.message}`);
  const onResponse = (response: Response) => {
    if (response.status() >= 400) errors.push(`${response.status()}: ${response.url()}`);
  };
  page.on("console", onConsole).on("pageerror", onPageError).on("response", onResponse);
  const end = () => {
    page.off("console", onConsole).off("pageerror", onPageError).off("response", onResponse);
  };
  return { errors, end };
}

/** In light, then in dark. Only the wider view looks at colours: they are the same in the other. */
async function pageProblems(page: Page, url: string, { colours }: { colours: boolean }): Promise<string[]> {
  const { errors, end } = watchErrors(page);
  await page.emulateMedia({ colorScheme: "light" });
  await open(page, url);
  const problems = await widthProblems(page);
  // Between the widths only the menus differ, and they are the same on all pages of one layout.
  if (colours || LAYOUTS.some((path) => url.endsWith(path))) {
    problems.push(...await axeProblems(page, ALL_BUT_COLOURS));
  }
  if (colours) problems.push(...await colourProblems(page));
  await page.emulateMedia({ colorScheme: "dark" });
  await page.waitForFunction("document.documentElement.classList.contains('dark')");
  if (colours) problems.push(...await colourProblems(page));
  end();
  return [...errors, ...problems];
}

/** Opens a page, until its scripts have made it alive. */
async function open(page: Page, url: string): Promise<void> {
  await page.goto(url, { waitUntil: "load" });
  await page.waitForFunction("document.querySelector('#app')?.__vue_app__ !== undefined");
}

/** A page that is wider than the screen would be pushed sideways to be read. */
async function widthProblems(page: Page): Promise<string[]> {
  const measure = "[document.documentElement.scrollWidth, innerWidth]";
  const [content = 0, screen = 0] = await page.evaluate<number[]>(measure);
  return content > screen ? [`${content} px wide on a screen of ${screen}`] : [];
}

/** A page of each layout. */
const LAYOUTS = ["index.html", "404.html", "start.html"];
const ALL_BUT_COLOURS: axe.RunOptions = { rules: { "color-contrast": { enabled: false } } };

/** Text of one colour, size and background is legible everywhere or nowhere, so one of each is looked at. */
async function colourProblems(page: Page): Promise<string[]> {
  await page.evaluate(`
    const seen = new Set();
    for (const element of document.body.querySelectorAll("*")) {
      element.removeAttribute("data-look");
      if (![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "")) continue;
      if (!element.checkVisibility()) continue;
      const { color, fontSize, fontWeight, opacity } = getComputedStyle(element);
      const backgrounds = [];
      for (let at = element; at !== null; at = at.parentElement) {
        backgrounds.push(getComputedStyle(at).backgroundColor);
      }
      const look = [color, fontSize, fontWeight, opacity, ...new Set(backgrounds)].join(" ");
      if (!seen.has(look)) element.setAttribute("data-look", "");
      seen.add(look);
    }`);
  return await axeProblems(page, { runOnly: ["color-contrast"] }, "[data-look]");
}

async function axeProblems(page: Page, rules: axe.RunOptions, where = "html"): Promise<string[]> {
  await page.evaluate(axe.source);
  const options = JSON.stringify({ ...rules, resultTypes: ["violations"] });
  const { violations } = await page.evaluate<axe.AxeResults>(`axe.run("${where}", ${options})`);
  return violations.filter(({ impact }) => impact === "serious" || impact === "critical").flatMap(
    ({ id, nodes }) => nodes.map(({ html, failureSummary }) => `axe ${id}: ${html} ${failureSummary}`),
  );
}

function given(name: string): string {
  const value = process.env[name];
  if (value === undefined) {
    throw new Error(`"deno task test:site" sets ${name}`);
  }
  return value;
}
