// A first call in each language: an address and a key in, lines that run as they are out.

const QUESTION = "Why is the sky blue?";

export const SNIPPETS = [
  {
    name: "Python",
    lines: ({ base, key }) => `# pip install openai
from openai import OpenAI

client = OpenAI(base_url="${base}", api_key="${key}")
stream = client.chat.completions.create(
    model="auto",
    messages=[{"role": "user", "content": "${QUESTION}"}],
    stream=True,
)
for chunk in stream:
    if chunk.choices and chunk.choices[0].delta.content:
        print(chunk.choices[0].delta.content, end="", flush=True)`,
  },
  {
    name: "Node",
    lines: ({ base, key }) => `// npm install openai
import OpenAI from "openai";

const client = new OpenAI({ baseURL: "${base}", apiKey: "${key}" });
const stream = await client.chat.completions.create({
  model: "auto",
  messages: [{ role: "user", content: "${QUESTION}" }],
  stream: true,
});
for await (const chunk of stream) {
  process.stdout.write(chunk.choices[0]?.delta?.content ?? "");
}`,
  },
  {
    name: "curl",
    lines: ({ base, key }) => `curl ${base}/chat/completions \\
  -H "Authorization: Bearer ${key}" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "auto", "messages": [{"role": "user", "content": "${QUESTION}"}]}'`,
  },
  {
    name: "LangChain",
    lines: ({ base, key }) => `# pip install langchain-openai
from langchain_openai import ChatOpenAI

model = ChatOpenAI(base_url="${base}", api_key="${key}", model="auto")
for chunk in model.stream("${QUESTION}"):
    print(chunk.content, end="", flush=True)`,
  },
  {
    name: "AI SDK",
    lines: ({ base, key }) => `// npm install ai @ai-sdk/openai-compatible
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { streamText } from "ai";

const signalbox = createOpenAICompatible({
  name: "signalbox",
  baseURL: "${base}",
  apiKey: "${key}",
});
const { textStream } = streamText({ model: signalbox("auto"), prompt: "${QUESTION}" });
for await (const text of textStream) process.stdout.write(text);`,
  },
];
