// One value in the making: the right control for its kind, and what may not be entered.
"use strict";

(function (R) {
  const E = (R.editor = { now: null });
  const CASE = /^CM\d{2}-\d{7}$/;

  // {value} or {error} of what was typed. `member`: one member of a list.
  E.parse = function (field, typed, member) {
    const words = typed.replace(/\s+/g, " ").trim();
    if (!words) return member ? { error: "Type a value, or press Esc." } : { value: field.name === "requested_treatment" ? "" : null };
    if (field.choices) return field.choices.includes(words) ? { value: words } : { error: "Choose one of the list." };
    if (field.closed && !field.suggest.includes(words.toLowerCase())) return { error: "Not in the vocabulary: choose one of the list." };
    if (field.closed) return { value: words.toLowerCase() };
    if (field.name === "case_number" && !CASE.test(words)) return { error: "A case number is like CM16-0224814." };
    if (field.kind === "date") return day(words);
    if (field.kind === "int") {
      if (!/^\d{1,6}$/.test(words)) return { error: "A whole number, please." };
      if (field.most && Number(words) > field.most) return { error: `${field.most} at most.` };
      return { value: Number(words) };
    }
    if (field.kind === "num") {
      const plain = words.replaceAll(",", "");
      return /^\d{1,7}(\.\d{1,4})?$/.test(plain) ? { value: Number(plain) } : { error: "A number, please, as 12 or 2.5." };
    }
    return { value: words };
  };

  // A day as 2016-10-13; 10/13/2016, as letters print it, is understood.
  function day(words) {
    let match = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(words), parts = match && [match[1], match[2], match[3]];
    if (!parts) {
      match = /^(\d{1,2})[/-](\d{1,2})[/-](\d{4})$/.exec(words);
      parts = match && [match[3], match[1], match[2]];
    }
    if (!parts) return { error: "A date as 2016-10-13 or 10/13/2016." };
    const [year, month, date] = parts.map(Number);
    const found = new Date(Date.UTC(year, month - 1, date));
    if (found.getUTCMonth() !== month - 1 || found.getUTCDate() !== date || year < 1900 || year > 2100) return { error: "There is no such day." };
    return { value: found.toISOString().slice(0, 10) };
  }

  function suggestions(field) {
    const id = `suggest-${field.name}`;
    if (!R.by(id)) document.body.append(R.el("datalist", { id }, field.suggest.map((value) => R.el("option", { value }))));
    return id;
  }

  function control(field, value) {
    const label = { "aria-label": field.label };
    if (field.choices) {
      const known = value === null || field.choices.includes(value) ? field.choices : [value, ...field.choices];
      return R.el("select", label, R.el("option", { value: "" }, "— not stated —"), known.map((one) => R.el("option", { value: one, selected: one === value }, one)));
    }
    if (field.long) return R.el("textarea", { ...label, rows: 3, value: value ?? "" });
    const hint = { date: "yyyy-mm-dd", int: "number", num: "number" }[field.kind] || "";
    return R.el("input", { ...label, type: "text", value: value ?? "", placeholder: hint, autocomplete: "off", spellcheck: "false", list: field.suggest ? suggestions(field) : null });
  }

  // Put a control into `place`. `onDone(value)` is called with a valid value, `onCancel()` where it is given up.
  E.open = function (place, field, value, { member, onDone, onCancel }) {
    E.close();
    const input = control(field, value), error = R.el("div", { class: "error", role: "alert" });
    const box = R.el("div", { class: "editor" }, input, error);
    const end = (act) => { if (E.now === box) { E.now = null; act(); } };
    const commit = (leaving) => {
      const result = E.parse(field, input.value, member);
      if (result.error === undefined) end(() => onDone(result.value));
      else if (leaving && !input.value.trim()) end(onCancel);
      else { error.textContent = result.error; input.setAttribute("aria-invalid", "true"); }
    };
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") end(onCancel);
      else if (event.key === "Enter" && !event.isComposing) { event.preventDefault(); commit(false); }
    });
    input.addEventListener("input", () => { error.textContent = ""; input.removeAttribute("aria-invalid"); });
    if (field.choices) input.addEventListener("change", () => commit(false));
    input.addEventListener("blur", () => commit(true));
    box.addEventListener("click", (event) => event.stopPropagation());
    E.now = box;
    place.replaceChildren(box);
    input.focus();
    if (input.select) input.select();
  };

  // Give up what is in the making.
  E.close = function () { E.now = null; };
})(Review);
