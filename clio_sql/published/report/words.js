// Texts and elements. Names from the data reach the page only through textContent.

const NUMBER = new Intl.NumberFormat("en");
const DIGITS = new Intl.NumberFormat("en", { maximumSignificantDigits: 2 });
const count = (number) => (number === null || number === undefined ? "–" : NUMBER.format(number));
const times = (ratio) => (ratio === null || ratio === undefined ? "" : `${ratio < 10 ? ratio.toFixed(1) : Math.round(ratio)}×`);
const titled = (word) => word.charAt(0).toUpperCase() + word.slice(1).replaceAll("_", " ");

// Control characters as visible signs: U+0000 as U+2400.
function seen(text) {
  return String(text ?? "").replace(/[\u0000-\u001f\u007f]/g, (char) =>
    char === "\n" || char === "\t" ? " " : char === "\u007f" ? "\u2421" : String.fromCharCode(0x2400 + char.charCodeAt(0)));
}

function shortened(text, length) {
  const characters = Array.from(seen(text));
  return characters.length > length ? `${characters.slice(0, length - 1).join("").trimEnd()}…` : characters.join("");
}

// The chart library reads <b>, <a> and &…; in its texts, so names are escaped.
function plain(text, length) {
  return shortened(text, length).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

// An element with properties (class, text, on…) and children; never from a string of HTML.
function make(tag, options = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(options)) {
    if (value === null || value === undefined) continue;
    if (name === "class") element.className = value;
    else if (name === "text") element.textContent = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

// A name, isolated, so that right-to-left text does not move anything around it.
function named(text, options = {}) {
  return make("bdi", { dir: "auto", ...options, text: seen(text) });
}

function figure(label, value, title = null) {
  return make("div", { title }, make("dt", { text: label }), make("dd", { text: value }));
}

// A colour (as #rrggbb) or font of the style sheet, in the current theme.
const SHADES = new Map();

function shade(name) {
  const key = `${document.documentElement.dataset.theme} ${name}`;
  if (!SHADES.has(key)) SHADES.set(key, getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim());
  return SHADES.get(key);
}

function mix(one, two, part) {
  const channel = (colour, place) => parseInt(colour.slice(place, place + 2), 16);
  const mixed = [1, 3, 5].map((place) => Math.round(channel(one, place) + (channel(two, place) - channel(one, place)) * part));
  return `#${mixed.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

function table(head, lines) {
  return make("table", {}, make("thead", {}, make("tr", {}, ...head.map((text) => make("th", { scope: "col", text })))),
    make("tbody", {}, ...lines.map((line) => make("tr", {}, ...line.map((text) => make("td", { class: "num", text: seen(text) }))))));
}
