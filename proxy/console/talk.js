// A chat's state: turns in memory, sent and received through the API; knows nothing of how it is shown.
import { ApiError, converse } from "./api.js";
import { useEffect, useRef, useState } from "./html.js";
import { words } from "./words.js";

const PAINT_EVERY_MS = 60;
const BYTES_PER_TOKEN = 4;
let lastId = 0;

/** Turns and what can be done with them; `onEnded` hears of every answer's end. */
export function useTalk(onEnded) {
  const [, paint] = useState(0);
  const turns = useRef([]);
  const running = useRef(null);
  const painter = useRef(0);
  const show = () => {
    painter.current ||= setTimeout(() => { painter.current = 0; paint((count) => count + 1); }, PAINT_EVERY_MS);
  };
  useEffect(() => () => { running.current?.abort(); clearTimeout(painter.current); }, []);

  const answer = async (turn, body) => {
    const control = new AbortController();
    running.current = control;
    Object.assign(turn, { state: "waiting", error: null, startedMs: performance.now() });
    show();
    await heard(turn, body, control.signal, show);
    if (running.current === control) running.current = null;
    show();
    onEnded(turn);
  };
  const begin = (choice, more = {}) => {
    const messages = history(turns.current);
    const turn = { id: ++lastId, role: "assistant", text: "", reasoning: "", choice };
    turns.current = [...turns.current, turn];
    return answer(turn, { model: choice, messages, ...more });
  };
  return {
    turns: turns.current,
    busy: running.current !== null,
    send(text, images, choice) {
      leaveRefused(turns.current);
      turns.current = [...turns.current, { id: ++lastId, role: "user", text, images }];
      return begin(choice);
    },
    stop() { running.current?.abort(); },
    /** Another answer to the same question; the one before stays to be read, and is no longer part of the chat. */
    again(turn, choice, more) {
      turn.left = true;
      return begin(choice, more);
    },
    /** Lets an answer that broke off go on where it stopped. */
    goOn(turn) {
      const messages = [...history(turns.current), { role: "user", content: words.chat.goOn }];
      turn.before = turn.text;
      turn.paid = Number(turn.paid ?? 0) + Number(turn.done?.credits ?? 0);
      turn.done = null;
      return answer(turn, { model: turn.choice, messages });
    },
    clear() { running.current?.abort(); turns.current = []; show(); },
  };
}

/** A question that got no answer is no part of what follows: what was wrong with it would be wrong with every later one. */
function leaveRefused(turns) {
  const [question, answer] = turns.slice(-2);
  if (answer?.state === "failed") { question.left = true; answer.left = true; }
}

/** What the gateway is sent: it keeps nothing between calls. */
export function history(turns, draft = null) {
  const said = turns.filter((turn) => !turn.left && (turn.text || turn.images?.length));
  const all = draft ? [...said, { role: "user", ...draft }] : said;
  return all.map(({ role, text, images }) => ({ role, content: images?.length ? pictured(text, images) : text }));
}

function pictured(text, images) {
  const pictures = images.map(({ url }) => ({ type: "image_url", image_url: { url } }));
  return text ? [{ type: "text", text }, ...pictures] : pictures;
}

async function heard(turn, body, signal, show) {
  try {
    for await (const event of converse({ ...body, stream: true }, signal)) {
      take(turn, event);
      show();
    }
    if (turn.state === "waiting" || turn.state === "writing") turn.state = "cut";
  } catch (error) {
    if (error.name === "AbortError") turn.state = "stopped";
    else if (error.code === "offline" && turn.text) turn.state = "cut";
    else fail(turn, error);
  }
}

function take(turn, { name, data }) {
  if (name === "decision") turn.decision = data;
  if (name === "delta") {
    turn.state = "writing";
    turn.text += data.text ?? data.refusal ?? "";
    turn.reasoning += data.reasoning ?? "";
    turn.tokens = Math.ceil((turn.text.length + turn.reasoning.length) / BYTES_PER_TOKEN);
  }
  if (name === "done") Object.assign(turn, { state: "done", done: data, tookMs: performance.now() - turn.startedMs });
  if (name === "error") {
    const said = data.error;
    fail(turn, new ApiError(502, said.code, said.message, { details: said, callId: turn.decision?.call }));
  }
}

function fail(turn, error) {
  turn.state = turn.text ? "broken" : "failed";
  turn.error = error;
}
