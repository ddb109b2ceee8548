/** Agents' text: markdown without raw HTML, without images, links to http(s) only. Loaded with the chat. */
import { Check, Copy } from 'lucide-react';
import { type ComponentProps, memo, type ReactNode } from 'react';
import ReactMarkdown, { type Components } from 'react-markdown';
import rehypeSanitize, { defaultSchema } from 'rehype-sanitize';
import remarkGfm from 'remark-gfm';
import { useCopied } from './copy';

const SCHEMA = {
  ...defaultSchema,
  tagNames: (defaultSchema.tagNames ?? []).filter((tag) => tag !== 'img' && tag !== 'input'),
  protocols: { ...defaultSchema.protocols, href: ['http', 'https'] },
};

const COMPONENTS: Components = {
  pre: ({ children }) => <CodeBlock>{children}</CodeBlock>,
  a: ({ href, children }) => (
    <a href={href} target="_blank" rel="noopener noreferrer" title={href}>
      {children}
    </a>
  ),
};

function textOf(node: ReactNode): string {
  if (typeof node === 'string') return node;
  if (Array.isArray(node)) return node.map(textOf).join('');
  if (node && typeof node === 'object' && 'props' in node) {
    return textOf((node.props as { children?: ReactNode }).children);
  }
  return '';
}

function CodeBlock({ children }: ComponentProps<'pre'>) {
  const [copied, copy] = useCopied();
  return (
    <div className="group relative">
      <pre
        // A scrollable block must be reachable by keyboard.
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways
        tabIndex={0}
        className="overflow-x-auto rounded-md border border-screen-line bg-screen px-3 py-2.5 font-mono text-[12.5px] text-screen-ink leading-[1.55] touch:min-h-12"
      >
        {children}
      </pre>
      <button
        type="button"
        aria-label={copied ? 'Copied' : 'Copy code'}
        onClick={() => copy(textOf(children).replace(/\n$/, ''))}
        className="absolute top-1.5 right-1.5 touch:top-0.5 touch:right-0.5 grid size-7 place-items-center rounded-sm bg-screen text-screen-ink opacity-0 transition-opacity hover:text-accent focus-visible:opacity-100 group-hover:opacity-100 touch:size-11 touch:opacity-100"
      >
        {copied ? <Check size={14} /> : <Copy size={14} />}
      </button>
    </div>
  );
}

export const Markdown = memo(function Markdown({ text }: { text: string }) {
  return (
    <div className="prose">
      <ReactMarkdown
        remarkPlugins={[remarkGfm]}
        rehypePlugins={[[rehypeSanitize, SCHEMA]]}
        components={COMPONENTS}
      >
        {text}
      </ReactMarkdown>
    </div>
  );
});

export default Markdown;
