/** All keys on one sheet. */
import { Dialog } from '@/components/ui/dialog';
import { Keys } from '@/components/ui/kbd';
import { SHORTCUTS } from './shortcuts';

export function HelpSheet({ open, onClose }: { open: boolean; onClose(): void }) {
  return (
    <Dialog
      open={open}
      onClose={onClose}
      wide
      reading
      title="Keys"
      lead="While you type into a terminal, every other key goes to the agent."
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: on a phone it scrolls, so keys must reach it */}
      <section aria-label="Keys" tabIndex={0} className="grid gap-x-10 gap-y-5 min-[700px]:grid-cols-2">
        {SHORTCUTS.map((group) => (
          <section key={group.title}>
            <h3 className="label mb-1">{group.title}</h3>
            <ul>
              {group.items.map((item) => (
                <li key={item.keys} className="flex h-8 items-center justify-between gap-4 text-sm">
                  {item.does}
                  <Keys keys={item.keys} />
                </li>
              ))}
            </ul>
          </section>
        ))}
      </section>
    </Dialog>
  );
}
