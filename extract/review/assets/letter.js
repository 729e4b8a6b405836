// The middle: pages with boxes, or the text with marks. A click there finds the value, a value finds its place here.
"use strict";

(function (R) {
  const ZOOMS = [0.75, 1, 1.25, 1.5, 2, 2.5];
  const P = (R.pane = { tab: "pages", zoom: 1, active: new Set() });
  let overlays = new Map(); // page number → element that holds its boxes
  let marks = []; // pieces of the text that lie in values

  P.start = function (onEvidence) {
    P.choose = onEvidence;
    R.by("tab-pages").addEventListener("click", () => P.show("pages"));
    R.by("tab-text").addEventListener("click", () => P.show("text"));
    R.by("zoom-in").addEventListener("click", () => P.magnify(1));
    R.by("zoom-out").addEventListener("click", () => P.magnify(-1));
  };

  P.open = function (letter) {
    P.letter = letter;
    P.active = new Set();
    overlays = new Map();
    marks = [];
    R.by("pages").replaceChildren(...letter.pages.map(page));
    R.by("pages").scrollTop = 0;
    const text = R.by("text");
    text.replaceChildren();
    text.scrollTop = 0;
    if (letter.text !== null) text.append(marked(letter));
    const note = letter.why ? `Pages are not shown: ${letter.why}.` : letter.text_source === "plain_text" ? "A text file, without pages." : "";
    R.by("pane-note").textContent = note;
    R.by("tab-pages").disabled = !letter.pages.length;
    R.by("tab-text").disabled = letter.text === null;
    P.show(letter.pages.length && (P.tab === "pages" || letter.text === null || P.forced) ? "pages" : "text");
    P.forced = !letter.pages.length; // the next letter with pages shows them again
    P.draw();
  };

  P.show = function (tab) {
    P.tab = tab;
    for (const name of ["pages", "text"]) {
      R.by(name).hidden = tab !== name;
      R.by(`tab-${name}`).setAttribute("aria-selected", tab === name ? "true" : "false");
    }
    R.by("zoom-in").disabled = R.by("zoom-out").disabled = false;
    P.scroll();
  };

  P.magnify = function (step) {
    const at = Math.min(Math.max(ZOOMS.indexOf(P.zoom) + step, 0), ZOOMS.length - 1);
    P.zoom = ZOOMS[at];
    document.documentElement.style.setProperty("--zoom", P.zoom);
    P.scroll();
  };

  // -- pages

  function page(of) {
    const overlay = R.el("div", { class: "boxes" });
    overlays.set(of.page, overlay);
    const image = R.el("img", { src: of.src, loading: "lazy", alt: `Page ${of.page}`, draggable: "false" });
    const sheet = R.el("div", { class: "sheet", "data-page": of.page, onclick: (event) => clicked(event, of, overlay) }, overlay, image);
    sheet.style.aspectRatio = `${of.width} / ${of.height}`;
    return R.el("figure", {}, sheet, R.el("figcaption", {}, `Page ${of.page}`));
  }

  function clicked(event, of, overlay) {
    const frame = overlay.getBoundingClientRect();
    const x = ((event.clientX - frame.left) / frame.width) * of.width;
    const y = ((event.clientY - frame.top) / frame.height) * of.height;
    const hits = [];
    P.letter.evidence.forEach((row, at) => {
      if (!row.shown && !P.active.has(at)) return;
      const box = row.boxes.find(([n, x0, top, x1, bottom]) => n === of.page && x0 - 1 <= x && x <= x1 + 1 && top - 1 <= y && y <= bottom + 1);
      if (box) hits.push([area(row.boxes), at]);
    });
    hits.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    if (hits.length) P.choose(hits.map((hit) => hit[1]));
  }

  const area = (boxes) => boxes.reduce((sum, [, x0, top, x1, bottom]) => sum + (x1 - x0) * (bottom - top), 0);

  // Boxes of all values that people check, larger ones below; of others only while they are chosen.
  P.draw = function () {
    const sizes = new Map(P.letter.pages.map((of) => [of.page, of]));
    const boxes = new Map([...overlays.keys()].map((n) => [n, []]));
    const order = P.letter.evidence.map((row, at) => [P.active.has(at), area(row.boxes), at]);
    order.sort((a, b) => a[0] - b[0] || b[1] - a[1] || a[2] - b[2]);
    const placed = new Map(); // values on the same words share a box
    for (const [on, , at] of order) {
      const row = P.letter.evidence[at];
      if (!row.shown && !on) continue;
      for (const place of row.boxes) {
        const key = `${on}${place}`;
        if (!placed.has(key)) placed.set(key, { place, on, rows: [] });
        placed.get(key).rows.push(at);
      }
    }
    for (const { place: [n, x0, top, x1, bottom], on, rows } of placed.values()) {
      const of = sizes.get(n), own = rows.map((at) => P.letter.evidence[at]);
      if (!of) continue;
      const worst = Math.min(...own.map((row) => row.confidence));
      const title = own.map((row) => `${R.words(row.field)}: ${row.value.slice(0, 80)} (${R.number(row.confidence)})`).join("\n");
      const node = R.el("div", { class: `box ${R.confidence(worst)}${on ? " on" : ""}`, "data-evidence": rows.join(" "), title });
      Object.assign(node.style, {
        left: `${((x0 - 1) / of.width) * 100}%`, top: `${((top - 1) / of.height) * 100}%`,
        width: `${((x1 - x0 + 2) / of.width) * 100}%`, height: `${((bottom - top + 2) / of.height) * 100}%`,
      });
      boxes.get(n).push(node);
    }
    for (const [n, overlay] of overlays) overlay.replaceChildren(...boxes.get(n));
    for (const [node, rows] of marks) {
      node.classList.toggle("on", rows.some((at) => P.active.has(at)));
      node.classList.toggle("value", rows.some((at) => P.letter.evidence[at].shown));
    }
  };

  // -- text

  // The text cut where values begin and end; offsets count characters, not JavaScript's halves of them.
  function marked(letter) {
    const characters = Array.from(letter.text);
    const rows = letter.evidence.map((row, at) => [row, at]).filter(([row]) => row.start !== null && row.end > row.start);
    const cuts = new Set([0, characters.length]);
    for (const [row] of rows) { cuts.add(Math.min(row.start, characters.length)); cuts.add(Math.min(row.end, characters.length)); }
    const places = [...cuts].sort((a, b) => a - b);
    const out = R.el("pre", {});
    const starts = rows.slice().sort((a, b) => a[0].start - b[0].start);
    let open = [], next = 0;
    for (let n = 0; n + 1 < places.length; n += 1) {
      const [from, to] = [places[n], places[n + 1]];
      open = open.filter(([row]) => row.end > from);
      while (next < starts.length && starts[next][0].start <= from) { if (starts[next][0].end > from) open.push(starts[next]); next += 1; }
      const words = characters.slice(from, to).join("").replaceAll("\f", "\n");
      if (!open.length) { out.append(words); continue; }
      const own = open.slice().sort((a, b) => (a[0].end - a[0].start) - (b[0].end - b[0].start) || a[1] - b[1]).map((one) => one[1]);
      const shown = own.filter((at) => letter.evidence[at].shown);
      const worst = shown.length ? Math.min(...shown.map((at) => letter.evidence[at].confidence)) : 1;
      const node = R.el("span", { class: `mark ${R.confidence(worst)}`, "data-evidence": own.join(" "), onclick: () => P.choose(own.filter((at) => letter.evidence[at].shown || P.active.has(at))) }, words);
      marks.push([node, own]);
      out.append(node);
    }
    return out;
  }

  // -- choosing

  // Show where these evidence rows stand.
  P.choosePlaces = function (rows) {
    P.active = new Set(rows);
    P.draw();
    P.scroll();
  };

  P.scroll = function () {
    if (!P.letter || !P.active.size) return;
    const inside = R.by(P.tab);
    const node = P.tab === "pages" ? inside.querySelector(".box.on") : (marks.find(([, rows]) => rows.some((at) => P.active.has(at))) || [])[0];
    if (!node) return;
    const frame = inside.getBoundingClientRect(), place = node.getBoundingClientRect();
    if (place.top < frame.top + 40 || place.bottom > frame.bottom - 40) {
      inside.scrollTop += place.top - frame.top - frame.height / 3;
    }
    if (place.left < frame.left || place.right > frame.right) inside.scrollLeft += place.left - frame.left - 40;
  };
})(Review);
