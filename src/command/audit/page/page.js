"use strict";

/* Chooses among the rows that need a person. The page is whole without it. */
(function () {
  const table = document.querySelector("table.rows");
  if (!table) return;

  const find = (id) => document.getElementById(id);
  const outcome = find("outcome");
  const code = find("code");
  const words = find("words");
  const shown = find("shown");
  const fold = (text) => text.normalize("NFKC").toLowerCase();

  /* Not innerText, for which the whole table would be laid out again for each row. */
  const textOf = (element) =>
    fold(Array.from(element.cells, (cell) => cell.textContent).join(" "));

  const rows = Array.from(table.tBodies[0].rows, (element) => ({
    element,
    outcome: element.cells[1].querySelector("b").textContent,
    code: element.cells[1].querySelector("code").textContent,
    text: null, // folded when it is first searched
  }));

  /* The choices of a list, the most frequent first. */
  function offer(list, name) {
    const counts = new Map();
    for (const row of rows) counts.set(row[name], (counts.get(row[name]) || 0) + 1);
    for (const [value, count] of [...counts].sort((a, b) => b[1] - a[1]))
      list.add(new Option(`${value || shown.dataset.none} (${count.toLocaleString("en")})`, `=${value}`));
  }

  function matches(row, wanted) {
    if (outcome.value && outcome.value !== `=${row.outcome}`) return false;
    if (code.value && code.value !== `=${row.code}`) return false;
    if (!wanted.length) return true;
    if (row.text === null) row.text = textOf(row.element);
    return wanted.every((word) => row.text.includes(word));
  }

  function choose() {
    const wanted = fold(words.value).split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const isShown = matches(row, wanted);
      if (row.element.hidden === isShown) row.element.hidden = !isShown;
      count += isShown;
    }
    const all = rows.length.toLocaleString("en");
    shown.value = shown.dataset.words.replace("#", count.toLocaleString("en")).replace("#", all);
  }

  function clear() {
    outcome.value = code.value = words.value = "";
    choose();
  }

  /* A number elsewhere leads to its row, whatever was chosen before. */
  function follow(event) {
    const link = event.target.closest('a[href^="#r"]');
    if (!link) return;
    clear();
    if (link.dataset.outcome) outcome.value = `=${link.dataset.outcome}`;
    if (link.dataset.code) code.value = `=${link.dataset.code}`;
    choose();
  }

  offer(outcome, "outcome");
  offer(code, "code");
  outcome.addEventListener("change", choose);
  code.addEventListener("change", choose);
  words.addEventListener("input", choose);
  find("clear").addEventListener("click", clear);
  document.addEventListener("click", follow);
  document.querySelector(".controls").hidden = false;
  choose();
})();
