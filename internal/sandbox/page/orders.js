import { button, chip, choice, empty, facts, form, get, h, num, post, pre, query, show, table, time, yuan } from "./dom.js";

const statuses = ["", "waitbuyerpay", "waitsellersend", "waitbuyerreceive", "confirm_goods", "success", "cancel", "terminated"];
const limit = 100;
const moves = ["accept", "transport", "deliver", "agent-sign", "sign", "fail", "change-mail-no"];

export async function ordersView({ box, params, go, redraw }) {
  const filter = { status: params.get("status") || "", outOrderId: params.get("outOrderId") || "" };
  const found = await get("/orders" + query({ ...filter, limit }));
  const search = form([
    h("label", { class: "grow" }, "Your order id (outOrderId)", h("input", { name: "outOrderId", value: filter.outOrderId, type: "search" })),
    choice("Status", "status", statuses, filter.status),
  ], "Show", async (v) => go(v));
  const rows = found.orders.map((o) => [
    h("a", { href: "#/orders/" + o.orderId }, h("code", {}, o.orderId)), o.outOrderId, chip(o.status), num(yuan(o.totalFen)),
    num(o.lines.reduce((n, l) => n + l.quantity, 0)), num(o.parcels.length), time(o.createdAt),
  ]);
  show(box, search, h("div", { class: "row" }, h("p", { class: "quiet small grow" }, `${found.total} orders, newest first`),
    button("Make an order", async () => {
      const made = await post("/orders");
      return `order ${made.orders[0].orderId} made`;
    }, redraw)),
  rows.length
    ? h("div", { class: "card" }, table(["Order", "Your id", "Status", num("Total"), num("Pieces"), num("Parcels"), "Created (UTC)"], rows))
    : empty("No orders yet. Make one here, or send createCrossOrder to the gateway."));
}

export async function orderView({ box, id, redraw }) {
  const o = await get("/orders/" + encodeURIComponent(id));
  const { refunds } = await get("/refunds?orderId=" + o.orderId);
  const act = (name, body) => post(`/orders/${o.orderId}/actions/${name}`, body || {}).then(() => `${name}: done`);
  const group = (title, list) => list.length > 0 && [h("h3", {}, title), h("div", { class: "row" }, list.map((a) => button(a.label, () => act(a.name), redraw)))];
  const list = o.actions || [];
  const refund = (a) => /^(refund|arbitration)-/.test(a.name);
  show(box,
    h("p", {}, h("a", { href: "#/orders" }, "All orders")),
    h("div", { class: "row" }, h("h2", { class: "grow" }, "Order ", h("code", {}, o.orderId)), chip(o.status)),
    h("div", { class: "stack" },
      h("div", { class: "card" }, facts([
        ["Your id", o.outOrderId],
        ["Goods", yuan(o.goodsFen)], ["Freight", yuan(o.freightFen)], ["Discount", o.discountFen ? yuan(o.discountFen) : ""],
        ["Total", h("strong", {}, yuan(o.totalFen))],
        ["Created", time(o.createdAt)], ["Paid", time(o.paidAt)], ["Changed", time(o.modifiedAt)],
        ["Closed", [o.closeType, o.closeReason].filter(Boolean).join(", ")],
        ["Seller", h("code", {}, o.sellerMemberId)], ["Buyer", h("code", {}, o.buyerMemberId)],
        ["Flow", [o.flow, o.tradeType].filter(Boolean).join(", ")],
      ]), cashier(o)),
      h("div", { class: "card" },
        group("Order", list.filter((a) => !moves.includes(a.name) && !refund(a))),
        group("All parcels", o.parcels.length ? list.filter((a) => moves.includes(a.name)) : []),
        group("Refunds", list.filter(refund)),
        list.length === 0 && h("p", { class: "quiet" }, "Nothing more can happen to this order."),
        withBody(list, act, redraw)),
      h("div", { class: "card" }, h("h3", {}, "Lines"), lines(o)),
      o.parcels.map((p) => parcel(p, list.filter((a) => moves.includes(a.name)), act, redraw)),
      refunds.map((r) => refundCard(r)),
      h("p", {}, h("a", { href: "#/messages?key=" + o.orderId }, "Messages of this order"), " · ",
        h("a", { href: "#/pushes?key=" + encodeURIComponent(o.outOrderId) }, "Pushes of this order")),
      h("details", {}, h("summary", {}, "All fields"), pre(o))));
}

function cashier(o) {
  if (!o.cashier?.length) return null;
  return [h("h3", {}, "Pay links"), h("ul", {}, o.cashier.map((c) => h("li", {}, h("a", { href: c.path, target: "_blank", rel: "noopener" }, c.channel), " ", chip(c.state || ""))))];
}

function withBody(list, act, redraw) {
  return list.length > 0 && h("details", {}, h("summary", {}, "With your own values"),
    form([
      choice("Action", "action", list.map((a) => [a.name, a.label])),
      h("label", { class: "grow" }, "Body (JSON, see the API description)", h("textarea", { name: "body", placeholder: '{"discountFen": -100}' })),
    ], "Do it", (v) => act(v.action, v.body.trim() ? JSON.parse(v.body) : {}), redraw));
}

function lines(o) {
  return table(["Line", "Offer", "SKU", num("Pieces"), num("Each"), num("Sum"), num("Shipped"), "Status"], o.lines.map((l) => [
    h("code", {}, l.subItemId), h("a", { href: "#/offers/" + l.offerId }, h("code", {}, l.offerId)), h("code", {}, l.skuId),
    num(l.quantity), num(yuan(l.unitFen)), num(yuan(l.amountFen)), num(l.shipped), chip(l.status),
  ]));
}

function parcel(p, list, act, redraw) {
  return h("div", { class: "card" },
    h("div", { class: "row" }, h("h3", { class: "grow" }, `Parcel ${p.carrier} `, h("code", {}, p.billNo)), chip(p.status)),
    h("p", { class: "small quiet" }, h("code", {}, p.logisticsId), " · ", p.items.map((i) => `${i.quantity} of ${i.subItemId}`).join(", ")),
    h("div", { class: "row" }, list.map((a) => button(a.label, () => act(a.name, { parcel: p.logisticsId }), redraw))),
    h("ol", { class: "steps" }, p.steps.map((s) => h("li", {}, [time(s.at), s.node, s.text].join(" · ")))));
}

function refundCard(r) {
  const plain = (k) => !["refundId", "orderId", "status", "items", "operations", "vouchers"].includes(k);
  const text = ([k, v]) => [k, k.endsWith("Fen") ? yuan(v) : k.endsWith("At") ? time(v) : String(v ?? "")];
  return h("div", { class: "card" },
    h("div", { class: "row" }, h("h3", { class: "grow" }, "Refund ", h("code", {}, r.refundId)), chip(r.status)),
    facts(Object.entries(r).filter(([k]) => plain(k)).map(text)),
    h("p", { class: "small quiet" }, r.items.map((i) => `${i.count} of ${i.subItemId}`).join(", ")),
    r.vouchers.map((v) => h("p", { class: "small" }, h("code", {}, v))),
    h("ol", { class: "steps" }, r.operations.map((s) => h("li", {}, [time(s.at), s.operator, s.action, `${s.before || "new"} → ${s.after}`, s.text].filter(Boolean).join(" · ")))));
}
