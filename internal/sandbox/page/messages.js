import { button, chip, choice, empty, field, form, get, h, num, post, pre, query, show, table, time } from "./dom.js";

const limit = 100;
const states = ["", "pending", "delivered", "failed", "lost", "dropped"];

export async function messagesView({ box, params, go, redraw }) {
  const filter = { topic: params.get("topic") || "", key: params.get("key") || "", state: params.get("state") || "" };
  const [found, state] = await Promise.all([get("/messages" + query({ ...filter, limit })), get("/state")]);
  const act = (body) => post("/messages", body).then((a) => `${body.action}: ${a.affected} message${a.affected === 1 ? "" : "s"}`);
  const search = form([
    field("Topic or its end", "topic", { value: filter.topic, placeholder: "ORDER_PAY" }),
    field("Order or key", "key", { value: filter.key }),
    choice("State", "state", states, filter.state),
  ], "Show", async (v) => go(v));
  const all = h("div", { class: "row" },
    state.paused ? button("Let messages go", () => act({ action: "resume" }), redraw) : button("Hold messages", () => act({ action: "pause" }), redraw),
    button("Send failed ones again", () => act({ action: "resend-failed" }), redraw),
    button("Repeat the last 10 shuffled", () => act({ action: "shuffle", count: 10 }), redraw),
    button("Data as text", () => act({ action: "format", dataAs: "text" }).then(() => "data is sent as text")),
    button("Data as object", () => act({ action: "format", dataAs: "object" }).then(() => "data is sent as an object")));
  const list = [...found.messages].reverse().map((m) => message(m, act, redraw));
  show(box, search, all, h("p", { class: "quiet small" }, `${found.total} messages, newest first; `, subscribers(state)),
    list.length ? h("div", { class: "stack" }, list) : empty("No messages."), emit(act, redraw));
}

function subscribers(state) {
  const to = state.subscribers.map((s) => `${s.url} (${s.queued} waiting)`);
  return to.length ? "to " + to.join(", ") : "nobody subscribes: set ENTREPOT_SANDBOX_CALLBACKS";
}

function message(m, act, redraw) {
  const tries = m.deliveries.flatMap((d) => d.attempts.map((a) => [d.subscriber, d.state + (d.corrupt ? ", wrong signature" : ""), time(a.at), a.status || "", a.error || ""]));
  const one = (action) => act({ action, msgId: m.msgId });
  return h("div", { class: "card" },
    h("div", { class: "row" }, h("strong", { class: "grow" }, m.topic), m.deliveries.map((d) => chip(d.state))),
    h("p", { class: "small quiet" }, h("code", {}, m.msgId), " · ", m.bizKey && h("a", { href: "#/orders/" + m.bizKey }, m.bizKey), " · ", time(born(m.gmtBorn))),
    h("div", { class: "row" },
      button("Send again", () => one("resend"), redraw), button("Duplicate", () => one("duplicate"), redraw),
      button("Corrupt", () => one("corrupt"), redraw), button("Drop", () => one("drop"), redraw, "danger")),
    h("details", {}, h("summary", {}, `Body and ${tries.length} ${tries.length === 1 ? "try" : "tries"}`),
      tries.length > 0 && table(["To", "State", "At", num("HTTP"), "Error"], tries.map((t) => [t[0], t[1], t[2], num(t[3]), t[4]])),
      pre(m.data), h("h3", {}, "As sent"), pre(typeof m.message === "string" ? m.message : JSON.stringify(m.message))));
}

const born = (v) => (Number.isFinite(Number(v)) ? new Date(Number(v)).toISOString() : v);

function emit(act, redraw) {
  return h("details", { class: "card" }, h("summary", {}, "Send a message of your own"), form([
    field("Topic", "topic", { required: true, placeholder: "ORDER_BUYER_VIEW_ORDER_PAY" }),
    field("Key", "bizKey", {}),
    h("label", { class: "grow" }, "Data (JSON)", h("textarea", { name: "data", required: true }, "{}")),
  ], "Send", (v) => act({ action: "emit", topic: v.topic, bizKey: v.bizKey, data: JSON.parse(v.data) }), redraw));
}

export async function pushesView({ box, params, go }) {
  const filter = { kind: params.get("kind") || "", key: params.get("key") || "" };
  const found = await get("/pushes" + query({ ...filter, limit }));
  const search = form([
    choice("Kind", "kind", ["", "order", "relation", "logistics", "registration"], filter.kind),
    field("Key", "key", { value: filter.key }),
  ], "Show", async (v) => go(v));
  const sums = Object.entries(found.counts).map(([k, c]) => [k, num(c.total), num(c.keys)]);
  const list = [...found.items].reverse().map((p) => h("div", { class: "card" },
    h("div", { class: "row" }, h("strong", { class: "grow" }, p.kind, " ", h("code", {}, p.key)), (p.warnings || []).map((w) => h("span", { class: "chip bad" }, w))),
    h("p", { class: "small quiet" }, `no. ${p.seq}`, p.at ? " · " + time(p.at) : ""), h("details", {}, h("summary", {}, "Body"), pre(p))));
  show(box, h("p", { class: "quiet" }, "What the platform was told: orders, relations, parcels, registrations."), search,
    sums.length > 0 && h("div", { class: "card" }, table(["Kind", num("Pushes"), num("Keys")], sums)),
    h("p", { class: "quiet small" }, `${found.total} pushes, ${found.warnings} warnings`),
    list.length ? h("div", { class: "stack" }, list) : empty("Nothing was pushed."));
}
