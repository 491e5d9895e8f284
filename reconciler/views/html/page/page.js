// Draws the entries of a review when they come into view. The data is in the page (reconciler/views/html/view.py
// has its form); text only ever becomes text nodes and attributes, never markup.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const VERBS = ["add", "update", "unlabel", "live-only"], SIGNS = ["+", "~", "-", "!"];
  const SVG = "http://www.w3.org/2000/svg";
  const CHUNK = 20, PRINTED = 200;
  const at = { dataset: 0, number: 1, verb: 2, key: 3, words: 4, place: 5, risk: 6, origin: 7, kinds: 8, groups: 9, body: 10 };
  const app = document.getElementById("app"), large = document.getElementById("large");
  const digits = new Intl.NumberFormat("en");

  // ---- small makers ------------------------------------------------------------------------------------------------
  const put = (parent, ...children) => {
    for (const child of children.flat()) if (child !== null && child !== undefined && child !== "") parent.append(child);
    return parent;
  };
  const set = (element, attributes) => {
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
    }
    return element;
  };
  const el = (name, attributes, ...children) => put(set(document.createElement(name), attributes || {}), ...children);
  const svg = (name, attributes, ...children) => put(set(document.createElementNS(SVG, name), attributes || {}), ...children);
  const figure = (number) => String(Math.round(number * 1000) / 1000);
  const signed = (number) => (number < 0 ? "-" : "+") + figure(Math.abs(number));
  const counted = (number, one, many) => `${digits.format(number)} ${number === 1 ? one : many}`;
  const label = (number) => data.labels[number];
  // What is said in pieces: a name is an array that holds it.
  const pieces = (words) => words.map((piece) => (Array.isArray(piece) ? el("code", {}, piece[0]) : piece));

  // ---- boxes -------------------------------------------------------------------------------------------------------
  // A box in data: [0 same | 1 removed | 2 added, label, left, top, width, height], or for one that changed
  // [4 moved + 8 resized + 16 relabelled, label, left, top, width, height, label, left, top, width, height, overlap].
  const boxOf = (row) => {
    const first = { label: row[1], left: row[2], top: row[3], width: row[4], height: row[5] };
    if (row[0] === 0) return { kind: "same", before: first, after: first };
    if (row[0] === 1) return { kind: "removed", before: first };
    if (row[0] === 2) return { kind: "added", after: first };
    const after = { label: row[6], left: row[7], top: row[8], width: row[9], height: row[10] };
    const kind = row[0] & 16 ? "relabelled" : row[0] & 8 ? "resized" : "moved";
    return { kind, bits: row[0], before: first, after, overlap: row[11] };
  };
  const size = (box) => `${figure(box.width)}x${figure(box.height)} at ${figure(box.left)}, ${figure(box.top)}`;
  const boxWords = (box) => {
    if (box.kind === "removed") return `${label(box.before.label)} ${size(box.before)} removed`;
    if (box.kind === "added") return `${label(box.after.label)} ${size(box.after)} added`;
    const { before, after } = box, parts = [];
    parts.push(before.label === after.label ? label(before.label) : `${label(before.label)} → ${label(after.label)}`);
    if (before.width !== after.width || before.height !== after.height)
      parts.push(`resized by ${signed(after.width - before.width)} x ${signed(after.height - before.height)} px`);
    if (before.left !== after.left || before.top !== after.top)
      parts.push(`moved by ${signed(after.left - before.left)}, ${signed(after.top - before.top)} px`);
    parts.push(`overlap ${Math.round(box.overlap * 100)} %`);
    return parts.join(", ");
  };
  const moves = (box) => box.before && box.after && box.kind !== "same" && ["left", "top", "width", "height"].some((side) => box.before[side] !== box.after[side]);

  // ---- pictures ----------------------------------------------------------------------------------------------------
  // EXIF orientation as a matrix over the stored picture of width w and height h.
  const TURNS = {
    5: () => "matrix(0 1 1 0 0 0)",
    6: (w, h) => `matrix(0 1 -1 0 ${h} 0)`,
    7: (w, h) => `matrix(0 -1 -1 0 ${h} ${w})`,
    8: (w) => `matrix(0 -1 1 0 0 ${w})`,
  };
  const sheetOf = (body, picture, boxes, side) => {
    const stated = (side === "before" ? body.s || body.t : body.t || body.s) || [];
    let [width, height] = picture && picture[1] ? [picture[1], picture[2]] : stated[0] || [0, 0];
    let turn = null;
    if (picture && TURNS[picture[3]] && stated.length && stated[0][0] === height && stated[0][1] === width) {
      turn = TURNS[picture[3]](width, height);
      if (width !== height) [width, height] = [height, width];
    }
    let left = 0, top = 0, right = width, bottom = height;
    for (const { before, after } of boxes)
      for (const box of [before, after])
        if (box) {
          left = Math.min(left, box.left); top = Math.min(top, box.top);
          right = Math.max(right, box.left + box.width); bottom = Math.max(bottom, box.top + box.height);
        }
    const outside = width && (left < 0 || top < 0 || right > width || bottom > height);
    return { width: width || right, height: height || bottom, left, top, right, bottom, turn, outside, known: Boolean(width) };
  };
  const rectangle = (box, name) => svg("rect", { class: name, x: box.left, y: box.top, width: box.width, height: box.height });
  const tag = (box, text, kind, unit, sheet) => {
    const inside = box.top - unit * 0.35 < sheet.top + unit, width = text.length * unit * 0.62;
    const left = Math.max(sheet.left + unit * 0.2, Math.min(box.left, sheet.right - width));
    return svg("text", {
      class: `c-${kind}`, "font-size": unit, "stroke-width": unit * 0.22, x: left, y: inside ? box.top + unit : box.top - unit * 0.35,
    }, text);
  };
  const drawing = (body, boxes, side, tagged = true) => {
    const picture = body.i ? data.pictures[body.i - 1] : null;
    const sheet = sheetOf(body, picture, boxes, side);
    const wide = sheet.right - sheet.left || 1, high = sheet.bottom - sheet.top || 1;
    const unit = 13 * Math.max(wide / 500, high / 430);
    const image = svg("svg", { class: picture && picture[0] ? "image" : "image bare", viewBox: `${sheet.left} ${sheet.top} ${wide} ${high}`, role: "img", "aria-label": `${side}: ${counted(boxes.filter((box) => box[side]).length, "box", "boxes")}` });
    if (picture && picture[0]) {
      image.append(svg("image", { href: picture[0], width: picture[1], height: picture[2], preserveAspectRatio: "none", transform: sheet.turn }));
    } else {
      image.append(svg("rect", { class: "sheet", width: sheet.width, height: sheet.height }));
    }
    const changed = boxes.filter((box) => box.kind !== "same").length;
    let number = 0;
    const groups = [];
    for (const box of boxes) {
      if (box.kind !== "same") number += 1;
      const here = box[side];
      if (!here) continue;
      const name = box.kind === "same" ? "box same" : `box b-${box.kind}`;
      const group = svg("g", box.kind === "same" ? {} : { "data-box": number }, svg("title", {}, box.kind === "same" ? `${label(here.label)} ${size(here)}` : boxWords(box)));
      if (side === "after" && moves(box)) {
        const old = box.before;
        group.append(rectangle(old, "under"), rectangle(old, `${name} old`));
        group.append(svg("line", { class: `way b-${box.kind}`, x1: old.left + old.width / 2, y1: old.top + old.height / 2, x2: here.left + here.width / 2, y2: here.top + here.height / 2 }));
      }
      group.append(rectangle(here, "under"), rectangle(here, name));
      if (!tagged) { /* too small to read */ }
      else if (box.kind !== "same") group.append(tag(here, changed > 8 ? `${number}` : `${number} ${label(here.label)}`, box.kind, unit, sheet));
      else if (boxes.length <= 6) group.append(tag(here, label(here.label), "same", unit * 0.85, sheet));
      groups.push([box.kind === "same" ? 0 : 1, group]);
    }
    groups.sort((one, other) => one[0] - other[0]);
    image.append(...groups.map((pair) => pair[1]));
    return { image, sheet };
  };

  // ---- one entry ---------------------------------------------------------------------------------------------------
  const link = (row) => {
    const dataset = data.datasets[row[at.dataset]];
    if (!dataset.console) return null;
    const parts = /^s3:\/\/([^/]+)\/([^]+)$/.exec(row[at.body].l || dataset.base + row[at.key]);
    if (!parts) return null;
    const region = dataset.region ? `region=${encodeURIComponent(dataset.region)}&` : "";
    return el("a", { href: `${dataset.console}/s3/object/${encodeURIComponent(parts[1])}?${region}prefix=${encodeURIComponent(parts[2])}`, target: "_blank", rel: "noopener noreferrer" }, "in S3");
  };
  const nameOf = (row) => `entry-${row[at.dataset]}-${row[at.number]}`;
  const head = (row) => {
    const dataset = data.datasets[row[at.dataset]], verb = row[at.verb];
    const meta = el("span", { class: "quiet" });
    const words = [data.datasets.length > 1 ? dataset.title : "", /^\d+$/.test(row[at.place]) ? `line ${digits.format(row[at.place])}` : row[at.place]];
    put(meta, words.filter(Boolean).join(" · "));
    put(meta, meta.textContent ? " · " : "", el("a", { class: "own", href: `#${nameOf(row)}`, "aria-label": "link to this entry" }, "link"));
    const href = link(row);
    if (href) put(meta, meta.textContent ? " · " : "", href);
    return el("header", {},
      el("h3", {}, el("span", { class: "sign" }, SIGNS[verb]), el("span", { class: "folder" }, dataset.folder), el("bdi", {}, row[at.key])),
      row[at.origin] > 2 ? el("span", { class: "badge bad" }, data.origins[row[at.origin]]) : "",
      row[at.risk] ? el("span", { class: `badge risk${row[at.risk]}`, title: "0 is harmless, 9 the most dangerous" }, `risk ${row[at.risk]}`) : "",
      meta, el("p", { class: "what" }, pieces(row[at.words])));
  };
  const LABELLED = ["no such entry", "no labels", "no boxes"];
  const panel = (body, boxes, side) => {
    const caption = el("figcaption", {}, side);
    const figure_ = el("figure", { class: side }, caption);
    const state = (body.u || [0, 0])[side === "before" ? 0 : 1];
    if (state === 0 || (state === 1 && !boxes.some((box) => box[side]))) {
      return put(figure_, el("div", { class: "none" }, state === 0 && side === "after" ? "gone" : LABELLED[state]));
    }
    const { image, sheet } = drawing(body, boxes, side);
    const count = boxes.filter((box) => box[side]).length;
    const stated = sheet.known ? `, ${figure(sheet.width)}x${figure(sheet.height)}` : ", size not known";
    caption.append(` · ${counted(count, "box", "boxes")}${stated}`, sheet.outside ? el("span", { class: "warn" }, "box outside the image") : "",
      el("button", { type: "button", "aria-label": `${side}, larger`, onclick: () => enlarge(image, side) }, "larger"));
    return put(figure_, image);
  };
  const enlarge = (image, side) => {
    large.replaceChildren(
      el("figcaption", {}, side, el("button", { type: "button", onclick: () => large.close() }, "close")),
      image.cloneNode(true));
    large.showModal();
  };
  const boxList = (card, boxes) => {
    const changed = boxes.filter((box) => box.kind !== "same");
    if (!changed.length) return "";
    const light = (number, on) => card.querySelectorAll(`[data-box="${number}"]`).forEach((one) => one.classList.toggle("lit", on));
    const alike = new Map();
    changed.forEach((box, index) => {
      const words = boxWords(box);
      if (!alike.has(words)) alike.set(words, []);
      alike.get(words).push([index + 1, box.kind]);
    });
    const dots = (numbers) => numbers.map(([number, kind]) => el("span", {
      class: `dot d-${kind}`, "data-box": number, onmouseenter: () => light(number, true), onmouseleave: () => light(number, false),
    }, String(number)));
    return el("ul", { class: "boxes" }, [...alike].map(([words, numbers]) => el("li", {}, dots(numbers), ` ${words}`)));
  };
  const chips = (body) => {
    const some = [["", body.k], ["add", body.a], ["unlabel", body.r]].flatMap(([name, list]) => (list || []).map((number) => [name, number]));
    if (!some.length) return "";
    const said = { add: "added: ", unlabel: "removed: ", "": "" };
    return el("ul", { class: "chips", "aria-label": "image labels" }, some.map(([name, number]) => el("li", { class: name || null }, el("span", { class: "unseen" }, said[name]), label(number))));
  };
  const fields = (body) => {
    if (!body.f) return "";
    const rows = body.f.map(([path, before, after]) => el("tr", {}, el("th", { scope: "row" }, el("code", {}, path)), el("td", {}, before === null ? "missing" : el("code", {}, before)), el("td", {}, after === null ? "missing" : el("code", {}, after))));
    return el("div", { class: "wide fields" }, el("table", {}, el("thead", {}, el("tr", {}, el("th", {}, "field"), el("th", {}, "before"), el("th", {}, "after"))), el("tbody", {}, rows)));
  };
  const card = (row) => {
    const body = row[at.body], boxes = (body.b || []).map(boxOf);
    const article = el("article", { class: `card ${VERBS[row[at.verb]]}`, tabindex: "-1", id: nameOf(row), "data-entry": `${row[at.dataset]}-${row[at.number]}` }, head(row));
    put(article, chips(body));
    for (const [code, meaning, message] of body.m || []) put(article, el("p", { class: "warn" }, el("b", {}, "marked "), el("code", {}, code), ` ${meaning}`, message ? el("span", { class: "quiet" }, ` (${message})`) : ""));
    if (boxes.length || body.i) {
      put(article, el("div", { class: "pair" }, panel(body, boxes, "before"), panel(body, boxes, "after")));
      const remark = body.i ? data.pictures[body.i - 1][4] : "";
      if (remark) put(article, el("p", { class: "warn" }, remark));
      put(article, boxList(article, boxes));
    } else if (body.c) {
      put(article, el("p", { class: "quiet" }, `${counted(body.c, "box", "boxes")}, not drawn to keep the file small`));
    }
    const sizes = (list) => list.map(([width, height]) => `${figure(width)}x${figure(height)}`).join(", ");
    if (body.s && body.t && sizes(body.s) !== sizes(body.t)) put(article, el("p", { class: "warn" }, `image_size ${sizes(body.s)} → ${sizes(body.t)}`));
    return put(article, fields(body));
  };

  // ---- contact sheet: the entries that have a picture, in small ------------------------------------------------------
  const pictured = (row) => Boolean(row[at.body].i && data.pictures[row[at.body].i - 1][0]);
  const small = (body, boxes, side) => {
    const state = (body.u || [0, 0])[side === "before" ? 0 : 1];
    if (state === 0) return el("div", { class: "none" }, side === "after" ? "gone" : LABELLED[0]);
    return drawing(body, boxes, side, false).image;
  };
  const thumb = (row) => {
    const body = row[at.body], boxes = (body.b || []).map(boxOf), sign = SIGNS[row[at.verb]];
    return el("article", { class: `thumb ${VERBS[row[at.verb]]}`, tabindex: "-1", "data-entry": `${row[at.dataset]}-${row[at.number]}` },
      el("div", { class: "sides" }, small(body, boxes, "before"), small(body, boxes, "after")),
      el("h3", {}, el("span", { class: "sign" }, sign), el("a", { href: `#${nameOf(row)}`, onclick: leave }, el("bdi", {}, row[at.key]))),
      el("p", { class: "quiet" }, pieces(row[at.words])));
  };

  // ---- filters -----------------------------------------------------------------------------------------------------
  const state = { text: "", kinds: new Set(), label: "", dataset: "", group: "", origin: "", order: "risk", sheet: false };
  const searched = data.changes.map((row) => `${data.datasets[row[at.dataset]].folder}${row[at.key]}\n${row[at.words].flat().join("")}`.toLowerCase());
  const fits = (row, index) => {
    if (state.sheet && !pictured(row)) return false;
    if (state.text && !searched[index].includes(state.text)) return false;
    if (state.kinds.size && ![...state.kinds].some((bit) => row[at.kinds] & (1 << bit))) return false;
    if (state.label !== "" && !(row[at.body].n || []).includes(Number(state.label))) return false;
    if (state.dataset !== "" && row[at.dataset] !== Number(state.dataset)) return false;
    if (state.origin !== "" && row[at.origin] !== Number(state.origin)) return false;
    if (state.group !== "") {
      const group = data.groups[Number(state.group)];
      if (row[at.dataset] !== group[0] || !row[at.groups].includes(group[1])) return false;
    }
    return true;
  };
  const ORDERS = {
    risk: () => 0,
    manifest: (one, other) => one[at.dataset] - other[at.dataset] || one[at.number] - other[at.number],
    key: (one, other) => one[at.dataset] - other[at.dataset] || (one[at.key] < other[at.key] ? -1 : one[at.key] > other[at.key] ? 1 : 0),
  };
  const list = el("div", { class: "list" }), end = el("div", { class: "end" });
  const status = el("span", { class: "status", role: "status", "aria-live": "polite" });
  let rows = [], drawn = 0;
  const draw = (many) => {
    const some = rows.slice(drawn, drawn + many);
    drawn += some.length;
    list.append(...some.map(state.sheet ? thumb : card));
  };
  const near = () => end.getBoundingClientRect().top < window.innerHeight + 1500;
  const fill = () => { while (drawn < rows.length && near()) draw(CHUNK); };
  const refresh = () => {
    rows = data.changes.filter(fits).sort(ORDERS[state.order]);
    drawn = 0;
    list.replaceChildren();
    list.classList.toggle("contacts", state.sheet);
    draw(CHUNK);
    status.textContent = `${digits.format(rows.length)} of ${counted(data.changes.length, "entry", "entries")}${state.sheet ? ", those with a picture" : ""}`;
    fill();
  };
  const sheet = !data.changes.some(pictured) ? null : el("button", { type: "button", class: "contact", "aria-pressed": "false", onclick: () => turn(!state.sheet) }, "contact sheet");
  const turn = (on) => {
    if (!sheet || state.sheet === on) return;
    state.sheet = on;
    sheet.setAttribute("aria-pressed", String(on));
    refresh();
    // Where the tools stay in sight they would cover the first row.
    (getComputedStyle(app.firstElementChild).position === "sticky" ? app : list).scrollIntoView();
  };
  // A link of the sheet leads to the entry itself, also where the address is that already.
  const leave = () => { turn(false); setTimeout(arrive); };
  const choice = (name, words, options) => {
    if (options.length < (name === "group" ? 1 : 2)) return "";
    const all = name === "order" ? [] : [el("option", { value: "" }, words)];
    return el("select", { "aria-label": words, "data-filter": name, onchange: (event) => { state[name] = event.target.value; refresh(); } },
      all, options.map(([value, text]) => el("option", { value }, text)));
  };
  const pills = () => data.kinds.map(([name, words], bit) => {
    const count = data.changes.reduce((sum, row) => sum + ((row[at.kinds] >> bit) & 1), 0);
    if (!count) return "";
    return el("button", { type: "button", "aria-pressed": "false", "data-kind": name, onclick: (event) => {
      const on = !state.kinds.delete(bit);
      if (on) state.kinds.add(bit);
      event.currentTarget.setAttribute("aria-pressed", String(on));
      refresh();
    } }, `${words} `, el("small", {}, digits.format(count)));
  });
  const labelCounts = () => {
    const counts = new Map();
    for (const row of data.changes) for (const number of row[at.body].n || []) counts.set(number, (counts.get(number) || 0) + 1);
    return [...counts].sort((one, other) => other[1] - one[1]).map(([number, many]) => [number, `${label(number)} (${digits.format(many)})`]);
  };
  const used = (column) => [...new Set(data.changes.map((row) => row[column]))];
  let waiting = 0;
  const search = el("input", { type: "search", placeholder: "key or words", "aria-label": "Filter by key or words", oninput: (event) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { state.text = event.target.value.trim().toLowerCase(); refresh(); }, 120);
  } });
  const tools = () => el("div", { class: "tools", role: "search" },
    el("div", { class: "row" }, search,
      choice("label", "all labels", labelCounts()),
      choice("group", "all groups", data.groups.map((group, index) => [index, group[2]])),
      choice("dataset", "all datasets", used(at.dataset).sort().map((number) => [number, data.datasets[number].title])),
      choice("origin", "whoever changed it", used(at.origin).filter(Boolean).map((number) => [number, data.origins[number]])),
      choice("order", "order", [["risk", "riskiest first"], ["manifest", "as in the manifest"], ["key", "by key"]])),
    el("div", { class: "row" }, pills(), sheet, status),
    el("p", { class: "quiet hint" }, el("kbd", {}, "/"), " filter  ", el("kbd", {}, "j"), " ", el("kbd", {}, "k"), " next and previous entry  ", el("kbd", {}, "?"), " keys"));

  // Each group in the summary leads to its entries.
  const lead = () => data.groups.forEach((group, index) => {
    const item = document.querySelector(`[data-group="${group[0]}-${group[1]}"]`);
    const count = data.changes.filter((row) => row[at.dataset] === group[0] && row[at.groups].includes(group[1])).length;
    if (!item || !count) return;
    put(item.cells[1], el("button", { type: "button", class: "lead", onclick: () => {
      const filter = document.querySelector("[data-filter=group]");
      state.group = String(index);
      if (filter) filter.value = state.group;
      refresh();
      document.getElementById("entries").scrollIntoView();
    } }, `show ${count === 1 ? "its entry" : `its ${digits.format(count)} entries`}`));
  });

  // ---- keyboard, print ---------------------------------------------------------------------------------------------
  const step = (by) => {
    const cards = [...list.children], here = cards.indexOf(document.activeElement.closest(".list > *"));
    const next = cards[Math.max(0, here + by)];
    if (!next) return;
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "start" });
  };
  const KEYS = [["/", "filter by key or words"], ["j", "next entry"], ["k", "previous entry"], ...(sheet ? [["c", "contact sheet"]] : []), ["Esc", "close this view"], ["?", "this list"]];
  const help = () => {
    large.replaceChildren(
      el("figcaption", {}, "Keyboard", el("button", { type: "button", onclick: () => large.close() }, "close")),
      el("ul", { class: "keys" }, KEYS.map(([key, words]) => el("li", {}, el("kbd", {}, key), ` ${words}`))));
    large.showModal();
  };
  // A link to an entry leads to it, even where it is not drawn yet.
  const arrive = () => {
    const here = (row) => `#${nameOf(row)}` === location.hash;
    if (rows.some(here)) turn(false);
    const index = rows.findIndex(here);
    if (index < 0) return;
    if (index >= drawn) draw(index + 1 - drawn);
    list.children[index].focus({ preventScroll: true });
    list.children[index].scrollIntoView({ block: "start" });
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) || large.open) return;
    if (event.key === "/") { event.preventDefault(); search.focus(); }
    else if (event.key === "?") help();
    else if (event.key === "c") turn(!state.sheet);
    else if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
  });
  window.addEventListener("beforeprint", () => {
    if (drawn < PRINTED) draw(PRINTED - drawn);
    status.textContent = drawn < rows.length ? `the first ${digits.format(drawn)} of ${counted(rows.length, "entry", "entries")}` : status.textContent;
  });

  if (!data.changes.length) return;
  app.append(tools(), list, end);
  lead();
  refresh();
  arrive();
  window.addEventListener("hashchange", arrive);
  new IntersectionObserver(fill, { rootMargin: "1500px" }).observe(end);
  window.addEventListener("scroll", fill, { passive: true });
})();
