// The queue: filters, and a list of which only the rows in sight are in the page.
"use strict";

(function (R) {
  const HEIGHT = 54; // pixels of a row, as in style.css
  const SPARE = 8;
  const STATES = [["", "Any state"], ["todo", "To do"], ["open", "Not begun"], ["changed", "Begun"], ["accepted", "Accepted"], ["corrected", "Corrected"]];
  const MARKS = { open: "", changed: "✎", accepted: "✓", corrected: "✓" };
  const L = (R.list = { shown: [] });

  function options(select, pairs) {
    select.replaceChildren(...pairs.map(([value, words]) => R.el("option", { value }, words)));
  }

  // Values that entries have, the commonest first, with their numbers.
  function counted(values, none, words) {
    const counts = new Map();
    for (const value of values) counts.set(value, (counts.get(value) || 0) + 1);
    const sorted = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    return [["", none], ...sorted.map(([value, count]) => [value, `${words(value)} (${count})`])];
  }

  L.start = function (onPick) {
    L.pick = onPick;
    const all = R.entries;
    options(R.by("by-state"), STATES);
    options(R.by("by-flag"), [...counted(all.flatMap((e) => e.flags), "Any flag or none", R.words), ["+", "Any flag"], ["-", "No flag"]]);
    options(R.by("by-layout"), counted(all.map((e) => e.layout), "Any layout", (v) => `Layout ${v}`));
    options(R.by("by-field"), counted(all.flatMap((e) => Object.keys(e.doubted)), "Any field", (v) => R.words(v).replace(".", ": ")));
    options(R.by("by-least"), [["", "Confidence"], ...["0.9", "0.8", "0.7", "0.6"].map((v) => [v, `Below ${v}`])]);
    for (const id of ["by-state", "by-flag", "by-layout", "by-field", "by-least"]) R.by(id).addEventListener("change", L.filter);
    R.by("search").addEventListener("input", L.filter);
    R.by("list").addEventListener("scroll", L.draw);
    new ResizeObserver(L.draw).observe(R.by("list"));
    L.filter();
  };

  function wanted() {
    const state = R.by("by-state").value, flag = R.by("by-flag").value, layout = R.by("by-layout").value;
    const field = R.by("by-field").value, least = Number(R.by("by-least").value) || 0;
    const words = R.by("search").value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    return (entry) => {
      if (layout && entry.layout !== layout) return false;
      if (flag === "+" ? !entry.flags.length : flag === "-" ? entry.flags.length : flag && !entry.flags.includes(flag)) return false;
      if (field && !(field in entry.doubted)) return false;
      if (least && !((field ? entry.doubted[field] : entry.least) < least)) return false;
      if (words.length) {
        const text = `${entry.case || ""} ${entry.source}`.toLowerCase();
        if (!words.every((word) => text.includes(word))) return false;
      }
      if (!state) return true;
      const own = R.store.state(entry);
      return state === "todo" ? own === "open" || own === "changed" : own === state;
    };
  }

  L.filter = function () {
    L.shown = R.entries.filter(wanted());
    const all = R.entries.length;
    R.by("count").textContent = L.shown.length === all ? `${all} letters` : `${L.shown.length} of ${all} letters`;
    R.by("list-inside").style.height = `${Math.max(L.shown.length, 1) * HEIGHT}px`;
    R.by("list").scrollTop = 0;
    L.reveal();
    L.draw();
  };

  L.draw = function () {
    const box = R.by("list");
    const first = Math.max(0, Math.floor(box.scrollTop / HEIGHT) - SPARE);
    const last = Math.min(L.shown.length, Math.ceil((box.scrollTop + box.clientHeight) / HEIGHT) + SPARE);
    const rows = [];
    for (let at = first; at < last; at += 1) rows.push(row(L.shown[at], at));
    if (!L.shown.length) rows.push(R.el("div", { class: "nothing" }, "No letter is left by these filters."));
    R.by("list-inside").replaceChildren(...rows);
  };

  function row(entry, at) {
    const state = R.store.state(entry);
    const below = entry.flags.length ? entry.flags.map(R.words).join(", ") : entry.source;
    const node = R.el(
      "div",
      {
        class: `entry ${state}${R.current && R.current.id === entry.id ? " now" : ""}`,
        role: "option", "data-id": entry.id, "aria-selected": R.current && R.current.id === entry.id ? "true" : "false",
        title: `${entry.source}\nlayout ${entry.layout}, ${entry.items} items${entry.flags.length ? `\n${entry.flags.join(", ")}` : ""}`,
        onclick: () => L.pick(entry.id),
      },
      R.el("span", { class: "mark", "aria-label": state }, MARKS[state]),
      R.el("span", { class: "case" }, entry.case || entry.source.split("/").pop()),
      R.el("span", { class: "layout" }, entry.layout === "unknown" ? "?" : entry.layout),
      R.el("span", { class: `conf ${R.confidence(entry.least)}`, title: "its least certain value" }, R.number(entry.least)),
      R.el("span", { class: entry.flags.length ? "below flagged" : "below" }, below),
    );
    node.style.top = `${at * HEIGHT}px`;
    return node;
  }

  // Scroll the letter that is open into sight.
  L.reveal = function () {
    const at = R.current ? L.shown.findIndex((e) => e.id === R.current.id) : -1;
    if (at < 0) return;
    const box = R.by("list"), top = at * HEIGHT;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top + HEIGHT > box.scrollTop + box.clientHeight) box.scrollTop = top + HEIGHT - box.clientHeight;
  };

  // The letter that many rows on; of the filtered list, or its begin where the open letter is not in it.
  L.neighbour = function (step, fits) {
    const here = R.current ? L.shown.findIndex((e) => e.id === R.current.id) : -1;
    let at = here < 0 ? (step > 0 ? 0 : -1) : here + step;
    while (at >= 0 && at < L.shown.length && fits && !fits(L.shown[at])) at += step;
    return at >= 0 && at < L.shown.length ? L.shown[at].id : null;
  };
})(Review);
