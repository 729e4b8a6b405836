// What all other files use: elements, the data scripts, messages. Text from letters only ever becomes text nodes.
"use strict";

const Review = { letters: new Map(), entries: [], about: {}, spec: null, current: null };

(function (R) {
  const KEEP = 12; // letters whose data stay in memory
  const waiting = new Map();

  // An element. Strings among the children become text; there is no way here to give markup.
  R.el = function (tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (name === "class") node.className = value;
      else if (name === "value") node.value = value;
      else node.setAttribute(name, value === true ? "" : String(value));
    }
    for (const child of children.flat()) if (child !== null && child !== undefined) node.append(child);
    return node;
  };

  R.by = (id) => document.getElementById(id);

  // -- data scripts call these

  R.fields = (spec) => { R.spec = spec; };

  R.queue = function (about, entries) {
    R.about = about;
    R.entries = entries;
    R.byId = new Map(entries.map((entry) => [entry.id, entry]));
  };

  R.receive = function (id, letter) {
    R.letters.delete(id);
    R.letters.set(id, letter); // a Map keeps its order: the oldest comes first
    for (const old of R.letters.keys()) {
      if (R.letters.size <= KEEP) break;
      R.letters.delete(old);
    }
    const found = waiting.get(id);
    waiting.delete(id);
    if (found) found.resolve(letter);
  };

  // A letter's data, loaded by a script element: fetch() may not read files from disk.
  R.load = function (id) {
    if (R.letters.has(id)) return Promise.resolve(R.letters.get(id));
    if (waiting.has(id)) return waiting.get(id).promise;
    const wait = {};
    wait.promise = new Promise((resolve, reject) => { wait.resolve = resolve; wait.reject = reject; });
    waiting.set(id, wait);
    const script = R.el("script", { src: `letters/${id}.js` });
    script.addEventListener("load", () => {
      script.remove();
      if (waiting.get(id) === wait) fail("holds no letter");
    });
    script.addEventListener("error", () => { script.remove(); fail("cannot be read"); });
    const fail = (why) => { waiting.delete(id); wait.reject(new Error(`letters/${id}.js ${why}`)); };
    document.head.append(script);
    return wait.promise;
  };

  // -- messages

  let timer = 0;
  R.say = function (words, kind) {
    const box = R.by("message");
    box.textContent = words;
    box.className = kind || "";
    box.hidden = false;
    clearTimeout(timer);
    if (kind !== "lasting") timer = setTimeout(() => { box.hidden = true; }, 6000);
  };

  R.DOUBTED = 0.9; // as in queue.py
  R.confidence = (value) => (value < 0.7 ? "low" : value < R.DOUBTED ? "middle" : "high");
  R.number = (value) => Number(value).toFixed(2);
  R.words = (name) => name.replaceAll("_", " ");
})(Review);
