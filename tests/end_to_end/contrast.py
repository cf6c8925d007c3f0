"""How well the text of a page can be told from what is behind it."""

from __future__ import annotations

from typing import NamedTuple

from selenium.webdriver import Chrome


class Contrast(NamedTuple):
    """Of the text that is hardest to read.

    Attributes:
        count: how many texts were looked at.
        least: the lowest ratio of luminances, as WCAG 2 defines it; 1 to 21.
        text: the text with this ratio.
        paper: luminance of the page's own background, 0 to 1.
    """

    count: int
    least: float
    text: str
    paper: float


def contrast(window: Chrome) -> Contrast:
    """The least contrast of any visible text of the page that is open."""
    return Contrast(*window.execute_script(_SCRIPT))


# A computed colour can be in any notation; a canvas turns it into bytes.
_SCRIPT = """
const canvas = document.createElement('canvas');
canvas.width = canvas.height = 1;
const context = canvas.getContext('2d', { willReadFrequently: true });
function over(colours) {
  context.clearRect(0, 0, 1, 1);
  for (const colour of colours) {
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
  }
  return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
}
function luminance(bytes) {
  const [r, g, b] = bytes.map((byte) => byte / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
const found = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const text = walker.currentNode.textContent.trim();
  const node = walker.currentNode.parentElement;
  if (!text || !node.checkVisibility() || node.closest('script, noscript, legend')) continue;
  const behind = [];
  for (let up = node; up; up = up.parentElement)
    behind.unshift(getComputedStyle(up).backgroundColor);
  const style = getComputedStyle(node);
  const ink = node instanceof SVGElement ? style.fill : style.color;
  const [a, b] = [over(behind), over([...behind, ink])].map(luminance).sort((p, q) => q - p);
  found.push([(a + 0.05) / (b + 0.05), text]);
}
found.sort((p, q) => p[0] - q[0]);
const paper = getComputedStyle(document.documentElement).backgroundColor;
return [found.length, ...found[0], luminance(over([paper]))];
"""
