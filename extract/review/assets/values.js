// The right: every value of the letter with its confidence; choosing one shows its words, correcting it opens an editor.
"use strict";

(function (R) {
  const V = (R.values = { rows: [], chosen: null });
  const QUOTE = 280; // characters of the letter's words that are shown below a value
  let byEvidence = new Map(); // evidence row → keys of the values that stand on it

  const keyOf = (path) => JSON.stringify(path);

  V.start = function (onChange) { V.changed = onChange; };

  V.open = function () {
    V.chosen = null;
    R.current.unfolded = new Set();
    R.by("values").scrollTop = 0;
    V.render();
  };

  V.render = function () {
    const at = R.by("values").scrollTop;
    R.editor.close();
    V.rows = [];
    byEvidence = new Map();
    const { work, letter } = R.current;
    const groups = [letterGroup(work), ...work.issues.map((issue, n) => issueGroup(issue, n)), ...removedIssues(), newIssue(), others()];
    R.by("values").replaceChildren(...groups.filter(Boolean));
    R.by("values").scrollTop = at;
    if (V.chosen && !V.rows.some((row) => row.key === V.chosen)) V.chosen = null;
    V.mark();
    R.by("values").dataset.letter = letter.id;
  };

  // -- groups

  function group(title, extra, ...rows) {
    return R.el("section", { class: "group" }, R.el("h3", {}, R.el("span", { class: "grow" }, title), extra), ...rows);
  }

  function letterGroup(work) {
    const rows = R.spec.letter.map((field) => {
      const path = field.name === "case_number" ? ["case_number"] : ["letter", field.name];
      return fieldRows(field, path, { table: "letters" });
    });
    return group("Letter", null, ...rows.flat());
  }

  // An item: always what every item has, and what this one has; the rest is folded away.
  function issueGroup(issue, n) {
    const place = { table: "issues", issue: issue._n };
    const path = ["issues", n], fold = `item ${issue._n ?? `new ${n}`}`;
    const remove = button("Remove item", "small quiet", () => edit(() => R.current.work.issues.splice(n, 1)));
    const [shown, folded] = parted(R.spec.issue, issue, path);
    const rows = shown.map((field) => fieldRows(field, [...path, field.name], place)).flat();
    rows.push(unfold(folded, fold, (field) => fieldRows(field, [...path, field.name], place)));
    const citations = issue.citations.map((citation, k) => citationCard(issue, citation, [...path, "citations", k], k));
    const add = button("+ citation", "small quiet", () => edit(() => issue.citations.push(R.model.emptyCitation()), [...path, "citations", issue.citations.length, "cited_by"]));
    return group(`Item ${n + 1}`, remove, ...rows, ...citations, R.el("div", { class: "adding" }, add), extras("issues", issue._n, "Paragraphs and other columns"));
  }

  function citationCard(issue, citation, path, k) {
    const place = { table: "citations", issue: issue._n, citation: citation._n };
    const [shown, folded] = parted(R.spec.citation, citation, path);
    const rows = shown.map((field) => fieldRows(field, [...path, field.name], place)).flat();
    rows.push(unfold(folded, `citation ${keyOf(path)}`, (field) => fieldRows(field, [...path, field.name], place)));
    const text = citation._n === null ? [] : R.model.evidence(R.current.letter, R.current.index, "citations", issue._n, citation._n, "text");
    const remove = button("Remove", "small quiet", () => edit(() => issue.citations.splice(k, 1)));
    return R.el("div", { class: "card" }, R.el("h4", {}, R.el("span", { class: "grow" }, `Citation ${k + 1}`), remove), ...text.map((at) => evidenceRow(at, true)), ...rows);
  }

  function removedIssues() {
    const { work, initial } = R.current;
    return initial.issues.filter((own) => !work.issues.some((issue) => issue._n === own._n)).map((own) => {
      const back = button("Put back", "small", () => edit(() => {
        work.issues.push(R.model.copy(own));
        work.issues.sort((a, b) => (a._n ?? Infinity) - (b._n ?? Infinity));
      }));
      return R.el("section", { class: "group removed" }, R.el("h3", {}, R.el("span", { class: "grow" }, `Removed: ${own.requested_treatment || "an item"}`), back));
    });
  }

  function newIssue() {
    const at = R.current.work.issues.length;
    return R.el("div", { class: "adding" }, button("+ disputed item", "small quiet", () => edit(() => R.current.work.issues.push(R.model.emptyIssue()), ["issues", at, "requested_treatment"])));
  }

  function others() { return extras("letters", null, "Also in the dataset (read only)"); }

  // Read-only rows: evidence of fields that nobody annotates.
  function extras(table, issue, title) {
    const { letter, unfolded } = R.current;
    const rows = letter.evidence.map((row, at) => [row, at]).filter(([row]) => !row.shown && row.field !== "flags" && (row.table === table || (table === "letters" && row.table === "prior_care")) && (table === "letters" || row.issue === issue));
    if (!rows.length || (table === "issues" && issue === null)) return null;
    const name = `more ${table} ${issue}`;
    const details = R.el("details", { class: "extras" }, R.el("summary", {}, `${title} (${rows.length})`), ...rows.map(([, at]) => evidenceRow(at, false)));
    details.open = unfolded.has(name);
    details.addEventListener("toggle", () => (details.open ? unfolded.add(name) : unfolded.delete(name)));
    return details;
  }

  function parted(fields, of, path) {
    const before = R.model.before(R.current.initial, R.current.work, path) || {};
    const has = (value) => (Array.isArray(value) ? value.length : value !== null && value !== undefined && value !== "");
    const shown = fields.filter((field) => field.always || has(of[field.name]) || has(before[field.name]));
    return [shown, fields.filter((field) => !shown.includes(field))];
  }

  function unfold(fields, name, rows) {
    if (!fields.length) return null;
    if (R.current.unfolded.has(name)) return R.el("div", {}, fields.map(rows).flat());
    const words = `${fields.length} empty field${fields.length > 1 ? "s" : ""}: ${fields.map((f) => f.label.toLowerCase()).join(", ")}`;
    return R.el("button", { type: "button", class: "unfold", title: "Show them, to fill one", onclick: () => { R.current.unfolded.add(name); V.render(); } }, words);
  }

  // -- rows

  const button = (words, kind, act) => R.el("button", { type: "button", class: kind, onclick: (event) => { event.stopPropagation(); act(); } }, words);

  function fieldRows(field, path, place) {
    const { letter, index, work, initial } = R.current;
    const value = R.model.get(work, path), before = R.model.before(initial, work, path);
    const fresh = place.issue === null || place.citation === null; // what holds it was added here
    const found = fresh ? [] : R.model.evidence(letter, index, place.table, place.issue, place.citation, field.name);
    if (field.kind !== "list") return [row({ field, path, value, found, before, scalar: true })];
    const own = (member) => found.filter((at) => letter.evidence[at].value === member);
    const was = Array.isArray(before) ? before : [];
    const rows = value.map((member, n) => row({ field, path: [...path, n], value: member, found: own(member), added: !was.includes(member), first: n === 0, member: true }));
    for (const gone of was.filter((member) => !value.includes(member))) {
      rows.push(row({ field, path: ["gone", ...path, gone], value: gone, found: own(gone), gone: true, list: path, first: !rows.length }));
    }
    if (!value.length && !rows.length) rows.push(row({ field, path: [...path, 0], value: null, found: [], first: true, member: true }));
    return rows;
  }

  function evidenceRow(at, quote) {
    const evidence = R.current.letter.evidence[at];
    const label = evidence.field === "prior_care" ? "earlier care" : R.words(evidence.field);
    const field = { name: evidence.field, label: label[0].toUpperCase() + label.slice(1), kind: "str", meaning: R.spec.meanings[`${evidence.table}.${evidence.field}`] || "" };
    return row({ field, path: ["evidence", at], value: evidence.value, found: [at], fixed: true, quote });
  }

  function row(of) {
    const { field, path, value, found } = of, key = keyOf(path);
    const evidence = R.current.letter.evidence;
    const empty = value === null || value === undefined || value === "";
    const changed = of.scalar && of.before !== undefined && value !== of.before;
    const added = !empty && (of.added || (of.scalar && of.before === undefined));
    const worst = found.length ? Math.min(...found.map((at) => evidence[at].confidence)) : null;
    const chip = of.gone ? ["removed", "edited"] : changed ? ["changed", "edited"] : added ? ["added", "edited"] : worst === null ? ["", ""] : [R.number(worst), `conf ${R.confidence(worst)}`];
    const cell = R.el("div", { class: `value${empty ? " empty" : ""}` }, empty ? "—" : String(value));
    const named = of.scalar || of.fixed || of.first;
    const plus = field.kind === "list" && of.first && !of.fixed ? button("+", "small quiet plus", () => V.add(of.gone ? of.list : path.slice(0, -1), field)) : null;
    if (plus) plus.setAttribute("aria-label", `Add to ${field.label}`);
    const node = R.el("div", { class: `row${of.gone ? " gone" : ""}${of.fixed ? " fixed" : ""}${of.quote ? " quote" : ""}${changed || added ? " altered" : ""}`, "data-path": key, title: field.meaning, onclick: () => V.choose(key, { toPane: true }), ondblclick: () => { if (!of.fixed) V.correct(); } },
      R.el("div", { class: "label" }, named && !of.quote ? field.label : "", plus), cell, R.el("div", { class: `chip ${chip[1]}` }, chip[0]));
    for (const at of found) byEvidence.set(at, [...(byEvidence.get(at) || []), key]);
    V.rows.push({ ...of, key, node, cell, empty, changed, worst });
    return node;
  }

  // What is known of the chosen value, and what can be done with it.
  function detail(of) {
    const rows = of.found.map((at) => R.current.letter.evidence[at]);
    const lines = rows.slice(0, 3).map((one) => {
      const words = one.words || (one.start === null ? "" : one.value);
      const quote = words ? `“${words.length > QUOTE ? `${words.slice(0, QUOTE)}…` : words}”` : "No words of the letter: known of the file itself, or checked.";
      const place = [one.page === null ? null : `page ${one.page}`, one.section === "file" ? null : R.words(one.section), one.method, `confidence ${R.number(one.confidence)}`];
      return R.el("div", { class: "evidence" }, R.el("div", { class: "words" }, quote), R.el("div", { class: "how" }, place.filter(Boolean).join(" · ")));
    });
    if (!rows.length && !of.fixed) lines.push(R.el("div", { class: "how" }, of.empty ? `Not found in the letter. ${of.field.meaning}.` : "Entered here."));
    if (of.changed) lines.push(R.el("div", { class: "how" }, `The dataset has: ${of.before === null || of.before === "" ? "nothing" : of.before}`));
    const acts = [];
    if (of.gone) acts.push(button("Put back", "small", () => edit(() => R.model.get(R.current.work, of.list).push(of.value))));
    else if (!of.fixed) {
      acts.push(button(of.empty ? "Fill in (c)" : "Correct (c)", "small", V.correct));
      if (of.member && !of.empty) acts.push(button("Remove (x)", "small", V.remove));
      if (of.scalar && !of.empty && of.field.name !== "requested_treatment") acts.push(button("Empty (x)", "small", V.remove));
      if (of.changed) acts.push(button("As in the dataset", "small", () => edit(() => R.model.set(R.current.work, of.path, of.before))));
    }
    return R.el("div", { class: "detail" }, ...lines, acts.length ? R.el("div", { class: "acts" }, acts) : null);
  }

  // -- choosing

  const chosenRow = () => V.rows.find((one) => one.key === V.chosen);

  V.mark = function () {
    for (const node of R.by("values").querySelectorAll(".row.chosen")) node.classList.remove("chosen");
    for (const node of R.by("values").querySelectorAll(".detail")) node.remove();
    const of = chosenRow();
    if (!of) return;
    of.node.classList.add("chosen");
    of.node.after(detail(of));
  };

  V.choose = function (key, { toPane = false } = {}) {
    if (R.editor.now && key === V.chosen) return;
    if (R.editor.now) V.render();
    V.chosen = key;
    V.mark();
    const of = chosenRow();
    if (!of) return;
    const folded = of.node.closest("details");
    if (folded) folded.open = true;
    reveal(of.node);
    R.pane.choosePlaces(of.found);
    if (!toPane) return;
    if (!of.found.some((at) => R.current.letter.evidence[at].boxes.length) && R.pane.tab === "pages" && of.found.some((at) => R.current.letter.evidence[at].start !== null)) {
      R.say("These words have no place on the pages; the tab Text shows them.");
    }
  };

  // The value behind a place of the letter that was clicked; a second click takes the next one there.
  V.choosePlace = function (rows) {
    const keys = [...new Set(rows.flatMap((at) => byEvidence.get(at) || []))];
    if (!keys.length) return;
    V.choose(keys[(keys.indexOf(V.chosen) + 1) % keys.length]);
  };

  // The rows in sight in the order of the page, without those that are folded away.
  function inOrder() {
    const seen = V.rows.filter((of) => of.node.isConnected && (!of.node.closest("details") || of.node.closest("details").open));
    return seen.sort((a, b) => (a.node.compareDocumentPosition(b.node) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1));
  }

  // The next value below the chosen one that is uncertain, then again from the top.
  V.stepToDoubtful = function () {
    const seen = inOrder(), here = seen.findIndex((of) => of.key === V.chosen);
    const turned = [...seen.slice(here + 1), ...seen.slice(0, here + 1)];
    const next = turned.find((of) => !of.fixed && !of.gone && of.worst !== null && of.worst < R.DOUBTED);
    if (next) V.choose(next.key, { toPane: true });
    else R.say("No value of this letter is below a confidence of 0.9.");
  };

  V.step = function (by) {
    const seen = inOrder();
    const at = seen.findIndex((of) => of.key === V.chosen);
    const next = seen[at < 0 ? (by > 0 ? 0 : seen.length - 1) : Math.min(Math.max(at + by, 0), seen.length - 1)];
    if (next) V.choose(next.key, { toPane: true });
  };

  function reveal(node) {
    const frame = R.by("values").getBoundingClientRect(), place = node.getBoundingClientRect();
    if (place.top < frame.top || place.bottom > frame.bottom - 90) R.by("values").scrollTop += place.top - frame.top - frame.height / 3;
  }

  // -- changing

  // Do something to the work; then choose `path`, where one is given, and correct it at once.
  function edit(act, path) {
    act();
    V.changed();
    V.render();
    const of = chosenRow();
    R.pane.choosePlaces(of ? of.found : []);
    if (!path) return;
    V.choose(keyOf(path));
    V.correct();
  }

  V.correct = function () {
    const of = chosenRow();
    if (!of || of.fixed || of.gone) return;
    const { work } = R.current;
    R.editor.open(of.cell, of.field, of.value === undefined ? null : of.value, {
      member: of.member,
      onCancel: V.render,
      onDone: (value) => {
        if (value === of.value) return V.render();
        edit(() => {
          const list = of.member ? R.model.get(work, of.path.slice(0, -1)) : null;
          if (list && list.includes(value)) { if (!of.empty) list.splice(of.path[of.path.length - 1], 1); } // each once
          else R.model.set(work, of.path, value);
        });
        return undefined;
      },
    });
  };

  // Add a member to the list at a path.
  V.add = function (path, field) {
    const list = R.model.get(R.current.work, path);
    const line = R.el("div", { class: "row" }, R.el("div", { class: "label" }, ""), R.el("div", { class: "value" }), R.el("div", { class: "chip" }, ""));
    const last = V.rows.filter((of) => of.field === field && keyOf((of.list || of.path.slice(0, -1))) === keyOf(path)).pop();
    last.node.after(line);
    R.editor.open(line.children[1], field, null, {
      member: true,
      onCancel: V.render,
      onDone: (value) => {
        edit(() => { if (!list.includes(value)) list.push(value); });
        V.choose(keyOf([...path, list.indexOf(value)]));
      },
    });
  };

  V.remove = function () {
    const of = chosenRow();
    if (!of || of.fixed || of.gone || of.empty || of.field.name === "requested_treatment") return;
    const list = of.path.slice(0, -1);
    edit(() => {
      if (of.member) R.model.get(R.current.work, list).splice(of.path[of.path.length - 1], 1);
      else R.model.set(R.current.work, of.path, null);
    });
    if (of.member) V.choose(keyOf(["gone", ...list, of.value])); // it can be put back from there
  };
})(Review);
