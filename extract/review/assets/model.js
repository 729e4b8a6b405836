// A letter's annotation while it is worked on: reading and setting values by path, finding a value's evidence,
// and the JSON that goes out.
//
// A path is an array of keys into the annotation: ["letter", "body_parts", 0], ["issues", 1, "citations", 0, "chapter"].
// Items and citations carry `_n`, their number in the dataset (null for one that was added), which never goes out.
"use strict";

(function (R) {
  const copy = (value) => JSON.parse(JSON.stringify(value));
  const M = (R.model = { copy });

  // The dataset's annotation with numbers.
  M.initial = function (letter) {
    const out = copy(letter.annotation);
    for (const issue of out.issues) {
      issue._n = issue.issue_number;
      const numbers = letter.cited[issue.issue_number] || [];
      issue.citations.forEach((citation, at) => { citation._n = numbers[at] ?? null; });
    }
    return out;
  };

  // Work that came without numbers, from a file: items and citations keep their places.
  M.numbered = function (work, initial) {
    work.issues.forEach((issue, i) => {
      const own = initial.issues[i];
      if (issue._n === undefined) issue._n = own ? own._n : null;
      const from = initial.issues.find((one) => one._n === issue._n && one._n !== null);
      issue.citations.forEach((citation, k) => {
        if (citation._n === undefined) citation._n = from && from.citations[k] ? from.citations[k]._n : null;
      });
    });
    return work;
  };

  M.get = (of, path) => path.reduce((at, key) => (at === null || at === undefined ? undefined : at[key]), of);

  M.set = function (of, path, value) {
    M.get(of, path.slice(0, -1))[path[path.length - 1]] = value;
  };

  // What goes out: no numbers of our own, items counted anew.
  M.exported = function (work) {
    const out = copy(work);
    out.issues.forEach((issue, at) => {
      delete issue._n;
      issue.issue_number = at + 1;
      for (const citation of issue.citations) delete citation._n;
    });
    return out;
  };

  M.same = (a, b) => JSON.stringify(M.exported(a)) === JSON.stringify(M.exported(b));

  M.emptyCitation = () => ({ cited_by: null, guideline: null, chapter: null, edition: null, sections: [], pages: [], _n: null });

  M.emptyIssue = function () {
    const out = { issue_number: 0 };
    for (const field of R.spec.issue) out[field.name] = field.kind === "list" ? [] : field.name === "requested_treatment" ? "" : null;
    return { ...out, citations: [], _n: null };
  };

  // The value that the dataset has at a path of the work; undefined where what holds it was added.
  M.before = function (initial, work, path) {
    if (path[0] !== "issues") return M.get(initial, path);
    const issue = M.get(work, path.slice(0, 2));
    const own = issue._n === null ? undefined : initial.issues.find((one) => one._n === issue._n);
    if (own === undefined || path[2] !== "citations" || path.length < 5) return own === undefined ? undefined : M.get(own, path.slice(2));
    const citation = M.get(work, path.slice(0, 4));
    const cited = citation._n === null ? undefined : own.citations.find((one) => one._n === citation._n);
    return cited === undefined ? undefined : M.get(cited, path.slice(4));
  };

  // -- evidence

  const key = (table, issue, citation, field) => [table, issue ?? "", citation ?? "", field].join("|");

  // Evidence of a letter by table, item, citation and field.
  M.index = function (letter) {
    const out = new Map();
    letter.evidence.forEach((row, at) => {
      const name = key(row.table, row.issue, row.citation, row.field);
      if (!out.has(name)) out.set(name, []);
      out.get(name).push(at);
    });
    return out;
  };

  // Numbers of the evidence rows of a field, of an object of the work.
  M.evidence = function (letter, index, table, issue, citation, field) {
    if (field === "injury_date_in_summary") {
      const rows = index.get(key("letters", null, null, "injury_date")) || [];
      return rows.filter((at) => letter.evidence[at].section === "case_summary");
    }
    return index.get(key(table, issue, citation, field)) || [];
  };

  // What must be there before a letter is done: [path, words] of the first thing that is not, or null.
  M.lack = function (work) {
    for (const [i, issue] of work.issues.entries()) {
      if (!issue.requested_treatment) return [["issues", i, "requested_treatment"], `Item ${i + 1} has no requested treatment.`];
      for (const [k, citation] of issue.citations.entries()) {
        for (const field of ["cited_by", "guideline"]) {
          if (!citation[field]) return [["issues", i, "citations", k, field], `Citation ${k + 1} of item ${i + 1} has no ${R.words(field)}.`];
        }
      }
    }
    return null;
  };
})(Review);
