// What a person has done, kept in this browser (localStorage): closing the tab loses nothing.
//
// One entry a letter: s its state (open, accepted, corrected), b the dataset's values it was seen with, a the
// annotation where it differs from the dataset's, t when.
"use strict";

(function (R) {
  const PREFIX = "imr-review/";
  const memory = new Map();
  const S = (R.store = { lasting: true });

  function storage() {
    try { return window.localStorage; } catch (error) { return null; }
  }

  S.start = function () {
    const kept = storage();
    S.lasting = kept !== null;
    for (let at = 0; kept && at < kept.length; at += 1) {
      const name = kept.key(at);
      if (!name.startsWith(PREFIX)) continue;
      try { memory.set(name.slice(PREFIX.length), JSON.parse(kept.getItem(name))); } catch (error) { /* not ours */ }
    }
    if (!S.lasting) R.say("This browser keeps nothing for pages from disk: save your work before you close the page.", "lasting");
  };

  S.get = (id) => memory.get(id) || null;

  S.put = function (id, entry) {
    if (entry === null) memory.delete(id);
    else memory.set(id, entry);
    const kept = storage();
    if (!kept) return;
    try {
      if (entry === null) kept.removeItem(PREFIX + id);
      else kept.setItem(PREFIX + id, JSON.stringify(entry));
      S.lasting = true;
    } catch (error) {
      S.lasting = false; // the page asks before it is closed
      R.say("This browser's storage is full: save all reviewed letters now, before you close the page.", "lasting");
    }
  };

  // open, changed (begun and not done), accepted, corrected. Accepted values that have changed since are open again.
  S.state = function (entry) {
    const found = memory.get(entry.id);
    if (!found) return "open";
    if (found.s === "open") return found.a ? "changed" : "open";
    return found.a || found.b === entry.base ? found.s : "open";
  };

  S.done = (entry) => ["accepted", "corrected"].includes(S.state(entry));

  // True where a letter was looked at when the dataset had other values.
  S.stale = function (entry) {
    const found = memory.get(entry.id);
    return Boolean(found) && found.b !== entry.base;
  };
})(Review);
