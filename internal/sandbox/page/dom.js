// The few helpers every view uses. Text only ever becomes a text node, so nothing that arrives can turn into markup.

const base = "/sandbox/v1";

export async function api(method, path, body) {
  const init = { method, headers: {} };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers["Content-Type"] = "application/json";
  }
  const answer = await fetch(base + path, init);
  const text = await answer.text();
  let data;
  try {
    data = JSON.parse(text);
  } catch {
    data = { error: text.slice(0, 300) };
  }
  if (!answer.ok) throw new Error(data.error || `HTTP ${answer.status}`);
  return data;
}

export const get = (path) => api("GET", path);
export const post = (path, body = {}) => api("POST", path, body);
export const del = (path) => api("DELETE", path);

// query builds "?a=b" from what is not empty.
export function query(params) {
  const q = new URLSearchParams();
  for (const [k, v] of Object.entries(params)) if (v !== "" && v !== undefined && v !== null) q.set(k, v);
  const s = q.toString();
  return s ? "?" + s : "";
}

// h makes an element: properties by name, on* as listeners, the rest of the arguments as children.
export function h(tag, props, ...children) {
  const el = document.createElement(tag);
  for (const [k, v] of Object.entries(props || {})) {
    if (v === undefined || v === null || v === false) continue;
    if (k.startsWith("on")) el.addEventListener(k.slice(2), v);
    else if (k === "class") el.className = v;
    else if (k in el && typeof v !== "string") el[k] = v;
    else el.setAttribute(k, v);
  }
  add(el, children);
  return el;
}

export function add(el, children) {
  for (const c of children.flat(Infinity)) if (c !== undefined && c !== null && c !== false) el.append(c instanceof Node ? c : String(c));
}

export function show(el, ...children) {
  el.replaceChildren();
  add(el, children);
}

export function toast(text, bad) {
  const el = h("div", { class: bad ? "toast bad" : "toast" }, text);
  document.getElementById("toasts").append(el);
  setTimeout(() => el.remove(), bad ? 7000 : 3000);
}

// button runs work once at a time, says what came of it and then lets the view draw itself again.
export function button(label, work, after, cls) {
  const b = h("button", { type: "button", class: cls, onclick: () => attempt(b, work, after) }, label);
  return b;
}

export async function attempt(control, work, after) {
  control.disabled = true;
  try {
    const said = await work();
    if (typeof said === "string") toast(said);
    if (after) await after();
  } catch (e) {
    toast(e.message, true);
  } finally {
    control.disabled = false;
  }
}

// form calls submit with an object of the fields' values.
export function form(fields, label, submit, after) {
  const go = h("button", { class: "main", type: "submit" }, label);
  return h("form", {
    class: "row",
    onsubmit: (e) => {
      e.preventDefault();
      attempt(go, () => submit(Object.fromEntries(new FormData(e.target))), after);
    },
  }, fields, go);
}

export const field = (label, name, props) => h("label", {}, label, h("input", { name, autocomplete: "off", ...props }));

export function choice(label, name, values, chosen) {
  const options = values.map((v) => {
    const [value, text] = Array.isArray(v) ? v : [v, v === "" ? "any" : v];
    return h("option", { value, selected: value === chosen }, text);
  });
  return h("label", {}, label, h("select", { name }, options));
}

export function table(heads, rows) {
  const cell = (tag, c) => (c && c.num !== undefined ? h(tag, { class: "num" }, c.num) : h(tag, {}, c));
  return h("div", { class: "scroll" }, h("table", {},
    h("thead", {}, h("tr", {}, heads.map((x) => cell("th", x)))),
    h("tbody", {}, rows.map((r) => h("tr", {}, r.map((x) => cell("td", x)))))));
}

export const num = (v) => ({ num: v });

export function yuan(fen) {
  if (fen === undefined || fen === null) return "";
  const n = BigInt(fen);
  const a = n < 0n ? -n : n;
  return `${n < 0n ? "-" : ""}¥${a / 100n}.${String(a % 100n).padStart(2, "0")}`;
}

export const time = (t) => (t ? String(t).replace("T", " ").replace(/\.\d+/, "").replace("Z", "") : "");

export const pre = (v) => h("pre", {}, typeof v === "string" ? v : JSON.stringify(v, null, 2));

// facts is a list of names and values; empty ones are left out.
export function facts(pairs) {
  const out = [];
  for (const [k, v] of pairs) if (v !== undefined && v !== null && v !== "") out.push(h("dt", {}, k), h("dd", {}, v));
  return h("dl", {}, out);
}

const tones = {
  success: "good", delivered: "good", refundsuccess: "good", accepted: "good", paid: "good",
  cancel: "bad", terminated: "bad", failed: "bad", lost: "bad", dropped: "bad", refundclose: "bad",
};

export const chip = (text) => h("span", { class: "chip " + (tones[text] || (/^(wait|pending)/.test(text) ? "wait" : "")) }, text);

export const empty = (text) => h("p", { class: "empty" }, text);
