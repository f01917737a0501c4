"use strict";
{
// Tables: sorting, filtering, all digits, download, and folding of the columns that do not fit.
const NARROW = matchMedia("screen and (max-width: 700px)");
const FEW_ROWS = 4;
const inWords = new Intl.Collator("en", { numeric: true });

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};
const headsOf = table => [...table.tHead.rows[0].cells];
const rowsOf = table => [...table.tBodies[0].rows].filter(row => !row.classList.contains("detail"));
const isShown = row => !row.matches("[data-unlike], [data-unsought], [data-undoubted]");
const fullText = cell => cell.title || cell.textContent.trim();
const said = (head, cell) => {
  const text = fullText(cell);
  return "boolean" in head.dataset ? ({ yes: "true", no: "false" })[text] ?? text : text;
};

const closeDetails = table => {
  for (const detail of table.querySelectorAll("tr.detail")) detail.remove();
  for (const button of table.querySelectorAll(".unfold")) button.setAttribute("aria-expanded", "false");
};

// Sorting: up, down, and as in the file; numbers by their full value, n/a last.
const sortable = (table, head, place, asInFile) => {
  const button = make("button", { type: "button", className: "sort" }, ...head.childNodes);
  const meaning = document.getElementById(`${table.dataset.kind}-${head.dataset.key}`);
  if (meaning) button.setAttribute("aria-describedby", meaning.id);
  head.append(button);
  button.addEventListener("click", () => {
    const next = { ascending: "descending", descending: "none" }[head.ariaSort] ?? "ascending";
    for (const other of headsOf(table)) other.ariaSort = null;
    if (next !== "none") head.ariaSort = next;
    closeDetails(table);
    table.tBodies[0].append(...(next === "none" ? asInFile : sorted(asInFile, place, next === "ascending" ? 1 : -1)));
  });
};
const sorted = (rows, place, sign) => {
  const keyed = rows.map(row => [valueOf(fullText(row.cells[place])), row]);
  keyed.sort(([a], [b]) => {
    if (a === null || b === null) return (a === null) - (b === null);
    if (typeof a === "number" && typeof b === "number") return sign * (a - b);
    return sign * inWords.compare(a, b);
  });
  return keyed.map(([, row]) => row);
};
const valueOf = text => {
  if (text === "" || text === "n/a") return null;
  const number = Number(text);
  return Number.isNaN(number) ? text : number;
};

// Tools above a table.
const addTools = table => {
  const count = make("output");
  const find = make("input", { type: "search", autocomplete: "off" });
  const digits = make("input", { type: "checkbox" });
  const download = make("button", { type: "button", textContent: "Download TSV" });
  const filter = make("label", {}, "Filter ", find);
  const everyDigit = make("label", { hidden: !table.querySelector("td[title]") }, digits, " all digits");
  const tools = make("div", { className: "tools" }, filter, count, everyDigit, download);
  filter.hidden = rowsOf(table).length < FEW_ROWS;
  for (const control of [find, digits, download]) control.setAttribute("aria-description", table.caption.textContent);
  table.closest(".scroll").before(tools);
  const recount = () => {
    const rows = rowsOf(table), shown = rows.filter(isShown).length;
    count.textContent = shown === rows.length ? `${shown} ${shown === 1 ? "row" : "rows"}` : `${shown} of ${rows.length} rows`;
  };
  find.addEventListener("input", () => {
    const wanted = find.value.trim().toLowerCase();
    closeDetails(table);
    for (const row of rowsOf(table)) row.toggleAttribute("data-unlike", !row.textContent.toLowerCase().includes(wanted));
    recount();
  });
  digits.addEventListener("change", () => {
    for (const cell of table.querySelectorAll("td[title]")) {
      cell.dataset.short ??= cell.textContent;
      cell.textContent = digits.checked ? cell.title : cell.dataset.short;
    }
    fold(table);
  });
  download.addEventListener("click", () => save(table));
  document.addEventListener("narrowed", recount);
  recount();
};
const save = table => {
  const heads = headsOf(table);
  const lines = [heads.map(head => head.dataset.key)];
  for (const row of rowsOf(table).filter(isShown)) lines.push(heads.map((head, place) => said(head, row.cells[place])));
  const text = lines.map(line => line.map(item => item.replace(/\s+/g, " ")).join("\t") + "\n").join("");
  const address = URL.createObjectURL(new Blob([text], { type: "text/tab-separated-values" }));
  make("a", { href: address, download: `${table.dataset.kind.replace(/[^\w.-]+/g, "-")}.tsv` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
};

// Folding: columns of the last rank leave first. A button in each row opens what left.
const sheets = new WeakMap();
const placesOf = (heads, rank) => [...heads.keys()].filter(place => Number(heads[place].dataset.rank) >= rank);
const hide = (table, folded) => {
  const rule = (medium, places) => places.length === 0 ? "" :
    `@media ${medium} { ${places.map(place => `#${table.id} tr:not(.detail) > :nth-child(${place + 1})`).join()} { display: none } }`;
  sheets.get(table).replaceSync(rule("screen", folded) + rule("print", placesOf(headsOf(table), 3)));
};
const fold = table => {
  const heads = headsOf(table), box = table.closest(".scroll");
  closeDetails(table);
  table.classList.toggle("cards-of-rows", NARROW.matches);
  let folded = placesOf(heads, 2);
  if (NARROW.matches) label(table, heads);
  else {
    const leaving = folded.reverse().sort((a, b) => heads[b].dataset.rank - heads[a].dataset.rank);
    folded = [];
    hide(table, folded);
    while (table.offsetWidth > box.clientWidth && leaving.length > 0) {
      let excess = table.offsetWidth - box.clientWidth;
      if (folded.length === 0) excess += 32;
      while (excess > 0 && leaving.length > 0) {
        excess -= heads[leaving[0]].offsetWidth;
        folded.push(leaving.shift());
      }
      hide(table, folded);
    }
  }
  table.folded = folded.sort((a, b) => a - b);
  table.classList.toggle("folded", folded.length > 0);
  if (folded.length > 0) addButtons(table);
  hide(table, folded);
  box.tabIndex = box.scrollHeight > box.clientHeight || box.scrollWidth > box.clientWidth ? 0 : -1;
};
const label = (table, heads) => {
  const names = heads.map(head => head.textContent);
  for (const row of rowsOf(table)) [...row.cells].forEach((cell, place) => { cell.dataset.label = names[place]; });
};
const addButtons = table => {
  if (table.querySelector(".unfold")) return;
  for (const row of rowsOf(table)) {
    const button = make("button", { type: "button", className: "unfold", ariaExpanded: "false" });
    button.ariaLabel = `More of ${row.cells[0].textContent.trim()}`;
    row.cells[0].prepend(button);
  }
};
const unfold = (table, button) => {
  const row = button.closest("tr"), isOpen = button.ariaExpanded === "true";
  button.ariaExpanded = String(!isOpen);
  if (isOpen) { row.nextElementSibling.remove(); return; }
  const heads = headsOf(table), list = make("dl");
  for (const place of table.folded) {
    list.append(make("div", {}, make("dt", { textContent: heads[place].textContent }), make("dd", { textContent: row.cells[place].textContent })));
  }
  row.after(make("tr", { className: "detail" }, make("td", { colSpan: heads.length - table.folded.length }, list)));
};

// The meaning of a column, for pointer, touch and keyboard; Escape hides it.
const hint = make("div", { className: "hint", hidden: true, ariaHidden: "true" });
document.body.append(hint);
let told;
const place = () => {
  const { left, bottom } = told.closest("th").getBoundingClientRect();
  hint.style.left = `${Math.max(4, Math.min(left, innerWidth - hint.offsetWidth - 12))}px`;
  hint.style.top = `${bottom}px`;
};
const tell = event => {
  const button = event.target.closest?.(".sort"), meaning = document.getElementById(button?.getAttribute("aria-describedby"));
  if (!meaning) { if (!event.target.closest?.(".hint")) hint.hidden = true; return; }
  told = button;
  hint.textContent = meaning.textContent;
  hint.hidden = false;
  place();
};
document.addEventListener("pointerover", tell);
document.addEventListener("focusin", tell);
document.addEventListener("keydown", event => { if (event.key === "Escape") hint.hidden = true; });
document.addEventListener("scroll", () => { if (!hint.hidden) place(); }, true);

// A table out of sight is not laid out; it is folded when it comes into view.
const widths = new WeakMap();
const whenWide = new ResizeObserver(entries => {
  for (const table of new Set(entries.map(({ target }) => target.closest("table") ?? target.querySelector("table")))) {
    const width = table.closest(".scroll").clientWidth;
    if (widths.get(table) === width || !table.checkVisibility({ contentVisibilityAuto: true })) continue;
    widths.set(table, width);
    fold(table);
  }
});
document.querySelectorAll("table[data-kind]").forEach((table, number) => {
  table.id ||= `table-${number + 1}`;
  const sheet = new CSSStyleSheet(), rows = rowsOf(table);
  document.adoptedStyleSheets.push(sheet);
  sheets.set(table, sheet);
  hide(table, []);
  headsOf(table).forEach((head, place) => sortable(table, head, place, rows));
  addTools(table);
  table.addEventListener("click", event => {
    const button = event.target.closest(".unfold");
    if (button) unfold(table, button);
  });
  const box = table.closest(".scroll");
  whenWide.observe(box);
  whenWide.observe(table);
});

// On paper everything is open, but for the numbers of one person: these are printed if they were opened by hand.
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not([open], .numbers details)")];
  for (const item of opened) item.open = true;
});
addEventListener("afterprint", () => { for (const item of opened) item.open = false; });
}
