// Puts the parts together: opens letters, keeps what was done, and knows the keys.
"use strict";

(function (R) {
  const KEYS = [
    ["n", "next letter"], ["p", "previous"], ["↓ ↑", "values"], ["v", "next doubtful value"], ["c", "correct"], ["x", "remove"], ["a", "accept, next"],
    ["u", "reopen"], ["s", "save this letter"], ["t", "pages or text"], ["+ −", "zoom"], ["l", "list"], ["/", "search"],
  ];
  let opening = null; // the letter that was asked for last

  async function open(id) {
    if (!id) return;
    opening = id;
    let letter;
    try { letter = await R.load(id); } catch (error) { R.say(`${error.message}. Write the page anew with imr review.`, "lasting"); return; }
    if (opening !== id) return; // another one was asked for meanwhile
    const entry = R.byId.get(id), kept = R.store.get(id), initial = R.model.initial(letter);
    const work = kept && kept.a ? R.model.numbered(R.model.copy(kept.a), initial) : R.model.copy(initial);
    R.current = { id, entry, letter, initial, work, index: R.model.index(letter) };
    try { history.replaceState(null, "", `#${id}`); } catch (error) { /* a page from disk may not */ }
    R.pane.open(letter);
    R.values.open();
    head();
    R.list.reveal();
    R.list.draw();
  }

  // Keep the work. Without `state` it stays begun: whoever changes a done letter accepts it again.
  function keep(state) {
    const { id, entry, work, initial } = R.current, same = R.model.same(work, initial);
    if (!state && same) R.store.put(id, null);
    else R.store.put(id, { s: state || "open", b: entry.base, ...(same ? {} : { a: work }), t: new Date().toISOString() });
    head();
    progress();
    R.list.draw();
  }

  function accept() {
    if (!R.current) return;
    const lack = R.model.lack(R.current.work);
    if (lack) {
      R.say(`${lack[1]} Fill it in, or remove the item or citation.`);
      R.values.choose(JSON.stringify(lack[0]));
      return;
    }
    const next = R.list.neighbour(1, (entry) => !R.store.done(entry));
    keep(R.model.same(R.current.work, R.current.initial) ? "accepted" : "corrected");
    if (next) open(next);
    else R.say("This was the last letter of the list that was to do.");
  }

  function reopen() {
    if (!R.current) return;
    keep(null);
  }

  function save() {
    if (!R.current) return;
    R.download.one(R.current.entry, R.current.work);
    R.say(`${R.current.entry.file} saved.`);
  }

  // -- what stands above the values

  const NAMES = { open: "to do", changed: "begun", accepted: "accepted", corrected: "corrected" };

  function head() {
    const { entry, letter } = R.current, state = R.store.state(entry), done = R.store.done(entry);
    const pages = letter.pages.length ? `, ${letter.pages.length} page${letter.pages.length > 1 ? "s" : ""}` : "";
    const button = (words, kind, act, title) => R.el("button", { type: "button", class: kind, title, onclick: act }, words);
    const flags = letter.flags.map((flag) => {
      const at = letter.evidence.findIndex((row) => row.table === "letters" && row.field === "flags" && row.value === flag);
      const placed = at >= 0 && letter.evidence[at].start !== null;
      return R.el("button", { type: "button", class: "flag", disabled: !placed, title: placed ? "Show the words" : null, onclick: () => R.pane.choosePlaces([at]) }, R.el("b", {}, R.words(flag)), ` ${R.spec.flags[flag] || ""}`);
    });
    R.by("values-head").replaceChildren(
      R.el("div", { class: "line" }, R.el("h2", {}, entry.case || "No case number"), R.el("span", { class: `state ${state}`, id: "state" }, NAMES[state])),
      R.el("div", { class: "source", title: entry.source }, `${entry.source} · layout ${letter.layout}${pages}`),
      ...(R.store.stale(entry) ? [R.el("div", { class: "stale" }, "The dataset has other values now than when you looked at this letter.")] : []),
      ...flags,
      R.el("div", { class: "acts" },
        done ? button("Reopen (u)", "", reopen) : button(state === "changed" ? "Accept corrected (a)" : "Accept (a)", "primary", accept),
        button("Save this letter (s)", "", save, `Save ${entry.file}`)),
    );
    R.by("values-head").querySelector(".acts").firstChild.id = done ? "reopen" : "accept";
  }

  function progress() {
    const done = R.entries.filter(R.store.done).length, all = R.entries.length;
    const rest = R.about.of > all ? ` (the dataset has ${R.about.of})` : "";
    R.by("progress-words").textContent = `${done} of ${all} reviewed${rest}`;
    R.by("progress-bar").max = Math.max(all, 1);
    R.by("progress-bar").value = done;
  }

  // -- keys

  const ACTS = {
    n: () => open(R.list.neighbour(1)),
    p: () => open(R.list.neighbour(-1)),
    ArrowDown: () => R.values.step(1),
    ArrowUp: () => R.values.step(-1),
    v: () => R.values.stepToDoubtful(),
    c: () => R.values.correct(),
    Enter: () => R.values.correct(),
    x: () => R.values.remove(),
    Delete: () => R.values.remove(),
    a: accept,
    u: reopen,
    s: save,
    t: () => { const other = R.pane.tab === "pages" ? "text" : "pages"; if (!R.by(`tab-${other}`).disabled) R.pane.show(other); },
    l: () => document.body.classList.toggle("no-list"),
    "/": () => { document.body.classList.remove("no-list"); R.by("search").focus(); R.by("search").select(); },
    "+": () => R.pane.magnify(1),
    "=": () => R.pane.magnify(1),
    "-": () => R.pane.magnify(-1),
  };

  function key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const at = event.target;
    if (at.id === "search" && (event.key === "Escape" || event.key === "Enter")) {
      at.blur();
      if (event.key === "Enter" && R.list.shown.length) open(R.list.shown[0].id);
      return;
    }
    if (["INPUT", "TEXTAREA", "SELECT"].includes(at.tagName)) return;
    if (event.key === "Enter" && ["BUTTON", "SUMMARY"].includes(at.tagName)) return;
    const act = ACTS[event.key];
    if (!act || (!R.current && !["n", "/", "l"].includes(event.key))) return;
    event.preventDefault();
    act();
  }

  function start() {
    R.store.start();
    document.title = `Review of ${R.about.title}`;
    R.by("title").textContent = `Review of ${R.about.title}`;
    R.by("help").replaceChildren(...KEYS.map(([name, words]) => R.el("span", {}, ...name.split(" ").map((one) => R.el("kbd", {}, one)), words)));
    R.pane.start(R.values.choosePlace);
    R.values.start(() => keep(null));
    R.list.start(open);
    R.by("save-all").addEventListener("click", R.download.all);
    R.by("open-work").addEventListener("click", () => R.by("open-files").click());
    R.by("open-files").addEventListener("change", async (event) => {
      await R.download.openFiles([...event.target.files]);
      event.target.value = "";
      progress();
      R.list.filter();
      if (R.current) open(R.current.id);
    });
    R.by("message").addEventListener("click", () => { R.by("message").hidden = true; });
    document.addEventListener("keydown", key);
    window.addEventListener("beforeunload", (event) => { if (!R.store.lasting) event.preventDefault(); });
    progress();
    const asked = decodeURIComponent(location.hash.slice(1));
    const first = R.byId.has(asked) ? asked : R.list.neighbour(1, (entry) => !R.store.done(entry)) || (R.entries[0] && R.entries[0].id);
    if (first) open(first);
    else R.say("The dataset has no letters to review.", "lasting");
  }

  start();
})(Review);
