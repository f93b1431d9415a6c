// Copies what the pages use out of the pinned packages into app/static/vendor; called by scripts/vendor.sh.
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { build } from "esbuild";
import { PurgeCSS } from "purgecss";
import subsetFont from "subset-font";

const [root] = process.argv.slice(2);
const modules = path.join(process.cwd(), "node_modules");
const target = path.join(root, "app/static/vendor");

// Families of Tabler that stay whole, so that a new page needs no new build; everything else stays only if a template names it.
const KEPT_FAMILIES = [
  /^btn($|-primary|-sm|-lg|-icon|-link)/, /^form-(control|select|check|label|hint|switch|range|text|fieldset|help)/, /^input-group/,
  /^(is-invalid|invalid-feedback|was-validated|disabled|active|show)$/, /^table($|-hover|-responsive|-sm|-nowrap)/, /^card/,
  /^(row|col|col-(auto|\d+)|col-(sm|md|lg)-(auto|\d+)|g-\d|gx-\d|gy-\d)$/, /^[mp][tbsexy]?-(0|1|2|3|4|auto)$/, /^gap-\d$/,
  /^d-(none|block|flex|grid|inline|inline-block|inline-flex)$/, /^d-(sm|md|lg)-(none|block|flex)$/, /^d-print-/,
  /^(flex|align-items|align-self|justify-content)-(fill|wrap|nowrap|column|row|center|start|end|between|grow-1|shrink-0|baseline|stretch)$/,
  /^text-(start|end|center|wrap|nowrap|break|truncate|reset|decoration-none|muted|secondary)$/, /^(w|h)-(25|50|75|100|auto)$/,
  /^fw-/, /^(visually-hidden|visually-hidden-focusable|list-unstyled|ratio|overflow-(auto|hidden)|position-(relative|absolute|sticky))$/,
];

// Letters of "বাংলা", the one Bengali word of an English page; with the taka sign they make a font of a few hundred bytes.
const BANGLA_WORD = "বাংলা";
const LATIN_RANGES = [[0x20, 0x7e], [0xa0, 0xff], [0x2010, 0x2027], [0x2030, 0x203a]];
const LATIN_SIGNS = "ıŒœŠšŽžŸ−≈≠≤≥→←↑↓€™…";

const text = (ranges, more = "") =>
  ranges.map(([from, to]) => String.fromCodePoint(...Array.from({ length: to - from + 1 }, (_, i) => from + i))).join("") + more;

async function css() {
  const [result] = await new PurgeCSS().purge({
    content: [path.join(root, "app/templates/**/*.html"), path.join(root, "app/web/*.py"), path.join(root, "app/static/js/*.js")],
    css: [path.join(modules, "@tabler/core/dist/css/tabler.min.css")],
    safelist: { standard: [...KEPT_FAMILIES, "html", "body", ":root"] },
    // Words of a template that are also names of components which the house draws itself.
    blocklist: [/^(page|navbar|nav|dropdown|modal|offcanvas|toast|avatar|badge|alert|steps|timeline|carousel|accordion|apexcharts|ts-|plyr|dropzone|litepicker|fslightbox|tinymce|status|placeholder|markdown|empty|chip|icon|list)(-|$)/],
    keyframes: true, fontFace: true, variables: true,
    dynamicAttributes: ["data-bs-theme"],
  });
  const trimmed = result.css
    .replace(/@charset "UTF-8";/g, "")
    .replace(/\/\*!.*?\*\//gs, "")
    .replace(/@media [^{]+\{\s*\}/g, "");
  await writeFile(path.join(target, "tabler.css"), `/*! Tabler 1.0.0, MIT, trimmed: see tabler.LICENSE.txt */\n${trimmed}\n`);
}

async function icons() {
  const names = (await readFile(path.join(import.meta.dirname, "icons.txt"), "utf8")).split(/\s+/).filter(Boolean).sort();
  const symbols = await Promise.all([...new Set(names)].map(async (name) => {
    const svg = await readFile(path.join(modules, "@tabler/icons/icons/outline", `${name}.svg`), "utf8");
    const paths = svg.replace(/<!--[\s\S]*?-->/g, "").match(/<svg[^>]*>([\s\S]*?)<\/svg>/)[1].replace(/>\s+</g, "><").trim();
    return `<symbol id="${name}" viewBox="0 0 24 24">${paths}</symbol>`;
  }));
  await writeFile(path.join(target, "icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`);
}

async function fonts() {
  const folder = path.join(target, "fonts");
  await mkdir(folder, { recursive: true });
  const inter = await readFile(path.join(modules, "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2"));
  await writeFile(path.join(folder, "inter.woff2"),
    await subsetFont(inter, text(LATIN_RANGES, LATIN_SIGNS), { targetFormat: "woff2", variationAxes: { wght: { min: 400, max: 700 } } }));
  for (const [weight, name] of [[400, "regular"], [600, "bold"]]) {
    const source = path.join(modules, `@fontsource/noto-sans-bengali/files/noto-sans-bengali-bengali-${weight}-normal.woff2`);
    await copyFile(source, path.join(folder, `noto-sans-bengali-${name}.woff2`));
    await writeFile(path.join(folder, `taka-${name}.woff2`), await subsetFont(await readFile(source), `৳${BANGLA_WORD}`, { targetFormat: "woff2" }));
  }
}

// Bars and lines of ECharts as one module, which a page fetches once a chart comes into view.
async function charts() {
  await build({
    entryPoints: [path.join(import.meta.dirname, "charts.mjs")], outfile: path.join(target, "echarts.js"),
    bundle: true, minify: true, format: "esm", target: ["chrome90", "firefox90", "safari14"], legalComments: "none",
    banner: { js: "/*! Apache ECharts 5.6.0, Apache-2.0, bars and lines only: see echarts.LICENSE.txt and echarts.NOTICE.txt */" },
  });
}

// What looks for hurdles in the pages; for the tests alone, no page loads it.
async function axe() {
  const folder = path.join(root, "tests/e2e/axe");
  await mkdir(folder, { recursive: true });
  await copyFile(path.join(modules, "axe-core/axe.min.js"), path.join(folder, "axe.min.js"));
  await copyFile(path.join(modules, "axe-core/LICENSE"), path.join(folder, "LICENSE.txt"));
}

async function licences() {
  const pairs = [["@tabler/core/LICENSE", "tabler.LICENSE.txt"], ["@tabler/icons/LICENSE", "icons.LICENSE.txt"],
    ["echarts/LICENSE", "echarts.LICENSE.txt"], ["echarts/NOTICE", "echarts.NOTICE.txt"],
    ["@fontsource-variable/inter/LICENSE", "fonts/inter.LICENSE.txt"], ["@fontsource/noto-sans-bengali/LICENSE", "fonts/noto-sans-bengali.LICENSE.txt"]];
  for (const [from, to] of pairs) await copyFile(path.join(modules, from), path.join(target, to));
}

await rm(target, { recursive: true, force: true });
await mkdir(target, { recursive: true });
await Promise.all([css(), icons(), fonts(), charts(), axe()]);
await licences();
