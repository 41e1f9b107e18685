import { button, choice, del, empty, field, form, get, h, num, post, show, table } from "./dom.js";

export async function faultsView({ box, redraw }) {
  const [found, all] = await Promise.all([get("/faults"), get("/faults/kinds")]);
  const kinds = (side) => all.kinds.filter((k) => k.side === side).map((k) => [k.kind, `${k.kind}: ${k.text}`]);
  const rows = found.faults.map((f) => [
    num(f.id), f.kind, h("code", {}, f.api || f.topic || "every message"), num(f.count || "until deleted"), num(f.probability || "always"),
    num(f.delayMs || ""), num(f.used), rest(f), button("Delete", () => del("/faults?id=" + f.id).then(() => "deleted"), redraw, "danger"),
  ]);
  const numbers = [
    field("Times (0 = until deleted)", "count", { type: "number", min: "0", value: "1" }),
    field("Probability (0 = always)", "probability", { type: "number", min: "0", max: "1", step: "0.01", value: "0" }),
    field("Delay in ms", "delayMs", { type: "number", min: "0", value: "0" }),
    field("Only about order", "orderId", {}), field("Only about your order", "outOrderId", {}), field("Only about offer", "offerId", {}),
  ];
  const copy = () => numbers.map((n) => n.cloneNode(true));
  const send = (v) => {
    const body = { kind: v.kind, count: Number(v.count), probability: Number(v.probability), delayMs: Number(v.delayMs) };
    for (const k of ["api", "topic", "orderId", "outOrderId", "offerId"]) if (v[k]) body[k] = v[k];
    return post("/faults", body).then((f) => `fault ${f.id} set`);
  };
  show(box,
    h("div", { class: "card" }, h("h3", {}, "A call goes wrong"), form([
      choice("Kind", "kind", kinds("api")), field("API, its end or *", "api", { required: true, value: "createCrossOrder" }), copy(),
    ], "Set", send, redraw)),
    h("div", { class: "card" }, h("h3", {}, "A message goes wrong"), form([
      choice("Kind", "kind", kinds("message")), field("Topic or its end", "topic", { placeholder: "empty = all" }), copy(),
    ], "Set", send, redraw)),
    random(found.random, redraw),
    h("h3", {}, "Set now"),
    rows.length
      ? h("div", { class: "card" }, table([num("No."), "Kind", "Of", num("Times"), num("Probability"), num("Delay"), num("Struck"), "", ""], rows),
        h("p", {}, button("Delete all", () => del("/faults").then((a) => `${a.deleted} deleted`), redraw, "danger")))
      : empty("Everything works as it should."));
}

function random(r, redraw) {
  return h("div", { class: "card" }, h("h3", {}, "Random mode"),
    h("p", { class: "quiet small" }, r.level ? `Level ${r.level}, seed ${r.seed}: ${r.struck} struck so far.` : "Off. Each level strikes 2 % of the calls and 3 % of the messages; the same seed strikes the same ones."),
    form([
      field("Level (0 = off, to 10)", "level", { type: "number", min: "0", max: "10", value: String(r.level || 1) }),
      field("Seed (empty = a new one)", "seed", { type: "number", value: r.level ? String(r.seed) : "" }),
    ], "Set", (v) => post("/random", { level: Number(v.level), seed: Number(v.seed) }).then((a) => (a.level ? `level ${a.level}, seed ${a.seed}` : "off")), redraw));
}

// rest shows members a later version may know.
function rest(f) {
  const known = ["id", "kind", "api", "topic", "count", "probability", "delayMs", "used"];
  return Object.entries(f).filter(([k]) => !known.includes(k)).map(([k, v]) => `${k} ${v}`).join(", ");
}
