/** What mends something: its commands to copy, or its words where there are none. */
import { commandsOf } from '@/lib/remedy';
import { Command } from './copy';

export function Remedy({ text }: { text: string }) {
  const commands = commandsOf(text);
  if (commands.length === 0) return <p className="text-ink-2 text-sm">{text}</p>;
  return (
    <div className="space-y-1.5">
      {commands.map((command) => (
        <Command key={command} text={command} />
      ))}
    </div>
  );
}
