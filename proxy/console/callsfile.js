// All calls of a filter as one file: the API's pages in, one after another, CSV on the reader's own machine out; says how far it is.
import { read } from "./api.js";
import { count } from "./figures.js";
import { html, useLayoutEffect, useRef, useState } from "./html.js";
import { Trouble } from "./parts.js";
import { csvLines, saveText } from "./save.js";
import { words } from "./words.js";

const CALLS_MAX = 50_000;
const PAGE = 200;
const names = words.usage.file;
const IDLE = { phase: "idle", rows: 0, error: null };

/** `toggle` begins or stops, `told` says how it goes; another filter is another file. */
export function useCallsFile(path, query, columns, cellsOf) {
  const [state, setState] = useState(IDLE);
  const control = useRef(null);
  const asked = JSON.stringify([path, query]);
  const stop = () => { control.current?.abort(); control.current = null; };
  // Before anybody can begin the next one.
  useLayoutEffect(() => { setState(IDLE); return stop; }, [asked]);
  const save = async (file) => {
    const mine = new AbortController();
    control.current = mine;
    const told = (phase, error = null) => { if (control.current === mine) setState({ phase, rows: file.rows, error, file }); };
    told("running");
    try {
      while (!file.whole && file.rows < CALLS_MAX) {
        const page = await patient(path, { ...query, before: file.before, limit: PAGE }, mine.signal);
        Object.assign(file, { before: page.next_before, whole: page.next_before === null, rows: file.rows + page.data.length });
        file.parts.push(csvLines(page.data.map(cellsOf)));
        told("running");
      }
    } catch (error) {
      if (error.name !== "AbortError") told("failed", error);
      return;
    }
    if (control.current !== mine) return;
    saveText("calls.csv", "text/csv", file.parts);
    told(file.whole ? "whole" : "bounded");
  };
  const begin = () => save({ parts: [csvLines([columns])], rows: 0, before: null, whole: false });
  const running = state.phase === "running";
  return {
    toggle: html`<button type="button" onClick=${() => { if (running) { stop(); setState(IDLE); } else begin(); }}>${running ? names.stop : words.usage.csv}</button>`,
    told: state.phase !== "idle" && html`<div class="small after ahead" role="status">${state.phase === "failed"
      ? html`<${Trouble} error=${state.error}><button type="button" onClick=${() => save(state.file)}>${names.goOn(count(state.rows))}</button><//>`
      : names[state.phase](count(state.rows))}</div>`,
  };
}

/** A page, asked for again when the gateway says how long to wait. */
async function patient(path, query, signal) {
  for (;;) {
    const found = await read(path, query, signal).catch((error) => {
      if (error.status !== 429 || !error.retryAfterS) throw error;
      return error.retryAfterS;
    });
    if (typeof found !== "number") return found;
    await new Promise((done, left) => {
      const timer = setTimeout(done, 1_000 * found);
      signal.addEventListener("abort", () => { clearTimeout(timer); left(new DOMException("", "AbortError")); }, { once: true });
    });
  }
}
