import DefaultTheme from "vitepress/theme";
import { h } from "vue";
import Recording from "./recording.js";
import "./looks.css";

export default {
  extends: DefaultTheme,
  Layout: () => h(DefaultTheme.Layout, null, { "home-hero-after": () => h(Recording) }),
};
