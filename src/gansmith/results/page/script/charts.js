// Scales, axes and what the two charts share. A chart is drawn anew at the size that its frame has.

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = { top: 28, right: 16, bottom: 46, left: 52 };

function svg(name, attributes = {}, text = "") {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text) element.textContent = text;
  return element;
}

// 320000 is 320k, as in the table.
function compact(value) {
  const rounded = Number(value.toPrecision(3));
  for (const [limit, suffix] of [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    if (Math.abs(rounded) >= limit) return Number((rounded / limit).toPrecision(3)) + suffix;
  }
  return String(rounded);
}

// From values to pixels. A logarithmic scale leaves out what is not positive, and is linear where nothing is.
function makeScale(values, logarithmic, [from, to]) {
  const positive = values.filter((value) => value > 0);
  const log = logarithmic && positive.length > 0;
  const used = log ? positive : values;
  let low = used.reduce((least, value) => Math.min(least, value), Infinity);
  let high = used.reduce((most, value) => Math.max(most, value), -Infinity);
  if (low === high) [low, high] = log ? [low / 1.5, high * 1.5] : [low - (Math.abs(low) || 1) / 10, high + (Math.abs(high) || 1) / 10];
  const bend = log ? Math.log10 : (value) => value;
  const [first, last] = [bend(low), bend(high)];
  const scale = (value) => from + ((bend(value) - first) / (last - first)) * (to - from);
  scale.shows = (value) => Number.isFinite(value) && (!log || value > 0);
  scale.ticks = (count) => (log ? logTicks(low, high, count) : evenTicks(low, high, count));
  return scale;
}

function evenTicks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough * 0.75);
  const ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i += 1) ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

// Powers of ten alone where there are many, with 2 and 5 where there are few, even steps within a factor of three.
function logTicks(low, high, count) {
  if (high / low < 3) return evenTicks(low, high, count);
  const ticks = [];
  for (let exponent = Math.floor(Math.log10(low)); exponent <= Math.log10(high); exponent += 1) {
    for (const factor of high / low < 10 ** (count / 3) ? [1, 2, 5] : [1]) {
      const tick = factor * 10 ** exponent;
      if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
    }
  }
  return ticks;
}

// An empty drawing of the frame's width with both axes; `xs` and `ys` are all values that are to be seen.
function drawAxes(frame, xs, ys, { xLog = false, yLog = false, xTitle, yTitle, label }) {
  const width = Math.max(frame.clientWidth, 240);
  const height = Math.round(Math.min(340, Math.max(220, width * 0.6)));
  const root = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  const [left, right, top, bottom] = [MARGIN.left, width - MARGIN.right, MARGIN.top, height - MARGIN.bottom];
  const x = makeScale(xs, xLog, [left + 6, right - 6]);
  const y = makeScale(ys, yLog, [bottom - 8, top + 8]);
  const axes = svg("g", { class: "axes", "aria-hidden": "true" });
  for (const tick of y.ticks(5)) {
    axes.append(svg("line", { x1: left, x2: right, y1: y(tick), y2: y(tick) }));
    axes.append(svg("text", { x: left - 8, y: y(tick) + 4, "text-anchor": "end" }, compact(tick)));
  }
  for (const tick of x.ticks(Math.max(4, Math.floor(width / 90)))) {
    axes.append(svg("text", { x: x(tick), y: bottom + 20, "text-anchor": "middle" }, compact(tick)));
  }
  axes.append(svg("text", { class: "title", x: right, y: bottom + 38, "text-anchor": "end" }, xTitle));
  axes.append(svg("text", { class: "title", x: 0, y: 12 }, yTitle));
  axes.append(svg("line", { class: "base", x1: left, x2: right, y1: bottom, y2: bottom }));
  root.append(axes);
  frame.replaceChildren(root);
  return { root, x, y, left, right, top, bottom };
}

function drawNothing(frame, words) {
  const paragraph = document.createElement("p");
  paragraph.className = "nothing";
  paragraph.textContent = words;
  frame.replaceChildren(paragraph);
}

// Says below the chart what the point nearest to the pointer is.
function tellPoints(root, points, output) {
  const ring = svg("circle", { class: "ring", r: 6, visibility: "hidden" });
  root.append(ring);
  const forget = () => {
    ring.setAttribute("visibility", "hidden");
    output.textContent = "";
  };
  root.addEventListener("pointermove", (event) => {
    const box = root.getBoundingClientRect();
    const distance = (point) => Math.hypot(point.x - (event.clientX - box.left), point.y - (event.clientY - box.top));
    const nearest = points.reduce((best, point) => (best && distance(best) <= distance(point) ? best : point), null);
    if (!nearest || distance(nearest) > 60) return forget();
    ring.setAttribute("cx", nearest.x);
    ring.setAttribute("cy", nearest.y);
    ring.setAttribute("visibility", "visible");
    output.textContent = nearest.words;
  });
  root.addEventListener("pointerleave", forget);
  forget();
}

function fillChoices(select, choices) {
  select.replaceChildren(...choices.map(([value, words]) => new Option(words, value)));
}
