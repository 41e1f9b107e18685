import { get, h, show, time, toast } from "./dom.js";
import { offersView, offerView } from "./offers.js";
import { ordersView, orderView } from "./orders.js";
import { messagesView, pushesView } from "./messages.js";
import { faultsView } from "./faults.js";
import { clockView, appsView } from "./tools.js";

const main = document.getElementById("main");

// live views are drawn again when the counts of the state change.
const views = [
  { name: "offers", title: "Catalogue", draw: offersView, one: offerView },
  { name: "orders", title: "Orders", draw: ordersView, one: orderView, live: true },
  { name: "messages", title: "Messages", draw: messagesView, live: true },
  { name: "pushes", title: "Pushes", draw: pushesView, live: true },
  { name: "faults", title: "Faults", draw: faultsView },
  { name: "clock", title: "Clock", draw: clockView },
  { name: "apps", title: "Apps and tools", draw: appsView },
];

let current, turn = 0, seen = "";

// place reads "#/orders/123?status=x".
function place() {
  const [path, search] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, ...rest] = path.split("/");
  const view = views.find((v) => v.name === name) || views[0];
  return { view, id: rest.map(decodeURIComponent).join("/"), params: new URLSearchParams(search) };
}

async function draw(keep) {
  const { view, id, params } = place();
  const mine = ++turn;
  current = view;
  nav();
  document.title = `${view.title} - Simulated 1688`;
  const at = keep ? window.scrollY : 0;
  const box = h("div", {});
  try {
    await (id && view.one ? view.one : view.draw)({ box, id, params, redraw: () => draw(true), go });
  } catch (e) {
    show(box, h("p", { class: "empty" }, e.message));
  }
  if (mine !== turn) return; // somebody has gone elsewhere meanwhile
  show(main, box);
  window.scrollTo(0, at);
  summary();
}

// go changes the parameters of the current view.
function go(params) {
  const q = new URLSearchParams();
  for (const [k, v] of Object.entries(params)) if (v) q.set(k, v);
  const hash = `#/${current.name}` + (q.size ? "?" + q : "");
  if (location.hash === hash) draw();
  else location.hash = hash;
}

function nav() {
  show(document.getElementById("nav"), views.map((v) =>
    h("a", { href: "#/" + v.name, "aria-current": v === current ? "page" : undefined }, v.title)));
}

async function summary() {
  try {
    const s = await get("/state");
    document.getElementById("summary").textContent =
      `${time(s.now)} UTC · seed ${s.seed} · ${s.offers} offers · ${s.orders} orders · ${s.messages} messages` + (s.paused ? " (held)" : "");
    return JSON.stringify([s.orders, s.messages, s.deliveries, s.pushes]);
  } catch (e) {
    document.getElementById("summary").textContent = "no answer: " + e.message;
    return "";
  }
}

// watch looks every three seconds; it never takes the page from somebody who is typing or has something open.
async function watch() {
  if (!document.hidden) {
    const now = await summary();
    const busy = main.querySelector("details[open]") || (main.contains(document.activeElement) && document.activeElement !== main);
    if (now && seen && now !== seen && current?.live && !busy) await draw(true);
    if (now) seen = now;
  }
  setTimeout(watch, 3000);
}

window.addEventListener("hashchange", () => draw().then(() => main.focus({ preventScroll: true })));
window.addEventListener("unhandledrejection", (e) => toast(e.reason?.message || String(e.reason), true));
document.addEventListener("keydown", (e) => {
  if (e.altKey || e.ctrlKey || e.metaKey || e.target.closest("input, textarea, select")) return;
  const n = Number(e.key);
  if (e.key === "/") {
    e.preventDefault();
    main.querySelector("input")?.focus();
  } else if (n >= 1 && n <= views.length) location.hash = "#/" + views[n - 1].name;
  else if (e.key === "r") draw(true);
});
draw().then(watch);
