// Steps on one scale of time: each a name, a beginning and a length in microseconds; drawn as bars, said as text.
import { span } from "./figures.js";
import { html } from "./html.js";
import { words } from "./words.js";

const WIDTH_MIN = 0.4;

export function Waterfall({ bars }) {
  const end = Math.max(1, ...bars.map((bar) => bar.from + bar.took));
  return html`<ol class="waterfall">${bars.map((bar, index) => html`<li key=${index}>
    <span class="step">${bar.name}</span>
    <span class="track" aria-hidden="true"><i class=${bar.tone ?? ""} style=${{ marginLeft: `${(100 * bar.from) / end}%`, width: `${Math.max(WIDTH_MIN, (100 * bar.took) / end)}%` }}></i></span>
    <span class="number soft">${bar.took ? spanOfUs(bar.took) : words.at(spanOfUs(bar.from))}</span>
  </li>`)}</ol>`;
}

const spanOfUs = (us) => (us < 1_000 ? `${us} µs` : span(us / 1_000));
