import { withBase } from "vitepress";
import { defineComponent, h, onBeforeUnmount, onMounted, ref } from "vue";
import "asciinema-player/dist/bundle/asciinema-player.css";

/** The recorded session of the landing page. */
export default defineComponent({
  setup() {
    const place = ref();
    let player;
    let gone = false;
    onMounted(async () => {
      // The player wants a document, which the build does not have.
      const { create } = await import("asciinema-player");
      if (gone) return;
      player = create(withBase("/demo.cast"), place.value, { fit: "width", poster: "npt:9", controls: true });
    });
    onBeforeUnmount(() => {
      gone = true;
      player?.dispose();
    });
    return () =>
      h(
        "section",
        { class: "recording", "aria-label": "A recorded terminal" },
        [
          h("div", { ref: place }),
          h("p", [
            "haft init, sync, exec, run and app up in a new project, recorded from this version's binary. ",
            h("a", { href: withBase("/start.html") }, "The same in words"),
          ]),
        ],
      );
  },
});
