// A board: one table and the pictures that follow it.

const TICKED = 4; // rows that are ticked at first

class Board {
  constructor(section, series, viewer) {
    this.section = section;
    this.series = series;
    this.viewer = viewer;
    this.table = new Table(section.querySelector(".ranking"), () => this.update());
    this.field = section.querySelector(".filter");
    this.count = section.querySelector(".count");
    this.curves = new Curves(section.querySelector(".chart.curves"), series, section.dataset.primary);
    this.cost = new Cost(section.querySelector(".chart.cost"), this.table, section.dataset.direction);
    this.figures = [...section.querySelectorAll(".grids figure")];
    this.every = section.querySelector(".every");
    this.slots = new Map(); // row key -> place in the series' colours
    this.first = { ticked: this.defaults().join(","), curves: this.curves.choice.value, cost: this.cost.choice.value };
    this.listen();
    this.restore();
  }

  defaults() {
    const drawable = this.table.rows.filter((row) => Object.keys(this.series[row.key]?.[0]?.series || {}).length);
    return drawable.slice(0, TICKED).map((row) => row.key);
  }

  listen() {
    this.field.addEventListener("input", () => this.update());
    for (const control of this.section.querySelectorAll(".choice, .log, .every")) {
      control.addEventListener("change", () => this.update());
    }
    for (const row of this.table.rows) {
      row.box?.addEventListener("change", () => {
        this.tick(row, row.box.checked);
        this.update();
      });
      row.body.querySelector("button.look")?.addEventListener("click", () => this.look(row.key));
      row.body.querySelector(".copy")?.addEventListener("click", (event) => copy(row.details.querySelector("code"), event.target));
    }
    for (const figure of this.figures) {
      figure.querySelector("button").addEventListener("click", () => this.viewer.open(this.shown(), figure));
    }
    new ResizeObserver(() => this.draw()).observe(this.section);
  }

  tick(row, wanted) {
    if (row.box) row.box.checked = wanted;
    row.body.classList.toggle("drawn", wanted);
    if (!wanted) return this.slots.delete(row.key);
    const used = new Set(this.slots.values());
    let slot = 0;
    while (used.has(slot)) slot += 1;
    this.slots.set(row.key, slot);
    return paint(row.body, slot);
  }

  restore() {
    const state = readAddress(this.section.id);
    if (state.sort) this.table.sort(state.sort);
    this.field.value = state.filter || "";
    for (const row of this.table.rows) if (this.slots.has(row.key)) this.tick(row, false);
    const wanted = (state.ticked ?? this.first.ticked).split(",");
    for (const key of wanted) {
      const row = this.table.rows.find((candidate) => candidate.key === key && candidate.box);
      if (row) this.tick(row, true);
    }
    for (const [name, chart] of [["curves", this.curves], ["cost", this.cost]]) {
      const choices = [...chart.choice.options].map((option) => option.value);
      chart.choice.value = choices.includes(state[name]) ? state[name] : this.first[name];
    }
    this.show();
  }

  update() {
    this.show();
    const ticked = [...this.slots.keys()].join(",");
    const unless = (value, first) => (value === first ? undefined : value);
    writeAddress(this.section.id, {
      sort: this.table.order || undefined,
      filter: this.field.value || undefined,
      ticked: unless(ticked, this.first.ticked),
      curves: unless(this.curves.choice.value, this.first.curves),
      cost: unless(this.cost.choice.value, this.first.cost),
    });
  }

  show() {
    this.table.filter(this.field.value);
    const [seen, all] = [this.table.seen.length, this.table.rows.length];
    this.count.textContent = seen === all ? `${all} ${all === 1 ? "row" : "rows"}` : `${seen} of ${all} rows`;
    const place = new Map(this.table.seen.map((row, i) => [row.key, i]));
    const ordered = [...this.figures].sort((a, b) => place.get(a.dataset.row) - place.get(b.dataset.row));
    for (const figure of ordered) {
      const folded = figure.classList.contains("further") && !this.every?.checked;
      figure.hidden = folded || !place.has(figure.dataset.row);
      figure.parentElement.append(figure);
    }
    this.draw();
  }

  draw() {
    const seen = this.table.seen;
    const drawn = seen.filter((row) => this.slots.has(row.key));
    this.curves.draw(drawn.map((row) => ({ key: row.key, label: row.label, slot: this.slots.get(row.key) })));
    this.cost.draw(seen);
  }

  shown() {
    return [...this.section.querySelectorAll(".grids figure")].filter((figure) => !figure.hidden);
  }

  look(key) {
    const figure = this.shown().find((candidate) => candidate.dataset.row === key);
    if (figure) this.viewer.open(this.shown(), figure);
  }
}

async function copy(code, button) {
  let done = true;
  try {
    await navigator.clipboard.writeText(code.textContent);
  } catch {
    // Without permission, or from a place that the browser does not trust: mark the text and copy that.
    getSelection().selectAllChildren(code);
    done = document.execCommand("copy");
  }
  button.textContent = done ? "Copied" : "Press Ctrl+C";
  setTimeout(() => (button.textContent = "Copy"), 2000);
}

document.documentElement.classList.add("script");
const everything = JSON.parse(document.getElementById("data").textContent);
const viewer = new Viewer(document.getElementById("viewer"));
const boards = [...document.querySelectorAll(".board")].map((section) => new Board(section, everything[section.id], viewer));
addEventListener("hashchange", () => {
  if (location.hash.includes("=")) for (const board of boards) board.restore();
});
