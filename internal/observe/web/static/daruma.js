// Keeps the page up to date with what the server sends, and has keys for what a pointer does. The pages work without it.
"use strict";

// The browser lets HTML be made of text only through this policy, and nothing but the server's pieces goes through it: there all that others wrote is
// escaped.
const policy = window.trustedTypes ? window.trustedTypes.createPolicy("daruma", { createHTML: (html) => html }) : { createHTML: (html) => html };

const body = document.body;
const live = document.getElementById("live");
const filter = document.getElementById("filter");

// parse makes the one element of a piece.
function parse(html) {
  const holder = document.createElement("template");
  holder.innerHTML = policy.createHTML(html);
  return holder.content.firstElementChild;
}

// replaceAll puts pieces in the places of those with their keys. There may be a thousand: they are looked for once.
function replaceAll(pieces) {
  const places = new Map([...document.querySelectorAll("[data-key]")].map((e) => [e.dataset.key, e]));
  for (const [key, html] of Object.entries(pieces)) {
    const old = places.get(key), fresh = parse(html);
    if (old && fresh) replace(old, fresh);
  }
}

// replace keeps the focus on the same link.
function replace(old, fresh) {
  const focused = document.activeElement;
  const href = old.contains(focused) ? focused.getAttribute("href") : null;
  old.replaceWith(fresh);
  if (href !== null) {
    const again = [...fresh.querySelectorAll("a[href]")].find((a) => a.getAttribute("href") === href);
    if (again) again.focus({ preventScroll: true });
  }
}

function said(state) {
  if (!live) return;
  live.textContent = body.dataset[state];
  live.classList.toggle("lost", state !== "live");
}

// showBad has the tab's title say how many things are to be looked at.
const title = document.title;
function showBad() {
  const counted = document.querySelector("[data-bad]");
  const bad = counted ? Number(counted.dataset.bad) : 0;
  document.title = bad > 0 ? `(${bad}) ${title}` : title;
}

function applyFilter() {
  if (!filter) return;
  const wanted = filter.value.toLowerCase();
  for (const card of document.querySelectorAll(".list > .card")) {
    card.hidden = wanted !== "" && !card.textContent.toLowerCase().includes(wanted);
  }
}

// connect follows the stream of the page while it is looked at: a browser has six connections to a host, and hidden pages would use them up.
// EventSource connects again by itself, except where the server refuses: then it is tried a few times here.
let source = null;
let refusals = 0;
function connect() {
  if (source || document.hidden) return;
  const own = source = new EventSource(body.dataset.stream);
  own.onopen = () => { refusals = 0; said("live"); };
  own.onerror = () => {
    said("lost");
    if (own.readyState !== EventSource.CLOSED) return;
    disconnect();
    if (++refusals > 5) { said("ended"); return; }
    setTimeout(connect, 3000);
  };
  own.addEventListener("pieces", (event) => {
    replaceAll(JSON.parse(event.data).html);
    applyFilter();
    showBad();
  });
  own.addEventListener("lines", (event) => addLines(JSON.parse(event.data)));
}

function disconnect() {
  if (source) source.close();
  source = null;
}

// The page of logs.
const lines = document.getElementById("lines");
const note = document.getElementById("note");
const pause = document.getElementById("pause");
const maxLines = 2000;
let waiting = null; // what came while it was paused

function span(kind, text) {
  const e = document.createElement("span");
  e.className = kind;
  e.textContent = text;
  return e;
}

function addLines(news) {
  if (!lines) return;
  if (news.note) { note.textContent = news.note; note.hidden = false; }
  if (waiting && !news.reset) { waiting = waiting.concat(news.lines || []).slice(-maxLines); return; }
  const atEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 40;
  const more = document.createDocumentFragment();
  for (const l of news.lines || []) {
    const line = document.createElement("div");
    line.className = "line";
    line.append(span("time", l.t || ""));
    if (l.p) line.append(span("program", l.p));
    line.append(span("text", l.x));
    more.append(line);
  }
  if (news.reset) lines.replaceChildren();
  lines.append(more);
  while (lines.childElementCount > maxLines) lines.firstElementChild.remove();
  if (atEnd || news.reset) lines.scrollTop = lines.scrollHeight;
}

if (pause) {
  pause.hidden = false;
  pause.addEventListener("click", () => {
    const held = waiting;
    waiting = held ? null : [];
    pause.setAttribute("aria-pressed", String(waiting !== null));
    if (held) addLines({ lines: held });
  });
}
if (lines) lines.scrollTop = lines.scrollHeight;

if (filter) {
  filter.closest(".filter").hidden = false;
  filter.addEventListener("input", applyFilter);
}

// Keys: none where something is typed, and none that the browser has.
addEventListener("keydown", (event) => {
  const typing = event.target.closest && event.target.closest("input, select, textarea");
  if (event.key === "Escape" && typing) { typing.blur(); return; }
  if (typing || event.ctrlKey || event.altKey || event.metaKey) return;
  const links = [...document.querySelectorAll(".card:not([hidden]) :is(h2, h3) a:first-child")];
  const at = links.indexOf(document.activeElement);
  switch (event.key) {
    case "/": {
      const field = document.getElementById("q") || filter;
      if (field) field.focus();
      break;
    }
    case "j": if (links.length) links[Math.min(at + 1, links.length - 1)].focus(); break;
    case "k": if (links.length) links[Math.max(at - 1, 0)].focus(); break;
    case "o": location.href = "/"; break;
    default: return;
  }
  event.preventDefault();
});

showBad();
if (body.dataset.stream) {
  document.addEventListener("visibilitychange", () => { if (document.hidden) disconnect(); else connect(); });
  addEventListener("pagehide", disconnect);
  addEventListener("pageshow", connect); // also where the browser had kept the page
}
