// Sorting, filtering and unfolding. Each row is a tbody, so that its details move with it.

const CONDITION = /^([\w./-]+)(<=|>=|<|>|=)(.+)$/;
const SUFFIXES = { k: 1e3, m: 1e6, g: 1e9, t: 1e12 };

class Row {
  constructor(body) {
    this.body = body;
    this.key = body.dataset.row;
    this.label = body.dataset.label;
    this.published = body.classList.contains("published");
    this.box = body.querySelector(".ticked");
    this.opener = body.querySelector(".opener");
    this.details = body.querySelector(".details");
    this.words = body.querySelector(".row").textContent.toLowerCase();
    this.open(false);
    this.opener.addEventListener("click", () => this.open(this.details.hidden));
  }

  open(wanted) {
    this.details.hidden = !wanted;
    this.opener.setAttribute("aria-expanded", String(wanted));
  }

  cell(column) {
    return this.body.querySelector(`.row > [data-column="${CSS.escape(column)}"]`);
  }

  number(column) {
    const value = this.cell(column)?.dataset.value;
    return value === undefined ? null : Number(value);
  }

  spread(column) {
    const value = this.cell(column)?.dataset.spread;
    return value === undefined ? null : Number(value);
  }
}

class Table {
  constructor(element, changed) {
    this.element = element;
    this.changed = changed;
    this.rows = [...element.tBodies].map((body) => new Row(body));
    this.given = [...this.rows];
    this.columns = [...element.tHead.querySelectorAll("th[data-column]")].map((head) => ({
      head,
      key: head.dataset.column,
      best: head.dataset.best,
      kind: ["primary", "metric", "count", "cost"].find((kind) => head.classList.contains(kind)),
      label: head.textContent,
      hint: head.querySelector("button").title,
    }));
    for (const column of this.columns) {
      column.head.querySelector("button").addEventListener("click", () => {
        this.sort(this.nextOrder(column));
        this.changed();
      });
    }
    this.order = "";
  }

  // "fd" is ascending, "-fd" descending; a column begins with its better end.
  nextOrder({ key, best, head }) {
    const first = best === "max" ? "descending" : "ascending";
    const now = head.getAttribute("aria-sort");
    const next = now === null ? first : now === "ascending" ? "descending" : "ascending";
    return next === "descending" ? `-${key}` : key;
  }

  sort(order) {
    const key = order.replace(/^-/, "");
    const column = this.columns.find((candidate) => candidate.key === key);
    if (!column) return;
    const sign = order.startsWith("-") ? -1 : 1;
    const value = (row) => (key === "model" ? row.label.toLowerCase() : row.number(key));
    const compare = (a, b) => (typeof a === "string" ? a.localeCompare(b) : a - b);
    const rows = this.given.map((row) => ({ row, value: value(row) }));
    // What a row does not have stands last, either way.
    rows.sort((a, b) => (a.value === null) - (b.value === null) || (a.value === null ? 0 : sign * compare(a.value, b.value)));
    this.rows = rows.map((item) => item.row);
    for (const { head } of this.columns) head.removeAttribute("aria-sort");
    column.head.setAttribute("aria-sort", sign < 0 ? "descending" : "ascending");
    this.order = order;
    const focused = document.activeElement;
    this.element.append(...this.rows.map((row) => row.body));
    if (this.element.contains(focused)) focused.focus({ preventScroll: true });
  }

  filter(text) {
    const terms = text.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of this.rows) row.body.hidden = !terms.every((term) => this.meets(row, term));
  }

  get seen() {
    return this.rows.filter((row) => !row.body.hidden);
  }

  // A term is a word that the row shows, or a condition on a column, as in fd<50.
  meets(row, term) {
    const [, name, sign, wanted] = term.match(CONDITION) || [];
    const column = name && this.find(name);
    if (!column) return row.words.includes(term);
    if (column.key === "model") return sign === "=" && row.label.toLowerCase().includes(wanted);
    const [value, limit] = [row.number(column.key), toNumber(wanted)];
    if (value === null || Number.isNaN(limit)) return false;
    return { "<": value < limit, "<=": value <= limit, ">": value > limit, ">=": value >= limit, "=": value === limit }[sign];
  }

  find(name) {
    const names = (column) => [column.key, column.label].map((word) => word.toLowerCase().replace(/\s+/g, "_"));
    const fits = (test) => this.columns.find((column) => names(column).some(test));
    return fits((word) => word === name) || fits((word) => word.startsWith(name));
  }
}

function toNumber(words) {
  const [, digits, suffix] = words.match(/^([-+.\de]+?)([kmgt]?)$/) || [];
  return digits ? Number(digits) * (SUFFIXES[suffix] || 1) : NaN;
}
