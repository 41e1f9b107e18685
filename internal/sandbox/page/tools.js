import { button, facts, field, form, get, h, num, post, pre, show, table, time } from "./dom.js";

const steps = [["1 minute", 60], ["1 hour", 3600], ["12 hours", 43200], ["1 day", 86400], ["10 days", 864000], ["30 days", 2592000]];

const speeds = [["Real speed", 1], ["1 s = 1 minute", 60], ["1 s = 1 hour", 3600], ["1 s = 1 day", 86400]];

export async function clockView({ box, redraw }) {
  const c = await get("/clock");
  show(box, h("div", { class: "card stack" },
    h("h2", {}, time(c.now), " UTC"),
    facts([["Ahead of real time", `${c.offsetSeconds} s`], ["Speed", c.frozen ? "stands still" : `${c.speed} times`], ["Waiting for their time", c.timers]]),
    h("div", { class: "row" }, steps.map(([label, s]) => button("+ " + label, () => post("/clock", { advance: s }).then(() => `${label} later`), redraw))),
    h("div", { class: "row" }, c.frozen ? button("Let it run", () => post("/clock", { run: true }).then(() => "runs"), redraw, "main") : button("Freeze", () => post("/clock", { freeze: true }).then(() => "stands still"), redraw),
      speeds.map(([label, n]) => button(label, () => post("/clock", { speed: n }).then(() => label), redraw))),
    form([field("Set to (UTC)", "set", { type: "datetime-local", required: true, value: time(c.now).slice(0, 16).replace(" ", "T") })], "Set",
      (v) => post("/clock", { set: new Date(v.set + "Z").toISOString() }).then(() => "set"), redraw),
    h("p", { class: "quiet small" }, "Unpaid orders close after 12 hours, shipped ones succeed after 10 days. A jump runs everything that falls due, in order.")));
}

export async function appsView({ box, redraw }) {
  const [state, counters, { apps }, funds, carriers, identity] = await Promise.all(["/state", "/counters", "/apps", "/funds", "/carriers", "/identity"].map((p) => get(p)));
  const calls = Object.entries(counters.calls).sort().map(([k, c]) => [h("code", {}, k), num(c.received), num(c.executed), num(c.refused)]);
  show(box, h("div", { class: "stack" },
    h("div", { class: "card" }, h("h3", {}, "This sandbox"), facts([
      ["Gateway", h("code", {}, location.origin + "/openapi")], ["Seed", state.seed], ["Journal", state.persistent ? "kept on disk" : "memory only"],
    ])),
    apps.map((a) => appCard(a)),
    addApp(redraw),
    h("div", { class: "card" }, h("h3", {}, "The buyer's account"), settings(funds, "/funds", redraw)),
    h("div", { class: "card" }, h("h3", {}, "Carriers"), settings(carriers, "/carriers", redraw)),
    h("div", { class: "card" }, h("h3", {}, "Registration of members"), settings(identity, "/identity", redraw)),
    h("div", { class: "card" }, h("h3", {}, "Read"), h("ul", {},
      h("li", {}, h("a", { href: "/sandbox/v1/transcript" }, "Transcript"), ": every call and message, without times"),
      h("li", {}, h("a", { href: "/sandbox/v1/openapi.yaml" }, "API description"), " of /sandbox/v1"))),
    h("div", { class: "card" }, h("h3", {}, "Calls"), calls.length ? table(["API", num("Received"), num("Worked"), num("Refused")], calls) : h("p", { class: "quiet" }, "None yet."),
      Object.keys(counters.gatewayErrors).length > 0 && pre(counters.gatewayErrors)),
    h("div", { class: "card" }, h("h3", {}, "Start over"), h("p", { class: "quiet small" }, "Forgets orders, messages, faults and pushes, and builds the catalogue of the seed."),
      form([field("Seed", "seed", { type: "number", required: true, value: String(state.seed) })], "Reset",
        (v) => post("/reset", { seed: Number(v.seed) }).then(() => "everything is new"), redraw))));
}

function appCard({ app, memberId, resourceOwner, code }) {
  const key = (v) => v && h("code", {}, v);
  return h("div", { class: "card" }, h("h3", {}, "App ", key(app.key)), facts([
    ["Secret", key(app.secret)], ["Access token", key(app.token) || "none needed"], ["Authorisation code", h("span", {}, key(code), " (once)")],
    ["Buyer", `${resourceOwner}, ${memberId}`], ["Profile", app.profile], ["Calls per second", app.rate], ["Refused APIs", (app.deny || []).join(", ")],
    ["Allowed APIs", (app.allow || []).join(", ")], ["Messages to", (app.callbacks || []).join(", ")],
  ]), h("p", { class: "quiet small" }, "Made up, and worth nothing anywhere else."));
}

function addApp(redraw) {
  return h("details", { class: "card" }, h("summary", {}, "Add an app, or replace one"), form([
    h("label", { class: "grow" }, "App (JSON, see the API description)", h("textarea", { name: "app", required: true }, '{"key": "7000001", "secret": "s", "token": "t", "rate": 5, "callbacks": []}')),
  ], "Add", (v) => post("/apps", JSON.parse(v.app)).then(() => "added"), redraw));
}

// settings is a form for a flat object: numbers and switches, posted to where it came from.
function settings(values, path, redraw) {
  const names = Object.keys(values);
  const inputs = names.map((k) => typeof values[k] === "boolean"
    ? h("label", { class: "inline" }, h("input", { type: "checkbox", name: k, checked: values[k] }), k)
    : field(k, k, { type: "number", value: String(values[k]) }));
  return form(inputs, "Set", (v) => {
    const body = {};
    for (const k of names) body[k] = typeof values[k] === "boolean" ? k in v : Number(v[k]);
    return post(path, body).then(() => "set");
  }, redraw);
}
