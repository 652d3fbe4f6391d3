// Metrics over images seen, a line for each run of the rows that are ticked and not filtered away.

const COLOURS = 8; // of the style sheet; further rows get the same ones dashed

class Curves {
  constructor(figure, series, primary) {
    this.series = series;
    this.frame = figure.querySelector(".drawing");
    this.output = figure.querySelector(".readout");
    this.choice = figure.querySelector(".choice");
    this.log = figure.querySelector(".log");
    const names = new Set(Object.values(series).flat().flatMap((run) => Object.keys(run.series)));
    const isLoss = (name) => name.includes("/");
    const ordered = [...names].sort((a, b) => isLoss(a) - isLoss(b) || (b === primary) - (a === primary) || a.localeCompare(b));
    fillChoices(this.choice, ordered.map((name) => [name, name]));
    figure.hidden = names.size === 0;
  }

  // `rows` are {key, label, slot}; the slot decides the colour.
  draw(rows) {
    const lines = rows.flatMap((row) => this.linesOf(row));
    const text = rows.length ? "The runs ticked have no values of this metric." : "Tick runs in the table to see their curves.";
    if (!lines.length) return drawNothing(this.frame, text);
    const points = lines.flatMap((line) => line.points);
    const axes = drawAxes(this.frame, points.map((point) => point[0]), points.map((point) => point[1]), {
      yLog: this.log.checked,
      xTitle: "images seen",
      yTitle: this.choice.value,
      label: `${this.choice.value} over images seen: ${rows.map((row) => row.label).join(", ")}`,
    });
    const told = lines.flatMap((line) => this.drawLine(axes, line));
    tellPoints(axes.root, told, this.output);
    this.frame.append(legend(rows));
  }

  linesOf(row) {
    const runs = this.series[row.key] || [];
    return runs
      .filter((run) => run.series[this.choice.value])
      .map((run) => {
        const [images, values] = run.series[this.choice.value];
        const name = runs.length > 1 ? `${row.label}, seed ${run.seed}` : row.label;
        return { row, name, points: images.map((x, i) => [x, values[i]]) };
      });
  }

  drawLine({ root, x, y }, { row, name, points }) {
    const seen = points.filter((point) => y.shows(point[1])).map(([images, value]) => ({
      x: x(images),
      y: y(value),
      words: `${name}: ${Number(value.toPrecision(4))} at ${compact(images)} images`,
    }));
    const path = seen.map((point, i) => `${i ? "L" : "M"}${point.x.toFixed(1)} ${point.y.toFixed(1)}`).join("");
    const line = svg("path", { class: "curve", d: path, "data-row": row.key });
    paint(line, row.slot);
    line.append(svg("title", {}, name));
    root.append(line);
    if (seen.length <= 20) {
      for (const point of seen) root.append(paint(svg("circle", { class: "bead", cx: point.x, cy: point.y, r: 2.5 }), row.slot));
    }
    return seen;
  }
}

function paint(element, slot) {
  element.style.setProperty("--series", `var(--series-${slot % COLOURS})`);
  if (slot >= COLOURS) element.classList.add("dashed");
  return element;
}

function legend(rows) {
  const list = document.createElement("ul");
  list.className = "legend";
  for (const row of rows) {
    const item = document.createElement("li");
    item.textContent = row.label;
    list.append(paint(item, row.slot));
  }
  return list;
}
