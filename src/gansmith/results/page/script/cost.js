// The primary metric against what it took. Published numbers have no cost: they are lines to be reached.

class Cost {
  constructor(figure, table, direction) {
    this.figure = figure;
    this.table = table;
    this.sign = direction === "max" ? -1 : 1;
    this.frame = figure.querySelector(".drawing");
    this.output = figure.querySelector(".readout");
    this.choice = figure.querySelector(".choice");
    this.log = figure.querySelector(".log");
    this.log.checked = true;
    this.primary = table.columns.find((column) => column.kind === "primary");
    const costs = table.columns.filter((column) => column.kind === "cost");
    fillChoices(this.choice, costs.map((column) => [column.key, column.label]));
    // At first a cost in which rows differ.
    const differs = (key) => new Set(table.rows.map((row) => row.number(key)).filter((value) => value !== null)).size > 1;
    if (costs.length) this.choice.value = (costs.find((column) => differs(column.key)) || costs[0]).key;
    const comparable = (row) => this.primary && row.number(this.primary.key) !== null && row.number(this.choice.value) !== null;
    figure.hidden = table.rows.filter(comparable).length < 2;
  }

  draw(rows) {
    if (this.figure.hidden) return;
    const placed = rows
      .map((row) => ({ row, quality: row.number(this.primary.key), cost: row.number(this.choice.value) }))
      .filter((item) => item.quality !== null);
    const dots = placed.filter((item) => item.cost !== null && (!this.log.checked || item.cost > 0));
    this.unit = unitOf(this.choice.value, Math.max(...dots.map((dot) => dot.cost)));
    for (const dot of dots) dot.cost /= this.unit.size;
    const lines = placed.filter((item) => item.row.published);
    if (!dots.length) return drawNothing(this.frame, "No row has this cost.");
    const values = [...dots, ...lines].flatMap(({ row, quality }) => {
      const spread = row.spread(this.primary.key) || 0;
      return [quality - spread, quality + spread];
    });
    const axes = drawAxes(this.frame, dots.map((dot) => dot.cost), values, {
      xLog: this.log.checked,
      xTitle: this.table.columns.find((column) => column.key === this.choice.value).hint + this.unit.title,
      yTitle: this.primary.key,
      label: `${this.primary.label} against ${this.choice.value}`,
    });
    const taken = [];
    const front = dots.filter((dot) => !dots.some((other) => this.beats(other, dot)));
    this.drawFront(axes, front);
    const told = dots.map((dot) => this.drawDot(axes, dot, front.includes(dot)));
    for (const line of lines) this.drawLine(axes, line, taken, told);
    // Whoever stands on the front is named first.
    for (const point of [...told].sort((a, b) => b.leads - a.leads)) nameDot(axes, point, taken, told);
    tellPoints(axes.root, told, this.output);
  }

  beats(a, b) {
    const [worse, dearer] = [this.sign * (a.quality - b.quality), a.cost - b.cost];
    return worse <= 0 && dearer <= 0 && (worse < 0 || dearer < 0);
  }

  drawLine(axes, { row, quality }, taken, points) {
    const [height, left, right] = [axes.y(quality), axes.left, axes.right];
    axes.root.append(svg("line", { class: "reference", x1: left, x2: right, y1: height, y2: height }));
    const spots = [[right, height - 6, "end"], [right, height + 15, "end"], [left + 4, height - 6, "start"], [left + 4, height + 15, "start"]];
    write(axes, `${row.label}, published`, "reference", spots, taken, points);
  }

  drawFront({ root, x, y }, front) {
    const corners = [...front].sort((a, b) => a.cost - b.cost);
    const path = corners.map((dot, i) => (i ? `H${x(dot.cost).toFixed(1)}V${y(dot.quality).toFixed(1)}` : `M${x(dot.cost).toFixed(1)} ${y(dot.quality).toFixed(1)}`));
    root.append(svg("path", { class: "front", d: path.join("") }));
  }

  drawDot({ root, x, y }, { row, quality, cost }, leads) {
    const point = { x: x(cost), y: y(quality), leads, label: row.label };
    const spread = row.spread(this.primary.key);
    const kind = leads ? "leading" : "other";
    if (spread) {
      root.append(svg("line", { class: `whisker ${kind}`, x1: point.x, x2: point.x, y1: y(quality - spread), y2: y(quality + spread) }));
    }
    root.append(svg("circle", { class: `dot ${kind}`, cx: point.x, cy: point.y, r: 4.5, "data-row": row.key }));
    const deviation = spread ? ` ± ${Number(spread.toPrecision(2))}` : "";
    point.words = `${row.label}: ${Number(quality.toPrecision(4))}${deviation} for ${compact(cost)} ${this.unit.short}`;
    return point;
  }
}

// Time in the unit that the longest run is best told in, so that its axis has round numbers.
function unitOf(cost, largest) {
  if (cost !== "seconds") return { size: 1, short: cost.replace("_", " "), title: "" };
  if (largest >= 7200) return { size: 3600, short: "hours", title: ", hours" };
  if (largest >= 120) return { size: 60, short: "minutes", title: ", minutes" };
  return { size: 1, short: "seconds", title: ", seconds" };
}

function nameDot(axes, point, taken, points) {
  const { x, y } = point;
  const spots = [[x + 10, y + 4, "start"], [x - 10, y + 4, "end"], [x, y - 11, "middle"], [x, y + 20, "middle"]];
  write(axes, point.label, point.leads ? "name leading" : "name", spots, taken, points.filter((other) => other !== point));
}

// In the first spot where there is room, if any: a name left out is still told when the pointer comes near.
function write({ root, left, right, top, bottom }, words, kind, spots, taken, points) {
  for (const [x, y, anchor] of spots) {
    const box = boxOf(words, x, y, anchor);
    const inside = box.left >= left && box.right <= right && box.top >= top - 8 && box.bottom <= bottom;
    if (!inside || taken.some((other) => overlap(box, other)) || points.some((point) => near(box, point))) continue;
    taken.push(box);
    root.append(svg("text", { class: kind, x, y, "text-anchor": anchor }, words));
    return;
  }
}

function boxOf(words, x, y, anchor) {
  const width = words.length * 6.6; // of 12 px text, a little too much
  const left = x - { start: 0, middle: width / 2, end: width }[anchor];
  return { left, right: left + width, top: y - 11, bottom: y + 3 };
}

function overlap(a, b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

function near(box, { x, y }) {
  return x > box.left - 6 && x < box.right + 6 && y > box.top - 6 && y < box.bottom + 6;
}
