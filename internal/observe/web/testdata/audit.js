// What a page must have for everybody to be able to use it: a list of what is wrong. Contrast as WCAG 2.2 reckons it (1.4.3).
(() => {
  const wrong = [];
  const shown = (e) => e.checkVisibility({ checkVisibilityCSS: true });
  const say = (what, e) => wrong.push(what + ": " + e.outerHTML.slice(0, 120));
  if (!document.documentElement.lang) wrong.push("the page has no language");
  if (!document.title) wrong.push("the page has no title");
  if (document.querySelectorAll("h1").length !== 1) wrong.push("the page has not one h1");
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth) {
    wrong.push(`the page is ${document.documentElement.scrollWidth} wide on ${document.documentElement.clientWidth}`);
  }
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  for (const id of ids) if (ids.filter((other) => other === id).length > 1) wrong.push("an id twice: " + id);
  for (const e of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    if (!(e.labels && e.labels.length && e.labels[0].textContent.trim()) && !e.getAttribute("aria-label")) say("no label", e);
  }
  for (const e of document.querySelectorAll("a[href], button")) {
    if (!(e.getAttribute("aria-label") || e.textContent).trim()) say("no name", e);
    const box = e.getBoundingClientRect();
    if (e.matches("button, .button") && shown(e) && box.height < 24) say("too small to touch", e);
  }
  for (const e of document.querySelectorAll("img, svg[role=img]")) if (!e.getAttribute("alt") && !e.getAttribute("aria-label") && !e.getAttribute("aria-labelledby")) say("no text instead", e);

  const numbers = (colour) => colour.match(/[\d.]+/g).map(Number);
  const over = (front, back) => { const a = front[3] === undefined ? 1 : front[3]; return [0, 1, 2].map((i) => front[i] * a + back[i] * (1 - a)); };
  const ground = (e) => {
    if (!e) return [255, 255, 255];
    const own = numbers(getComputedStyle(e).backgroundColor);
    return own[3] === undefined || own[3] === 1 ? own : over(own, ground(e.parentElement));
  };
  const light = (colour) => {
    const [r, g, b] = colour.map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const e = texts.currentNode.parentElement;
    if (!texts.currentNode.textContent.trim() || !shown(e) || e.closest("svg, script, style, option")) continue;
    const style = getComputedStyle(e), back = ground(e), front = over(numbers(style.color), back);
    const [bright, dim] = [light(front), light(back)].sort((a, b) => b - a);
    const size = parseFloat(style.fontSize), large = size >= 24 || size >= 18.66 && Number(style.fontWeight) >= 700;
    const contrast = (bright + 0.05) / (dim + 0.05);
    if (contrast < (large ? 3 : 4.5)) say(`contrast ${contrast.toFixed(2)}`, e);
  }
  return wrong;
})()
