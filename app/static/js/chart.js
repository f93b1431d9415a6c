// Charts: a figure that comes into view fetches its figures and the library, once, and draws itself in the colours of the page.

const BENGALI = "০১২৩৪৫৬৭৮৯";
const COLOURS = ["1", "2", "3", "4"];

/** A number as the axis writes it: lakh commas, two decimals at the most, in the reader's digits. */
export function mark(value, steps, bengali) {
  const size = Math.abs(value);
  const step = steps.find((one) => size >= one.from) || steps[steps.length - 1];
  const [whole, rest] = (Math.round((size / step.by) * 100) / 100).toString().split(".");
  const head = whole.slice(0, -3).replace(/\B(?=(\d{2})+$)/g, ",");
  const number = (head ? `${head},` : "") + whole.slice(-3) + (rest ? `.${rest}` : "");
  const text = (value < 0 ? "−" : "") + step.words.replace("{n}", number);
  return bengali ? text.replace(/\d/g, (digit) => BENGALI[digit]) : text;
}

/** The steps of an axis that lies down, so wide that its marks do not touch: 1, 2 or 5 of a power of ten. */
function stepsAcross(figures, width) {
  const most = Math.max(1, ...figures.series.flatMap((one) => one.values));
  const least = Math.max(figures.least || 0, most / Math.max(2, Math.floor(width / 120)));
  const power = 10 ** Math.floor(Math.log10(least));
  const interval = [1, 2, 5, 10].find((times) => times * power >= least) * power;
  return { interval, min: 0, max: Math.ceil(most / interval) * interval };
}

/** What ECharts draws: figures of the server, colours of the page. */
function options(figures, box) {
  const style = getComputedStyle(box);
  const colour = (name) => style.getPropertyValue(`--sj-${name}`).trim();
  const tones = { ok: "chart-ok", due: "chart-due", warn: "chart-warn", accent: "chart-1", muted: "edge" };
  const bengali = figures.digits === "beng";
  const across = figures.shape === "bars-across";
  const lines = figures.shape === "lines" || figures.shape === "areas";
  const text = { color: colour("muted"), fontFamily: style.fontFamily, fontSize: 12 };
  const names = {
    type: "category", data: figures.marks, boundaryGap: !lines, inverse: across, axisTick: { show: false }, axisLine: { lineStyle: { color: colour("line") } },
    axisLabel: { ...text, hideOverlap: true, ...(across ? {} : { padding: [0, 5], margin: 14 }), ...(lines ? { alignMaxLabel: "right" } : {}), ...(across ? { color: colour("ink"), width: Math.min(140, box.clientWidth / 3), overflow: "truncate" } : {}) },
  };
  const values = {
    type: "value", minInterval: figures.least, ...(across ? stepsAcross(figures, box.clientWidth) : { splitNumber: 4 }), splitLine: { lineStyle: { color: colour("line") } },
    axisLabel: { ...text, hideOverlap: true, formatter: (value) => mark(value, figures.steps, bengali) },
  };
  const said = (rows) => [figures.categories[rows[0].dataIndex], ...rows.map((row) => `${row.seriesName}  ${figures.series[row.seriesIndex].texts[row.dataIndex]}`)].join("\n");
  return {
    animation: false,
    textStyle: { fontFamily: style.fontFamily },
    grid: { left: 4, right: across ? 36 : 12, top: 12, bottom: 4, containLabel: true },
    // drawn on the canvas: a tooltip of HTML would carry styles, which the content policy refuses
    tooltip: { trigger: "axis", renderMode: "richText", confine: true, axisPointer: { type: lines ? "line" : "shadow", shadowStyle: { color: colour("line"), opacity: 0.4 } }, backgroundColor: colour("surface"), borderColor: colour("edge"), textStyle: { color: colour("ink"), fontFamily: style.fontFamily, fontSize: 13 }, formatter: said },
    xAxis: across ? values : names,
    yAxis: across ? names : values,
    series: figures.series.map((one, at) => ({
      name: one.name, type: lines ? "line" : "bar", data: one.tones.length ? one.values.map((value, at) => ({ value, itemStyle: { color: colour(tones[one.tones[at]]) } })) : one.values, stack: figures.stacked || figures.shape === "areas" ? "all" : undefined,
      itemStyle: { color: colour(tones[one.tone] || `chart-${COLOURS[at % COLOURS.length]}`), ...(lines || figures.stacked ? {} : { borderRadius: across ? [0, 3, 3, 0] : [3, 3, 0, 0] }) },
      barMaxWidth: 28, barCategoryGap: "30%", cursor: one.links.length ? "pointer" : "default",
      showSymbol: figures.categories.length < 2, lineStyle: { width: 2 }, areaStyle: figures.shape === "areas" ? { opacity: 0.25 } : undefined,
    })),
  };
}

/** Fetch what a box needs and draw it; draw it anew in other colours and other sizes. */
async function draw(box) {
  try {
    const [answer, library] = await Promise.all([fetch(box.dataset.chart, { headers: { Accept: "application/json" } }), import(box.dataset.library)]);
    if (!answer.ok) throw new Error(String(answer.status));
    const figures = await answer.json();
    const chart = library.init(box, null, { renderer: "canvas" });
    const show = () => chart.setOption(options(figures, box), true);
    show();
    chart.on("click", (event) => {
      const link = figures.series[event.seriesIndex].links[event.dataIndex];
      if (link) location.href = link;
    });
    let width = box.clientWidth;
    new ResizeObserver(() => {
      if (box.clientWidth === width) return;
      width = box.clientWidth;
      chart.resize();
      show();
    }).observe(box);
    new MutationObserver(show).observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
    // paper is white whatever the theme of the screen
    window.addEventListener("beforeprint", show);
    window.addEventListener("afterprint", show);
    box.dataset.drawn = "";
  } catch {
    box.classList.add("chart-failed");
    box.textContent = box.dataset.failed;
    box.closest("figure").querySelector("details").open = true;
  }
}

const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    watcher.unobserve(entry.target);
    draw(entry.target);
  }
}, { rootMargin: "200px" });
for (const box of document.querySelectorAll("[data-chart]")) watcher.observe(box);
