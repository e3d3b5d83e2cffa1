"use strict";
/* Shows the trades of a report. Every word comes in by textContent; only numbers are put into drawings. */
const PAGE = 50, WIDTH = 960, HEIGHT = 420, LEFT = 8, RIGHT = 92, TOP = 12, BOTTOM = 24;

function moment(ms) { return new Date(ms).toISOString().slice(0, 16).replace("T", " "); }
function signed(value, digits) { return (value > 0 ? "+" : "") + value.toFixed(digits); }

/* Candles [time, open, high, low, close] from differences in ticks. */
function candles(packed) {
  const found = [], jumps = new Map(packed.j);
  let close = 0, time = packed.z;
  for (let place = 0; place * 4 < packed.v.length; place++) {
    if (jumps.has(place)) time = jumps.get(place);
    const row = packed.v.slice(place * 4, place * 4 + 4).map((step) => (close + step) * packed.u);
    close += packed.v[place * 4 + 3];
    found.push([time, ...row]);
    time += packed.i;
  }
  return found;
}

/* The chart of a trade as SVG text: candles, the plan's levels, where it was held, every exit. */
function drawing(trade) {
  const bars = candles(trade.b);
  if (!bars.length) return "";
  const prices = bars.flatMap((bar) => [bar[2], bar[3]]).concat([trade.e, trade.s], trade.l.map((leg) => leg[1]));
  const near = trade.t.filter((price) => Math.abs(price - trade.e) <= 4 * Math.abs(trade.e - trade.s));
  const low = Math.min(...prices, ...near), high = Math.max(...prices, ...near), room = (high - low) * 0.05 || 1;
  const first = bars[0][0], last = bars[bars.length - 1][0] + trade.b.i;
  const across = (time) => LEFT + (Math.min(Math.max(time, first), last) - first) / (last - first) * (WIDTH - LEFT - RIGHT);
  const down = (price) => TOP + (high + room - price) / (high - low + 2 * room) * (HEIGHT - TOP - BOTTOM);
  const wide = (WIDTH - LEFT - RIGHT) * trade.b.i / (last - first);
  const out = [];
  const begin = across(trade.o), end = Math.max(across(trade.c), begin + 1);
  out.push(`<rect class="held" x="${begin.toFixed(1)}" y="${TOP}" width="${(end - begin).toFixed(1)}" height="${HEIGHT - TOP - BOTTOM}"/>`);
  for (const [time, open, top, bottom, close] of bars) {
    const x = across(time), middle = x + wide / 2, kind = close >= open ? "up" : "down";
    const body = Math.max(1, Math.abs(down(open) - down(close)));
    out.push(`<g class="candle ${kind}"><line x1="${middle.toFixed(1)}" x2="${middle.toFixed(1)}" y1="${down(top).toFixed(1)}" y2="${down(bottom).toFixed(1)}"/>`
      + `<rect x="${(x + wide * 0.15).toFixed(1)}" y="${down(Math.max(open, close)).toFixed(1)}" width="${(wide * 0.7).toFixed(1)}" height="${body.toFixed(1)}"/></g>`);
  }
  const level = (price, kind, name) => {
    const y = down(price).toFixed(1);
    out.push(`<line class="level ${kind}" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}"/>`
      + `<text class="mark" x="${WIDTH - RIGHT + 4}" y="${(+y + 4).toFixed(1)}">${name} ${+price.toPrecision(6)}</text>`);
  };
  level(trade.e, "entry", "in");
  level(trade.s, "stop", "stop");
  near.forEach((price, number) => level(price, "target", "T" + (number + 1)));
  for (const [time, price] of trade.l) out.push(`<circle class="exit" cx="${across(time).toFixed(1)}" cy="${down(price).toFixed(1)}" r="5"/>`);
  for (let part = 0; part < 5; part++) {
    const time = first + (last - first) * (part + 0.5) / 5;
    out.push(`<text class="mark mid" x="${across(time).toFixed(0)}" y="${HEIGHT - 7}">${moment(time)}</text>`);
  }
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">${out.join("")}</svg>`;
}

function start(document) {
  const trades = JSON.parse(document.getElementById("trades").textContent).trades;
  const body = document.querySelector(".trades tbody"), find = document.getElementById("find");
  const order = document.getElementById("order"), where = document.getElementById("where");
  const dialog = document.querySelector("dialog");
  const sorts = { newest: (a, b) => b.o - a.o, oldest: (a, b) => a.o - b.o, best: (a, b) => b.r - a.r, worst: (a, b) => a.r - b.r };
  let page = 0, shown = trades;

  function cell(row, text, kind) {
    const made = document.createElement("td");
    made.textContent = text;
    if (kind) made.className = kind;
    row.appendChild(made);
  }
  function render() {
    const word = find.value.trim().toLowerCase();
    shown = trades.filter((trade) => !word || (trade.y + " " + trade.g).toLowerCase().includes(word)).sort(sorts[order.value]);
    page = Math.min(page, Math.max(0, Math.ceil(shown.length / PAGE) - 1));
    body.textContent = "";
    for (const trade of shown.slice(page * PAGE, (page + 1) * PAGE)) {
      const row = document.createElement("tr");
      row.tabIndex = 0;
      cell(row, moment(trade.o)); cell(row, trade.y, "words"); cell(row, trade.g, "words"); cell(row, trade.d > 0 ? "long" : "short");
      cell(row, +trade.e.toPrecision(8)); cell(row, trade.l[trade.l.length - 1][2].toLowerCase().replace("_", " "), "words");
      cell(row, signed(trade.r, 2), trade.r >= 0 ? "up" : "down"); cell(row, signed(trade.p, 2) + " %");
      row.addEventListener("click", () => open(trade));
      row.addEventListener("keydown", (event) => { if (event.key === "Enter") open(trade); });
      body.appendChild(row);
    }
    where.textContent = shown.length ? `${page * PAGE + 1}-${Math.min(shown.length, (page + 1) * PAGE)} of ${shown.length}` : "none";
  }
  function open(trade) {
    dialog.querySelector("h2").textContent = `${trade.y}, ${trade.d > 0 ? "long" : "short"}, ${trade.g}: ${signed(trade.r, 2)} R`;
    dialog.querySelector(".why").textContent = trade.w;
    dialog.querySelector(".chart").innerHTML = drawing(trade);
    const list = dialog.querySelector("tbody");
    list.textContent = "";
    const add = (name, text) => {
      const row = document.createElement("tr");
      cell(row, name); cell(row, text, "words");
      list.appendChild(row);
    };
    add("opened", `${moment(trade.o)} UTC at ${+trade.e.toPrecision(10)}, stop ${+trade.s.toPrecision(10)}`);
    for (const [time, price, reason, quantity] of trade.l) add(reason.toLowerCase().replace("_", " "), `${moment(time)} UTC: ${quantity} at ${price}`);
    add("result", `${signed(trade.r, 3)} R net, ${signed(trade.q, 3)} R before costs, ${signed(trade.p, 3)} %`);
    add("costs", `fees ${trade.f}, funding ${trade.n}, slippage ${trade.x}`);
    add("best and worst point", `${signed(trade.m[0], 2)} R, ${signed(trade.m[1], 2)} R`);
    add("score", `${trade.k}`);
    for (const [name, points, reason] of trade.a) add(name, (points === null ? "n/a" : signed(points, 2)) + (reason ? ": " + reason : ""));
    if (!dialog.open) dialog.showModal();
  }
  find.addEventListener("input", () => { page = 0; render(); });
  order.addEventListener("change", () => { page = 0; render(); });
  document.getElementById("back").addEventListener("click", () => { page = Math.max(0, page - 1); render(); });
  document.getElementById("on").addEventListener("click", () => { if ((page + 1) * PAGE < shown.length) page++; render(); });
  dialog.querySelector("button").addEventListener("click", () => dialog.close());
  render();
}

if (typeof document !== "undefined") start(document);
if (typeof module !== "undefined") module.exports = { candles, drawing, start };
