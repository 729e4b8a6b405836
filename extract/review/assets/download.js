// Annotations out of the browser: one JSON file, or a zip with one for each reviewed letter; and back in again.
"use strict";

(function (R) {
  const D = (R.download = {});
  const encode = (text) => new TextEncoder().encode(text);

  D.json = (work) => `${JSON.stringify(R.model.exported(work), null, 1)}\n`;

  function give(name, type, parts) {
    const url = URL.createObjectURL(new Blob(parts, { type }));
    const link = R.el("a", { href: url, download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 60000);
  }

  D.one = function (entry, work) { give(entry.file, "application/json", [D.json(work)]); };

  // All reviewed letters; those that were accepted as they are need their data for it.
  D.all = async function () {
    const done = R.entries.filter(R.store.done), files = [];
    if (!done.length) { R.say("No letter has been reviewed yet: accept one with the key a."); return; }
    for (const entry of done) {
      const kept = R.store.get(entry.id);
      if (kept.a) files.push([entry.file, D.json(kept.a)]);
      else {
        try { files.push([entry.file, D.json(R.model.initial(await R.load(entry.id)))]); } catch (error) { R.say(`${error.message}; the zip lacks that letter.`, "lasting"); }
      }
      if (files.length % 100 === 0) R.say(`${files.length} of ${done.length} letters …`);
    }
    give(`annotations-${R.about.title.replace(/[^\w.-]+/g, "_")}.zip`, "application/zip", D.zip(files));
    R.say(`${files.length} annotation${files.length === 1 ? "" : "s"} saved. Unpack the zip into a folder: imr evaluate DATASET --gold FOLDER.`);
  };

  // -- a zip without compression (APPNOTE.TXT 6.3.10, 4.3), names in UTF-8

  const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let k = 0; k < 8; k += 1) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
    return c >>> 0;
  });

  function crc(bytes) {
    let c = 0xffffffff;
    for (const byte of bytes) c = (c >>> 8) ^ TABLE[(c ^ byte) & 255];
    return (c ^ 0xffffffff) >>> 0;
  }

  // Numbers of 2 and 4 bytes, little end first: [[bytes, value], …].
  function packed(fields) {
    const view = new DataView(new ArrayBuffer(fields.reduce((sum, [size]) => sum + size, 0)));
    let at = 0;
    for (const [size, value] of fields) {
      if (size === 2) view.setUint16(at, value, true);
      else view.setUint32(at, value, true);
      at += size;
    }
    return new Uint8Array(view.buffer);
  }

  D.zip = function (files) {
    const now = new Date(), parts = [], directory = [];
    const time = (now.getHours() << 11) | (now.getMinutes() << 5) | (now.getSeconds() >> 1);
    const day = ((now.getFullYear() - 1980) << 9) | ((now.getMonth() + 1) << 5) | now.getDate();
    let offset = 0, listed = 0;
    for (const [name, text] of files) {
      const label = encode(name), body = encode(text);
      const about = [[2, 20], [2, 0x800], [2, 0], [2, time], [2, day], [4, crc(body)], [4, body.length], [4, body.length], [2, label.length], [2, 0]];
      const head = packed([[4, 0x04034b50], ...about]);
      const entry = packed([[4, 0x02014b50], [2, 20], ...about, [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]]);
      parts.push(head, label, body);
      directory.push(entry, label);
      offset += head.length + label.length + body.length;
      listed += entry.length + label.length;
    }
    const end = packed([[4, 0x06054b50], [2, 0], [2, 0], [2, files.length], [2, files.length], [4, listed], [4, offset], [2, 0]]);
    return [...parts, ...directory, end];
  };

  // -- back in: annotation files that were saved before

  D.openFiles = async function (files) {
    const byFile = new Map(R.entries.map((entry) => [entry.file, entry]));
    let taken = 0;
    const refused = [];
    for (const file of files) {
      const entry = byFile.get(file.name);
      let work = null;
      try { work = entry ? checked(JSON.parse(await file.text())) : null; } catch (error) { work = null; }
      if (!work) { refused.push(file.name); continue; }
      R.store.put(entry.id, { s: "corrected", b: entry.base, a: work, t: new Date().toISOString() });
      taken += 1;
    }
    const words = `${taken} annotation${taken === 1 ? "" : "s"} taken over.`;
    R.say(refused.length ? `${words} Not of this dataset, or no annotation: ${refused.slice(0, 5).join(", ")}${refused.length > 5 ? ` and ${refused.length - 5} more` : ""}` : words, refused.length ? "lasting" : "");
  };

  // Only the fields that are known, each of its kind. Throws where it is no annotation.
  function checked(data) {
    if (!data || typeof data.letter !== "object" || !Array.isArray(data.issues)) throw new Error("no annotation");
    const some = (fields, of) => Object.fromEntries(fields.map((field) => [field.name, kind(field, of[field.name])]));
    const { case_number: number, ...letter } = some(R.spec.letter, { ...data.letter, case_number: data.case_number });
    return {
      case_number: number,
      letter,
      issues: data.issues.map((issue, n) => ({
        issue_number: n + 1,
        ...some(R.spec.issue, issue),
        requested_treatment: String(issue.requested_treatment ?? ""),
        citations: (issue.citations || []).map((citation) => some(R.spec.citation, citation)),
      })),
    };
  }

  function kind(field, value) {
    if (field.kind === "list") return Array.isArray(value) ? value.map(String) : [];
    if (value === null || value === undefined || value === "") return null;
    if (field.kind === "int" || field.kind === "num") return Number.isFinite(Number(value)) ? Number(value) : null;
    return String(value);
  }
})(Review);
