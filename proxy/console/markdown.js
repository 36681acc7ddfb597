// What a model wrote, as page content: markdown in, an element out; markup in the text stays text, and nothing in it is fetched,
// run or styled.
import { Marked } from "./vendor/marked.js";
import purify from "./vendor/purify.js";
import { html } from "./html.js";
import { copied } from "./parts.js";
import { words } from "./words.js";

const ALLOWED = {
  ALLOWED_TAGS: [
    "a", "b", "blockquote", "br", "button", "code", "del", "div", "em", "figcaption", "figure", "h3", "h4", "h5", "h6", "hr", "li",
    "ol", "p", "pre", "s", "span", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul",
  ],
  ALLOWED_ATTR: ["href", "class", "start", "align", "rel", "target", "type", "tabindex"],
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
};

const escaped = (text) => text.replace(/[&<>"']/g, (sign) => `&#${sign.codePointAt(0)};`);
const marked = new Marked({ gfm: true, breaks: true });
marked.use({
  renderer: {
    html: ({ text }) => escaped(text),
    // A picture from elsewhere would tell its host who reads this.
    image: ({ href, text }) => link(href, text || href),
    link({ href, tokens }) { return link(href, null, this.parser.parseInline(tokens)); },
    heading({ tokens, depth }) {
      const level = Math.min(6, depth + 2);
      return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>`;
    },
    code: ({ text, lang }) => `<figure class="code"><figcaption><span>${escaped((lang ?? "").slice(0, 24))}</span>`
      + `<button type="button" class="plain">${words.copy}</button></figcaption><pre tabindex="0"><code>${escaped(text)}</code></pre></figure>`,
    table(token) {
      const cells = (row, tag) => row.map((cell) => `<${tag}>${this.parser.parseInline(cell.tokens)}</${tag}>`).join("");
      const body = token.rows.map((row) => `<tr>${cells(row, "td")}</tr>`).join("");
      return `<div class="scroll" tabindex="0"><table><thead><tr>${cells(token.header, "th")}</tr></thead><tbody>${body}</tbody></table></div>`;
    },
    checkbox: ({ checked }) => (checked ? "[x] " : "[ ] "),
  },
});

export function Markdown({ text }) {
  const safe = purify.sanitize(marked.parse(text), ALLOWED);
  return html`<div class="prose" dir="auto" onClick=${copyBlock} dangerouslySetInnerHTML=${{ __html: safe }}></div>`;
}

function link(href, text, inner = escaped(text ?? "")) {
  if (!/^(https?|mailto):/i.test(href)) return inner;
  return `<a href="${escaped(href)}" target="_blank" rel="noopener noreferrer">${inner}</a>`;
}

async function copyBlock(event) {
  const button = event.target.closest("figcaption button");
  if (button) await copied(button.closest("figure").querySelector("code").textContent, button);
}
