import { button, facts, field, form, get, h, num, post, pre, show, table, time } from "./dom.js";

const steps = [["1 minute", 60], ["1 hour", 3600], ["12 hours", 43200], ["1 day", 86400], ["10 days", 864000], ["30 days", 2592000]];

export async function clockView({ box, redraw }) {
  const c = await get("/clock");
  show(box, h("div", { class: "card stack" },
    h("h2", {}, time(c.now), " UTC"),
    facts(Object.entries(c).filter(([k]) => k !== "now").map(([k, v]) => [k, String(v)])),
    h("div", { class: "row" }, steps.map(([label, s]) => button("+ " + label, () => post("/clock", { advance: s }).then(() => `${label} later`), redraw))),
    form([field("Set to (UTC)", "set", { type: "datetime-local", required: true, value: time(c.now).slice(0, 16).replace(" ", "T") })], "Set",
      (v) => post("/clock", { set: new Date(v.set + "Z").toISOString() }).then(() => "set"), redraw),
    h("p", { class: "quiet small" }, "Unpaid orders close after 12 hours, shipped ones succeed after 10 days. A jump runs everything that falls due, in order.")));
}

export async function appsView({ box, redraw }) {
  const [state, counters] = await Promise.all([get("/state"), get("/counters")]);
  const calls = Object.entries(counters.calls).sort().map(([k, c]) => [h("code", {}, k), num(c.received), num(c.executed), num(c.refused)]);
  show(box, h("div", { class: "stack" },
    h("div", { class: "card" }, h("h3", {}, "This sandbox"), facts([
      ["Gateway", h("code", {}, location.origin + "/openapi")], ["Apps", state.apps.map((a) => a.key || a).join(", ")], ["Seed", state.seed], ["Journal", state.persistent ? "kept on disk" : "memory only"],
    ])),
    h("div", { class: "card" }, h("h3", {}, "Read"), h("ul", {},
      h("li", {}, h("a", { href: "/sandbox/v1/transcript" }, "Transcript"), ": every call and message, without times"),
      h("li", {}, h("a", { href: "/sandbox/v1/openapi.yaml" }, "API description"), " of /sandbox/v1"))),
    h("div", { class: "card" }, h("h3", {}, "Calls"), calls.length ? table(["API", num("Received"), num("Worked"), num("Refused")], calls) : h("p", { class: "quiet" }, "None yet."),
      Object.keys(counters.gatewayErrors).length > 0 && pre(counters.gatewayErrors)),
    h("div", { class: "card" }, h("h3", {}, "Start over"), h("p", { class: "quiet small" }, "Forgets orders, messages, faults and pushes, and builds the catalogue of the seed."),
      form([field("Seed", "seed", { type: "number", required: true, value: String(state.seed) })], "Reset",
        (v) => post("/reset", { seed: Number(v.seed) }).then(() => "everything is new"), redraw))));
}
