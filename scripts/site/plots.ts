/**
 * A page whose pictures of plots are part of it, so that they have its colours.
 *
 * @param read gives the text of a picture by its path, as the page names it; undefined when it was not drawn
 */
export function withPictures(markdown: string, read: (path: string) => string | undefined): string {
  return markdown.replaceAll(/^!\[[^\]]*\]\((plots\/[\w-]+\.svg)\)$/gm, (_whole, path: string) => {
    const svg = read(path)?.replace(/<style>[\s\S]*?<\/style>/, "").replaceAll("\n", "");
    return svg === undefined
      ? ""
      : `<div class="picture" tabindex="0">${svg.replaceAll("{", "&#123;")}</div>`;
  });
}
