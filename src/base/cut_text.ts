/**
 * The text, or its beginning and an ellipsis where it is longer than `most` UTF-16 units. No character is
 * split.
 */
export function cutText(text: string, most = 100): string {
  if (text.length <= most) return text;
  const end = isHighSurrogate(text.charCodeAt(most - 2)) ? most - 2 : most - 1;
  return `${text.slice(0, end)}…`;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}
