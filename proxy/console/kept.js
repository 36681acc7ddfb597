// Conversations that the gateway keeps: their ids in, turns as the chat shows them out; waits for an answer that is still written.
import { ask, read } from "./api.js";

const AGAIN_AFTER_MS = [300, 700, 1_500, 3_000, 5_000, 8_000, 8_000, 8_000, 8_000, 8_000];
const PAGE = 30;
const place = (id) => `/api/conversations/${encodeURIComponent(id)}`;

export const listed = (before) => read("/api/conversations", { limit: PAGE, before });
export const rename = (id, title) => ask("PATCH", place(id), { body: { title } });
export const erase = (id) => ask("DELETE", place(id));
export const eraseAll = () => ask("DELETE", "/api/conversations");
export const asFile = (id) => read(place(id), { format: "markdown" });
export const asData = (id) => read(place(id));

/** A conversation's title and turns; `nextId` numbers what is shown. */
export async function opened(id, nextId) {
  const { title, turns } = await read(place(id));
  return { title, turns: turns.map((turn) => ({ id: nextId(), role: turn.role, ...(turn.role === "user" ? question(turn) : answer(turn)) })) };
}

/** The last answer once nobody writes it any more; null where that cannot be learnt in a minute, or `signal` ends the wait. */
export async function caughtUp(id, signal) {
  for (const wait of AGAIN_AFTER_MS) {
    await pause(wait, signal);
    if (signal.aborted) return null;
    const found = await read(place(id), {}, signal).catch(() => null);
    const last = found?.turns.at(-1);
    if (last?.role === "assistant" && last.state !== "running") return answer(last);
  }
  return null;
}

function question({ content }) {
  const parts = typeof content === "string" ? [{ type: "text", text: content }] : content;
  const text = parts.filter(({ type }) => type === "text").map((part) => part.text).join("\n\n");
  // What is no picture of its own would be fetched from elsewhere.
  const urls = parts.map((part) => part.image_url?.url).filter((url) => url?.startsWith("data:image/"));
  return { text, images: urls.map((url) => ({ name: "", url })) };
}

function answer({ content, state, call, model, assistant, reason, credits }) {
  const told = { call, model, assistant, reason };
  const ended = state === "whole" || state === "short";
  const done = ended ? { ...told, credits, attempts: 1, finish_reason: state === "short" ? "length" : "stop" } : null;
  return { text: content, reasoning: "", choice: assistant ?? model ?? "auto", decision: told, done, paid: ended ? 0 : credits,
    state: ended ? "done" : state };
}

function pause(ms, signal) {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", () => { clearTimeout(timer); done(); }, { once: true });
  });
}
