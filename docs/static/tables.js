// static/site.css shows each row of a table as a card on a phone. Wide tables of figures stay tables.
const MOST_COLUMNS = 7;
addEventListener("DOMContentLoaded", () => {
  for (const table of document.querySelectorAll("article table.docutils")) {
    const names = [...table.querySelectorAll("thead th")].map((cell) => cell.textContent.trim());
    if (names.length === 0 || names.length > MOST_COLUMNS) continue;
    let above = "";
    for (const cell of table.querySelectorAll("tbody td")) {
      const words = cell.textContent.trim();
      if (cell.cellIndex === 0) {
        cell.dataset.column = words ? "" : above;
        above = words || above;
      } else {
        cell.dataset.column = words && names.length > 2 ? names[cell.cellIndex] : "";
      }
    }
    table.classList.add("cards");
  }
});
