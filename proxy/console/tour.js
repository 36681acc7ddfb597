// Five small pictures of one call on its way, drawn with lines; colours are the console's own.
import { html } from "./html.js";
import { words } from "./words.js";

const signal = (x, y, go) => html`<g transform=${`translate(${x} ${y})`}><path class="ground" d="M5 22v16" />
  <rect class="body" width="10" height="22" rx="5" /><circle class=${go ? "dim" : "lamp-stop"} cx="5" cy="6" r="3" /><circle class=${go ? "lamp-go" : "dim"} cx="5" cy="16" r="3" /></g>`;
const rail = (d, kind = "ground") => html`<path class=${kind} d=${d} fill="none" stroke-width="2.5" stroke-linecap="round" />`;
const box = (x, y, width = 26) => html`<rect class="tint" x=${x} y=${y} width=${width} height="12" rx="3" />`;

const PICTURES = [
  html`${rail("M8 70H152")}${box(24, 56)}${box(54, 56)}${signal(104, 32, true)}`,
  html`<rect class="paper" x="42" y="16" width="54" height="66" rx="3" />
    ${[28, 38, 48, 58].map((y) => html`<path class="ground" d=${`M50 ${y}h${y === 58 ? 22 : 38}`} stroke-width="2" />`)}
    <path class="way" d="M50 48h24" stroke-width="5" /><circle class="way" cx="104" cy="56" r="15" fill="none" stroke-width="3" /><path class="way" d="M115 67l14 14" stroke-width="4" stroke-linecap="round" />`,
  html`${rail("M8 50H56")}${rail("M56 50C80 50 84 20 112 20H152")}${rail("M8 50H152", "way")}${rail("M56 50C80 50 84 80 112 80H152")}
    ${rail("M124 73l14 14M138 73l-14 14", "barred")}${box(16, 36)}`,
  html`<rect class="paper" x="16" y="40" width="128" height="20" rx="4" /><rect class="tint" x="17" y="41" width="44" height="18" rx="3" />
    <rect class="tint" x="61" y="41" width="34" height="18" opacity="0.4" /><path class="ground" d="M95 32v36" stroke-width="2" stroke-dasharray="3 3" />`,
  html`${rail("M8 34H64")}${rail("M84 34H152")}${rail("M67 27l14 14M81 27l-14 14", "barred")}${rail("M36 34C60 34 56 72 88 72H152", "way")}${box(112, 58)}${signal(134, 4, true)}`,
];

export function Tour() {
  return html`<ol class="tour">${words.start.steps.map(([title, text], index) => html`<li key=${title}>
    <svg viewBox="0 0 160 96" aria-hidden="true">${PICTURES[index]}</svg><h3>${title}</h3><p>${text}</p></li>`)}</ol>`;
}
