import { button, chip, choice, empty, facts, field, form, get, h, num, post, query, show, table, yuan } from "./dom.js";

const page = 60;
const languages = ["zh", "en", "ja", "ko", "vi", "ms", "th", "id", "ru"];

const title = (o, lang) => o.titles[lang] || o.titles.en || o.titles.zh;

function language(params) {
  const own = navigator.language.slice(0, 2);
  return params.get("lang") || (languages.includes(own) ? own : "en");
}

export async function offersView({ box, params, go }) {
  const lang = language(params);
  const filter = { keyword: params.get("keyword") || "", trait: params.get("trait") || "" };
  const limit = Number(params.get("limit")) || page;
  const found = await get("/offers" + query({ ...filter, limit }));
  const search = form([
    h("label", { class: "grow" }, "Search in any language", h("input", { name: "keyword", type: "search", value: filter.keyword, placeholder: "手机壳, phone case, スマホケース, ốp lưng ..." })),
    choice("Trait", "trait", ["", ...(found.traits || [])], filter.trait),
    choice("Titles in", "lang", languages, lang),
  ], "Search", async (v) => go(v));
  const tiles = found.offers.map((o) => h("a", { class: "tile", href: `#/offers/${o.offerId}?lang=${lang}` },
    h("img", { src: o.picture, alt: "", loading: "lazy", width: "240", height: "240" }),
    h("div", {}, h("p", { class: "name", lang }, title(o, lang)),
      h("span", { class: "price" }, yuan(o.priceFen)), h("span", { class: "quiet small" }, `  from ${o.minOrderQuantity}`))));
  show(box, search, h("p", { class: "quiet small" }, `${found.total} offers`),
    tiles.length ? h("div", { class: "grid" }, tiles) : empty("Nothing fits. Another word, or no trait?"),
    found.total > found.offers.length && h("p", {}, button("Show more", async () => go({ ...filter, lang, limit: limit + page }))));
}

export async function offerView({ box, id, params, redraw }) {
  const lang = language(params);
  const o = await get("/offers/" + encodeURIComponent(id));
  const skus = table(["SKU", "Spec", "Colour", "Size", num("Price"), "Stock"], o.skus.map((k) => [
    h("code", {}, k.skuId), h("code", {}, k.specId || "-"), k.colour || "", k.size || "", num(yuan(k.priceFen)), stock(o, k, redraw),
  ]));
  show(box, h("div", { class: "two" },
    h("img", { src: o.picture, alt: title(o, "en"), width: "300", height: "300" }),
    h("div", { class: "stack" },
      h("div", { class: "card" }, h("h2", { lang }, title(o, lang)), facts([
        ["Offer", h("code", {}, o.offerId)],
        ["Price", yuan(o.priceFen)],
        ["Least pieces", o.minOrderQuantity],
        ["Lot", o.batchNumber || ""],
        ["Quote type", o.quoteType],
        ["Seller", h("code", {}, o.sellerMemberId)],
        ["Traits", o.traits.length ? h("span", { class: "row" }, o.traits.map(chip)) : "none"],
        ["Followed by", (o.followers || []).join(", ")],
        ["On sale", o.deleted ? "deleted" : o.traits.includes("delisted") ? "no" : "yes"],
      ]), h("h3", {}, "Do"), actions(o, redraw)),
      h("div", { class: "card" }, h("h3", {}, "SKUs"), skus),
      h("div", { class: "card" }, h("details", {}, h("summary", {}, "Titles"),
        facts(Object.entries(o.titles).map(([l, t]) => [l, h("span", { lang: l }, t)])))))));
}

const withInput = ["price", "stock"];

function actions(o, redraw) {
  const act = (name, body) => post(`/offers/${o.offerId}/actions/${name}`, body).then(() => `${name}: done`);
  return [h("div", { class: "row" },
    button("Order it", async () => {
      const made = await post("/orders", { offerId: o.offerId });
      location.hash = "#/orders/" + made.orders[0].orderId;
    }, null, "main"),
    (o.actions || []).filter((a) => !withInput.includes(a.name)).map((a) => button(a.label, () => act(a.name), redraw))),
  h("div", { class: "row" }, form([field("New price in fen", "priceFen", { type: "number", min: "1", value: String(o.priceFen), required: true })], "Set price",
    (v) => act("price", { priceFen: Number(v.priceFen) }), redraw))];
}

function stock(o, k, redraw) {
  return form([h("input", { name: "to", type: "number", min: "0", value: String(k.stock), "aria-label": "Stock of " + k.skuId, class: "short" })], "Set",
    (v) => post(`/offers/${o.offerId}/actions/stock`, { skuId: k.skuId, to: Number(v.to) }).then(() => "stock set"), redraw);
}
