// VitePress arranges what docs/ says; nothing is written here that a page there should say.
const page = (text, name) => ({ text, link: `/${name}` });

export default {
  title: "haft",
  description: "One handle for a project's tools, processes and tasks",
  lang: "en",
  base: process.env.HAFT_SITE_BASE,
  cleanUrls: false,
  lastUpdated: false,
  vite: { publicDir: "public" },
  markdown: {
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    // As GitHub makes them, where the same pages are read.
    anchor: {
      slugify: (text) => text.trim().toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").replace(/\s/g, "-"),
    },
    // Braces of haft's own templates are text, not Vue's.
    config(md) {
      const inline = md.renderer.rules.code_inline;
      md.renderer.rules.code_inline = (...args) => inline(...args).replace(/^<code/, "<code v-pre");
      // Wide text is scrolled by keys as well.
      const indented = md.renderer.rules.code_block;
      md.renderer.rules.code_block = (...args) =>
        indented(...args).replace(/^<pre/, '<pre v-pre tabindex="0"');
    },
  },
  head: [["link", { rel: "icon", href: "data:," }]],
  themeConfig: {
    search: { provider: "local" },
    notFound: { linkLabel: "Take me home" },
    outline: [2, 3],
    nav: [
      page("Getting started", "start"),
      page("Manifest", "manifest"),
      page("Protocol", "protocol"),
      { text: `Version ${process.env.HAFT_SITE_VERSION}`, link: "/changelog" },
    ],
    sidebar: [
      {
        text: "Guides",
        items: [
          page("Getting started", "start"),
          page("Tools", "guide-tools"),
          page("Apps", "guide-apps"),
          page("Tasks", "guide-tasks"),
          page("Messages between programs", "guide-ipc"),
          page("Python", "guide-python"),
          page("CI and Docker", "ci"),
          page("Editors", "editors"),
          page("Several machines", "fleet"),
          page("Recipes for scripts", "automation"),
          page("Windows", "windows"),
        ],
      },
      {
        text: "Coming from",
        items: [
          page("mise", "from-mise"),
          page("asdf", "from-asdf"),
          page("Volta", "from-volta"),
          page("Other tools", "from-other-tools"),
          page("bunctl, vx and others", "migrating"),
        ],
      },
      {
        text: "Reference",
        items: [
          page("Manifest", "manifest"),
          page("Commands", "commands"),
          page("Methods and events", "protocol"),
          page("Errors", "errors"),
          page("Catalogue of tools", "catalogue"),
          page("Sources of tools", "sources"),
          page("JSON Schema", "schema"),
        ],
      },
      {
        text: "About",
        items: [
          page("Security", "security"),
          page("Stability", "stability"),
          page("Benchmarks", "benchmarks"),
          page("Architecture", "architecture"),
          page("Conformance", "conformance"),
          page("Changelog", "changelog"),
        ],
      },
    ],
  },
};
